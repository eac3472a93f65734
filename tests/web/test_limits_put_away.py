"""A limit that comes near is put away for a day by who is told of it; what is full is told all the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from flask import Flask

from saas_crm.core import clock
from tests.support.billing import selling
from tests.support.cast import Cast
from tests.support.clients import Browser
from tests.support.installation import Installation
from tests.support.paying import put

pytestmark = pytest.mark.newest
ClientFor = Callable[..., Browser]
Near = Callable[..., None]
NEAR, PUT = "Companies and contacts: 8 of 10.", "/acme/settings/billing/near"


@pytest.fixture
def near(app: Flask, cast: Cast, installation: Installation) -> Iterator[Near]:
    """Let acme have so many customers where its plan allows ten."""

    def use(customers: int = 8, members: int = 100) -> None:
        limits = {"customers": 10, "members": members}
        put(app, installation.place, cast.tenants["acme"].id, plan="team", state="active", limits=limits)
        with installation.place.owner() as connection:
            connection.execute(f"SET search_path = {cast.tenants['acme'].schema_name}")
            connection.execute("DELETE FROM usage_sums WHERE kind = 'customers'")
            connection.execute("INSERT INTO usage_sums (kind, amount) VALUES ('customers', %s)", [customers])
        app.extensions["directory"].forget()

    with selling(app):
        use()
        yield use


def test_it_is_gone_for_the_day_and_comes_back_full_or_tomorrow(near: Near, client_for: ClientFor) -> None:
    owner = client_for("owner")
    for page in ("/acme/", "/acme/settings"):
        assert NEAR in owner.get(page).text
    assert 'name="at" value="settings"' in owner.get("/acme/settings").text
    assert owner.post(PUT, data={"limit": "customers", "at": "settings"}).location == "/acme/settings"
    for page in ("/acme/", "/acme/settings"):
        assert NEAR not in owner.get(page).text
    assert NEAR in client_for("owner").get("/acme/").text, "another browser was not told so"
    near(10)
    full = owner.get("/acme/").text
    assert "Companies and contacts: 10 of 10. No more can be added." in full
    assert PUT not in full
    near(8)
    assert NEAR not in owner.get("/acme/").text
    clock.run_ahead(lambda: timedelta(days=1))
    try:
        assert NEAR in owner.get("/acme/").text
    finally:
        clock.run_ahead(None)


def test_only_what_was_put_away_is_gone(near: Near, client_for: ClientFor) -> None:
    owner = client_for("owner")
    near(8, members=8)
    assert owner.post(PUT, data={"limit": "customers"}).location == "/acme/"
    page = owner.get("/acme/").text
    assert "Members: 7 of 8." in page
    assert NEAR not in page
    assert owner.post(PUT, data={"limit": "no such\x00"}).status_code == 303
    assert "Members: 7 of 8." in owner.get("/acme/").text


def test_who_is_not_told_puts_nothing_away(near: Near, client_for: ClientFor) -> None:
    for who in ("admin", "rep"):
        assert client_for(who).post(PUT, data={"limit": "customers"}).status_code == 403
