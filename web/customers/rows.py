"""A row of the companies or of the contacts, ready to be shown."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from tenants.db import AnyRow
from tenants.veils import unveiled
from web.formatting import relative


class Row(NamedTuple):
    """All that a row shows; `number` is what its button dials, and `log_url` where the call is noted.

    `code` is the record's own number, None in a list without numbers.
    """

    kind: str
    href: str
    name: str
    sub: str
    place: str
    lifecycle: str
    owner: str
    seen: str
    number: str
    log_url: str
    code: str | None = None


def company_rows(found: Iterable[AnyRow], base: str, log_url: str, *, coded: bool = False) -> list[Row]:
    """Return the rows of companies; `base` is the address of the list, `log_url` that of + Log or "".

    `coded` shows their numbers.
    """
    return [
        Row("company", f"{base}/{row.id}", row.name, row.industry, row.city, row.lifecycle, row.owner_name or "",
            relative(row.last_activity_at), unveiled(row.phone), f"{log_url}?company_id={row.id}" if log_url else "",
            (row.number or "") if coded else None)
        for row in found
    ]  # fmt: skip


def contact_rows(found: Iterable[AnyRow], base: str, log_url: str) -> list[Row]:
    """Return the rows of contacts, as `company_rows` does."""
    return [
        Row("person", f"{base}/{row.id}", row.name, row.job_title, row.company_name or row.city, row.lifecycle,
            row.owner_name or "", relative(row.last_activity_at), unveiled(row.mobile, row.phone),
            f"{log_url}?contact_id={row.id}" if log_url else "")
        for row in found
    ]  # fmt: skip
