"""A workspace with something of everything in it, its archive, and the other installation it is taken to."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from psycopg import sql

from saas_crm.core.clock import now
from saas_crm.workspaces.saving import save
from saas_crm.workspaces.standing import Standing, suspend
from tenants.standing import Suspension
from tests.support.cast import Cast
from tests.support.installation import Installation
from tests.support.making import Maker
from tests.tenants.conftest import app_on, empty_place, place, release, superuser_url

__all__ = ["app_on", "empty_place", "place", "release", "superuser_url"]

AWKWARD = 'Ähre \\ \\N \\. "Q" 华夏,\r\n=2+2\t\x7f {"json": "\\u0041"} 𝄞'
"""A text with all that a format could stumble over."""


@pytest.fixture
def filled(make: Maker, cast: Cast, installation: Installation) -> Cast:
    """Acme with companies, contacts, deals, activities, tags, a photo, and what the product notes about them."""
    company = make.company(name="=Ähre & Söhne", tags="red, 华夏")
    contact = make.contact(name="Kim 李", company_id=str(company.id), phone="+49 30 1234567")
    deal = make.deal(name="Deal <b>", company_id=str(company.id), contact_id=str(contact.id), amount="1234.50")
    make.deal(outcome="won", company_id=str(company.id), amount="7")
    make.activity(subject="Said", company_id=str(company.id), opportunity_id=str(deal.id))
    schema = cast.tenants["acme"].schema_name
    with installation.place.owner() as connection:
        awkward = sql.SQL("UPDATE {} SET description = %s").format(sql.Identifier(schema, "companies"))
        connection.execute(awkward, [AWKWARD])
        owner = cast["owner"].user_id
        connection.execute("INSERT INTO public.user_photos VALUES (%s, %s)", [owner, b"\x89PNG\x00\xff"])
    return cast


@pytest.fixture
def archive(filled: Cast, installation: Installation, tmp_path: Path) -> Path:
    """Acme's archive."""
    path = tmp_path / "acme.zip"
    save(installation.settings.database_url, "acme", path)
    return path


@pytest.fixture
def due(installation: Installation) -> Callable[[str, timedelta], None]:
    """Set when a workspace's day comes."""

    def set_due(slug: str, left: timedelta) -> None:
        with installation.place.owner() as connection:
            connection.execute(
                "UPDATE public.tenant_deletions d SET due_at = %s FROM public.tenants t WHERE t.id = d.tenant_id"
                " AND t.slug = %s", [now() + left, slug],
            )  # fmt: skip

    return set_due


@pytest.fixture
def pause(app: Flask, installation: Installation) -> Callable[..., Standing]:
    """Suspend acme; no process is told."""

    def act(kind: str = "read_only", cause: str = "operator", **more: object) -> Standing:
        return suspend(installation.settings.database_url, "acme", Suspension(cause, kind, **more))  # type: ignore[arg-type]

    return act
