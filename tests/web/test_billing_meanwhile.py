"""Two people at what one workspace pays: the second one is told, and what they had typed is kept."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from billing.seat_counting import note_needed
from tests.stripe import Double
from tests.support.cast import Cast
from tests.support.clients import Browser
from tests.support.selling import PAGE, state_of, subscribe
from tests.web.pages import errors, flashed, heading

ClientFor = Callable[..., Browser]
UPGRADE = {"plan": "business", "interval": "month"}


def version_in(page: TestResponse) -> str:
    found = re.search(r'name="version" value="(\d+)"', page.text)
    assert found is not None, page.text
    return found[1]


@pytest.fixture
def other(client_for: ClientFor, sold: Flask) -> Browser:
    """The same owner at another desk."""
    return client_for("owner", sold)


def test_a_plan_that_was_changed_meanwhile_is_asked_about_again(
    owner: Browser, other: Browser, stripe: Double, sold: Flask, cast: Cast
) -> None:
    subscribe(owner, stripe)
    seen = version_in(owner.get(f"{PAGE}/change?plan=business&interval=year"))
    assert other.post(f"{PAGE}/change", data={**UPGRADE, "version": seen}).location == PAGE
    late = owner.post(f"{PAGE}/change", data={"plan": "business", "interval": "year", "version": seen})
    assert (late.status_code, heading(late)) == (409, "Change to Business")
    assert "Somebody else saved settings meanwhile" in late.text
    assert 'name="interval" value="year"' in late.text, "what was chosen is kept"
    assert state_of(sold, cast.tenants["acme"].id).interval == "month"
    again = {"plan": "business", "interval": "year", "version": version_in(late)}
    assert owner.post(f"{PAGE}/change", data=again).location == PAGE
    assert state_of(sold, cast.tenants["acme"].id).interval == "year"


def test_of_two_at_once_one_pays(owner: Browser, other: Browser, stripe: Double, sold: Flask, cast: Cast) -> None:
    subscribe(owner, stripe)
    seen, begun = version_in(owner.get(f"{PAGE}/change?plan=business&interval=month")), Barrier(2)
    before = len(stripe.request("GET", "/v1/invoices", {})["data"])

    def ask(browser: Browser) -> int:
        begun.wait(10)
        return browser.post(f"{PAGE}/change", data={**UPGRADE, "version": seen}).status_code

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(ask, (owner, other))) == [303, 409]
    assert len(stripe.request("GET", "/v1/invoices", {})["data"]) == before + 1


def test_what_was_written_of_leaving_is_kept(
    owner: Browser, other: Browser, stripe: Double, sold: Flask, cast: Cast
) -> None:
    subscribe(owner, stripe)
    seen = version_in(owner.get(f"{PAGE}/cancellation"))
    other.post(f"{PAGE}/change", data=UPGRADE)
    form = {"reason": "unused", "words": "The board is too small.", "version": seen}
    late = owner.post(f"{PAGE}/cancellation", data=form)
    assert late.status_code == 409
    assert "Somebody else saved settings meanwhile" in errors(late).get("", late.text)
    assert "The board is too small." in late.text
    assert re.search(r'value="unused"[^>]*checked', late.text), "what was chosen is kept"
    assert not state_of(sold, cast.tenants["acme"].id).cancel_at_period_end
    assert owner.post(f"{PAGE}/cancellation", data={**form, "version": version_in(late)}).location == PAGE
    assert state_of(sold, cast.tenants["acme"].id).cancel_words == "The board is too small."


def test_leaving_twice_and_staying_twice_is_told(
    owner: Browser, other: Browser, stripe: Double, sold: Flask, cast: Cast
) -> None:
    subscribe(owner, stripe)
    seen = version_in(owner.get(f"{PAGE}/cancellation"))
    other.post(f"{PAGE}/closing", data={"reason": "unused"})
    late = owner.post(f"{PAGE}/cancellation", data={"reason": "unused", "version": seen})
    assert (late.status_code, late.location) == (303, PAGE)
    assert "This is so already" in flashed(owner.get(PAGE))
    assert state_of(sold, cast.tenants["acme"].id).cancel_to == "closed", "the other one's choice stands"
    page = owner.get(PAGE)
    assert other.post(f"{PAGE}/withdrawal", data={"version": version_in(page)}).location == PAGE
    other.post(f"{PAGE}/closing", data={"reason": "unused"})
    late = owner.post(f"{PAGE}/withdrawal", data={"version": version_in(page)})
    assert "Somebody else changed this meanwhile" in flashed(owner.get(late.location))
    assert state_of(sold, cast.tenants["acme"].id).cancel_at_period_end


def test_a_form_without_a_version_is_taken_as_it_is(owner: Browser, stripe: Double, sold: Flask, cast: Cast) -> None:
    subscribe(owner, stripe)
    assert owner.post(f"{PAGE}/change", data=UPGRADE).location == PAGE
    assert state_of(sold, cast.tenants["acme"].id).plan == "business"


def test_people_who_are_counted_once_more_take_no_click_away(
    owner: Browser, stripe: Double, sold: Flask, cast: Cast
) -> None:
    """While invited people wait for their seat, each look at Stripe counts them again: nobody has changed anything."""
    tenant_id = cast.tenants["acme"].id
    subscribe(owner, stripe)
    with sold.app_context():
        note_needed(tenant_id, state_of(sold, tenant_id).seats + 1)
    assert owner.post(f"{PAGE}/cancellation", data={"reason": "unused"}).location == PAGE
    page = owner.get(PAGE)
    with sold.app_context():
        note_needed(tenant_id, state_of(sold, tenant_id).seats + 1)
    assert owner.post(f"{PAGE}/withdrawal", data={"version": version_in(page)}).location == PAGE
    assert "The plan goes on as before" in flashed(owner.get(PAGE))
    assert not state_of(sold, tenant_id).cancel_at_period_end
