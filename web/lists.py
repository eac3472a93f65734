"""Lists with search, filters, order and keyset paging: their state lives in the address, so it can be shared."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from flask import request

from saas_crm.core.cursors import CursorError, decode_cursor, encode_cursor
from saas_crm.core.i18n import gettext as _
from saas_crm.core.keyset import Order, Page
from web.formatting import number

MAX_QUERY = 200  # characters of a search that an address carries


def asked(name: str, source: Mapping[str, str] | None = None) -> str:
    """Return a text of the query string, "" when it is missing; NUL bytes never reach the database."""
    return (request.args if source is None else source).get(name, "")[:MAX_QUERY].replace("\x00", "").strip()


def asked_id(name: str, source: Mapping[str, str] | None = None) -> UUID | None:
    """Return an id of the query string, or of another `source`; None when it is missing or no id."""
    try:
        return UUID((request.args if source is None else source).get(name, ""))
    except ValueError:
        return None


def asked_choice(name: str, choices: Any, default: str = "", source: Mapping[str, str] | None = None) -> str:
    """Return a value of the query string if it is one of `choices`, else the default."""
    value = (request.args if source is None else source).get(name, "")
    return value if value in choices else default


def after_key(scope: str, order: Order) -> tuple[Any, ...] | None:
    """Return the key after which the asked page begins; an old or broken cursor begins at the start."""
    cursor = request.args.get("after", "")
    if not cursor:
        return None
    try:
        return decode_cursor(cursor, scope, (order.column.type.python_type, UUID))
    except CursorError:
        return None


def next_url(page: Page[Any], scope: str) -> str:
    """Return the address of the next page of this list, "" at its end."""
    return address(after=encode_cursor(scope, page.after)) if page.after else ""


def address(path: str | None = None, **changes: str | None) -> str:
    """Return the present address with other values in its query; None takes a value away."""
    return with_query(request.script_root + request.path if path is None else path, request.args, **changes)


def with_query(path: str, values: Mapping[str, str], /, **changes: str | None) -> str:
    """Return a path with these values in its query, some of them changed; None takes a value away."""
    kept = {name: value for name, value in {**values, **changes}.items() if value}
    return f"{path}?{urlencode(kept)}" if kept else path


def sorting(
    label: str, name: str, current: str, *, href: Callable[..., str] = address, **column: Any
) -> dict[str, Any]:  # fmt: skip
    """Return a column of `data_table` that sorts by `name`; a second click turns the order round.

    `name` starts with "-" where the first click should sort downwards. `href` is the list's address with changes.
    """
    opposite = name.removeprefix("-") if name.startswith("-") else f"-{name}"
    direction = None
    if current in (name, opposite):
        direction = "descending" if current.startswith("-") else "ascending"
    target = opposite if current == name else name
    return {"label": label, "sort": href(sort=target, after=None), "sorted": direction, **column}


def counted(count: int, limit: int) -> str:
    """Write a count that stopped at `limit`: "25", or "1,000+"."""
    return _("%(number)s+", number=number(limit)) if count > limit else number(count)
