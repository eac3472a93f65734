"""Letting somebody in again beyond the paid seats: what it costs is shown before, as for inviting."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from saas_crm.access.models import Member
from tenants.db import db, tenant_scope
from tests.stripe import Double
from tests.support.api import problem
from tests.support.cast import Cast
from tests.support.clients import Browser, Phone
from tests.support.installation import Installation
from tests.support.mailbox import run_jobs
from tests.support.selling import state_of, subscribe
from tests.web.pages import heading
from tests.web.test_billing_seats import SEND, lines

ClientFor = Callable[..., Browser]
COST = re.compile(r"[€$]\s?\d")


@pytest.fixture
def taken(client_for: ClientFor, sold: Flask, stripe: Double, cast: Cast, role_ids: dict[str, str]) -> Browser:
    """The owner's browser; seven seats are paid, one member is locked out, and somebody was invited in their place."""
    owner = client_for("owner", sold)
    subscribe(owner, stripe)
    assert owner.post(f"{page_of(cast, 'viewer')}/freezing").status_code == 303
    assert owner.post(SEND, data=lines(role_ids, "new@x.example")).status_code == 303, "the seat was free"
    return owner


def page_of(cast: Cast, key: str) -> str:
    return f"/acme/settings/members/{cast[key].member_id}"


def status(sold: Flask, cast: Cast, key: str) -> str:
    with sold.app_context(), tenant_scope(cast.tenants["acme"]):
        return db.session.scalars(select(Member.status).where(Member.id == cast[key].member_id)).one()


def test_the_cost_is_told_before_somebody_is_let_in(
    taken: Browser, sold: Flask, cast: Cast, installation: Installation
) -> None:
    thaw = f"{page_of(cast, 'viewer')}/thawing"
    asked = taken.post(thaw)
    assert (asked.status_code, heading(asked)) == (409, "1 seat more is needed")
    assert "Nobody is let in yet." in asked.text
    assert "Add 1 seat and let in" in asked.text
    assert "€96 a month" in asked.text
    assert status(sold, cast, "viewer") == "frozen"
    assert taken.post(thaw, data={"confirm_seats": "9"}).status_code == 409, "a yes to something else"
    assert taken.post(thaw, data={"confirm_seats": "8"}).status_code == 303
    assert status(sold, cast, "viewer") == "active"
    run_jobs(installation)
    assert state_of(sold, cast.tenants["acme"].id).seats_wanted == 8


def test_many_at_once_are_asked_once(taken: Browser, sold: Flask, cast: Cast, role_ids: dict[str, str]) -> None:
    assert taken.post(f"{page_of(cast, 'rep')}/freezing").status_code == 303
    assert taken.post(SEND, data=lines(role_ids, "more@x.example")).status_code == 303
    ids = [str(cast[key].member_id) for key in ("viewer", "rep", "manager")]
    form = {"what": "thaw", "members": ids}
    asked = taken.post("/acme/settings/members/changes", data=form)
    assert (asked.status_code, heading(asked)) == (409, "2 seats more are needed")
    for one in ids:
        assert f'name="members" value="{one}"' in asked.text, "who was chosen is kept"
    done = taken.post("/acme/settings/members/changes", data=form | {"confirm_seats": "9"})
    assert done.status_code == 303
    assert [status(sold, cast, key) for key in ("viewer", "rep", "manager")] == ["active"] * 3


def test_undoing_at_once_costs_nothing(client_for: ClientFor, sold: Flask, stripe: Double, cast: Cast) -> None:
    owner = client_for("owner", sold)
    subscribe(owner, stripe)
    owner.post(f"{page_of(cast, 'viewer')}/freezing")
    assert owner.post(f"{page_of(cast, 'viewer')}/thawing").status_code == 303


def test_who_may_not_pay_is_told_whom_to_ask(taken: Browser, client_for: ClientFor, sold: Flask, cast: Cast) -> None:
    asked = client_for("admin", sold).post(f"{page_of(cast, 'viewer')}/thawing", data={"confirm_seats": "8"})
    assert asked.status_code == 403
    assert "Olivia Owner" in asked.text
    assert "let people in again" in asked.text
    assert not COST.search(asked.text)
    assert status(sold, cast, "viewer") == "frozen"


def test_programs_are_asked_as_well(
    taken: Browser, api_for: Callable[..., Phone], sold: Flask, cast: Cast, installation: Installation
) -> None:
    owner, path = api_for("owner", of=sold), f"/members/{cast['viewer'].member_id}"
    asked: Any = problem(owner.patch(path, json={"status": "active"}), 409, "seat-needed")["seats"]
    assert (asked["paid"], asked["needed"], asked["cost"]["then"]["amount"]) == (7, 8, "96.00")
    told = problem(api_for("admin", of=sold).patch(path, json={"status": "active"}), 409, "seat-needed")
    assert told["seats"] == {"paid": 7, "needed": 8, "pending": 0}
    assert status(sold, cast, "viewer") == "frozen"
    done = owner.patch(path, json={"status": "active", "confirm_seats": 8})
    assert (done.status_code, done.json["status"]) == (200, "active")
    run_jobs(installation)
    assert state_of(sold, cast.tenants["acme"].id).seats_wanted == 8
    assert owner.patch(path, json={"team_id": str(cast["rep"].team_id)}).status_code == 200, "nothing about seats"
