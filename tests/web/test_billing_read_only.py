"""A workspace that can only be read for a payment: nothing is begun in vain, and every refusal leads to paying."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from flask import Flask

from saas_crm.workspaces.standing import suspend
from tenants.standing import Suspension
from tests.support.cast import Cast
from tests.support.clients import Browser
from tests.support.installation import Installation
from tests.support.paying import PAID, put
from tests.web.pages import heading, words

ClientFor = Callable[..., Browser]
PAGE = "/acme/settings/billing"
DAY = datetime(2031, 2, 3, tzinfo=UTC)


@pytest.fixture
def unpaid(sold: Flask, installation: Installation, cast: Cast) -> Flask:
    """The application, with acme read-only because of what it owes."""
    put(sold, installation.place, cast.tenants["acme"].id, **{**PAID, "state": "read_only"})
    suspend(installation.settings.database_url, "acme", Suspension("billing", "read_only"))
    sold.extensions["directory"].forget()
    return sold


def test_today_offers_nothing_that_would_be_refused(unpaid: Flask, client_for: ClientFor) -> None:
    for who in ("owner", "admin", "rep"):
        today = client_for(who, unpaid).get("/acme/")
        assert "Nothing can be added as long as you can only read." in today.text, who
        for step in ("Load sample data", "Invite colleagues", "Add your first customer"):
            assert step not in today.text, who


def test_nobody_fills_in_an_invitation_in_vain(unpaid: Flask, client_for: ClientFor) -> None:
    for who in ("owner", "admin"):
        browser = client_for(who, unpaid)
        refused = browser.get("/acme/settings/members/invite")
        assert (refused.status_code, heading(refused)) == (403, "This workspace can only be read for now")
        assert 'name="addresses"' not in refused.text
        assert "members/invite" not in browser.get("/acme/settings/members").text


def test_a_page_that_was_only_looked_for_speaks_of_no_saving_and_leads_to_billing(
    unpaid: Flask, client_for: ClientFor
) -> None:
    owner = client_for("owner", unpaid)
    looked_for, sent = owner.get("/acme/companies/new"), owner.post("/acme/companies", data={"name": "Kept"})
    assert (looked_for.status_code, heading(looked_for)) == (403, "This workspace can only be read for now")
    assert "Nothing was saved" not in looked_for.text
    assert (sent.status_code, heading(sent)) == (403, "Nothing was saved")
    assert "Try again" in words(sent)
    for page in (looked_for, sent):
        assert f'href="{PAGE}" class="button button-primary' in page.text
        assert page.text.partition('class="error-page"')[2].partition("</main>")[0].count("button-primary") == 1
    others = client_for("rep", unpaid).get("/acme/companies/new")
    assert PAGE not in others.text


def test_the_page_of_billing_says_once_what_is_due(unpaid: Flask, client_for: ClientFor) -> None:
    owner = client_for("owner", unpaid)
    assert "This workspace can only be read for now." in owner.get("/acme/settings").text
    page = owner.get(PAGE).text
    assert "This workspace can only be read for now." not in page
    assert page.count("The workspace can only be read, because a payment is due.") == 1


def test_what_else_keeps_it_closed_is_said_there_too(
    unpaid: Flask, client_for: ClientFor, installation: Installation, cast: Cast
) -> None:
    suspend(installation.settings.database_url, "acme", Suspension("deletion", "closed", "Olivia", until=DAY))
    put(unpaid, installation.place, cast.tenants["acme"].id, **{**PAID, "state": "cancelled"})
    unpaid.extensions["directory"].forget()
    page = client_for("owner", unpaid).get(PAGE).text
    assert "This workspace will be deleted on Feb 3, 2031." in page
    assert "then the workspace is deleted" not in page
    assert "The subscription has ended." in page
