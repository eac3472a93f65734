"""What the pages of billing say before somebody decides: when it is paid, with tax or without, what is not offered."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import unquote

import pytest
from flask import Flask

from saas_crm.core.clock import now
from tests.stripe import Double
from tests.support.cast import Cast
from tests.support.clients import Browser
from tests.support.installation import Installation
from tests.support.paying import PAID, put
from tests.support.selling import subscribe
from tests.web.pages import heading

ClientFor = Callable[..., Browser]
Put = Callable[..., None]
PAGE = "/acme/settings/billing"
ENDING = {**PAID, "cancel_at_period_end": True, "cancel_to": "free"}


@pytest.fixture
def has(sold: Flask, installation: Installation, cast: Cast) -> Put:
    """Put acme into a state: `has(**PAID)`."""
    return lambda **columns: put(sold, installation.place, cast.tenants["acme"].id, **columns)


def inside(page: str) -> str:
    return page.partition("<main")[2].partition("</main>")[0]


@pytest.mark.parametrize("interval", ["month", "year"])
def test_of_the_plans_one_has_the_first_button(owner: Browser, has: Put, interval: str) -> None:
    cases = [({"plan": "business", "state": "trialing"}, "business"), ({"plan": "free", "state": "free"}, "team"),
             (dict(PAID), "business" if interval == "month" else "team")]  # fmt: skip
    for columns, first in cases:
        has(**columns)
        shown = inside(owner.get(f"{PAGE}/plans?interval={interval}").text)
        [after] = shown.split("button-primary")[1:]
        before = shown.partition("button-primary")[0].rpartition("<li")[2]
        assert f'value="{first}"' in before or f"plan={first}" in before, (columns, after[:80])


def test_who_tries_is_told_that_the_trial_ends_when_they_pay(owner: Browser, has: Put) -> None:
    told = "the trial ends with that"
    has(plan="business", state="trialing")
    assert told in owner.get(f"{PAGE}/plans").text
    has(plan="free", state="free")
    assert told not in owner.get(f"{PAGE}/plans").text


def test_while_it_ends_no_change_is_offered_that_would_be_refused(owner: Browser, has: Put) -> None:
    has(**ENDING)
    assert "Change plan" not in inside(owner.get(PAGE).text)
    plans = inside(owner.get(f"{PAGE}/plans").text)
    assert "Stay after all" in plans
    assert "See what changes" not in plans
    assert owner.get(f"{PAGE}/change?plan=business").location == f"{PAGE}/plans?interval=month"
    has(**ENDING | {"cancel_reason": "deletion"})
    plans = inside(owner.get(f"{PAGE}/plans").text)
    assert "Keeping the workspace keeps it, too." in plans
    assert "Stay after all" not in plans
    has(**PAID)
    assert "Change plan" in owner.get(PAGE).text


def test_the_way_out_of_cancelling_is_not_called_cancel(owner: Browser, has: Put) -> None:
    has(**PAID)
    for path in ("", "?to=closed"):
        page = inside(owner.get(f"{PAGE}/cancellation{path}").text)
        assert re.search(r"data-close>Keep it</a>", page)
        assert not re.search(r"data-close>Cancel</a>", page)


def test_what_an_invoice_says_is_told_to_be_with_tax(owner: Browser, stripe: Double, sold: Flask) -> None:
    subscribe(owner, stripe)
    invoices = owner.get(f"{PAGE}/invoices").text
    assert re.search(r"Next: €84 on [^<]+, with tax", invoices)
    assert "What invoices say is with tax." in invoices


@pytest.mark.parametrize(("interval", "told"), [
    ("month", "9; what is for the rest of this period comes with the next invoice"),
    ("year", "9, and paid within the hour"),
])  # fmt: skip
def test_seats_that_were_agreed_to_say_when_they_are_charged(
    owner: Browser, has: Put, interval: str, told: str
) -> None:
    has(**{**PAID, "interval": interval, "seats": 8, "seats_wanted": 9})
    page = owner.get(PAGE).text
    assert "Seats from now on" in page
    assert told in page
    has(**{**PAID, "interval": interval, "seats": 10, "seats_wanted": 9})
    assert "Seats from now on" not in owner.get(PAGE).text
    assert re.search(r"Seats from \w+ \d+", owner.get(PAGE).text)


def test_currencies_need_no_button_where_scripts_run(owner: Browser, has: Put) -> None:
    has(plan="business", state="trialing")
    for page in (owner.get(f"{PAGE}/plans").text, owner.get("/pricing").text):
        form = page.partition('class="offer-currency"')[2].partition("</form>")[0]
        assert 'hx-trigger="change"' in form
        assert re.search(r'class="[^"]*no-js-only">Show', form)
        assert page.count('id="offers"') == 1


def test_who_signs_up_is_told_what_they_begin_with(client_for: ClientFor, sold: Flask) -> None:
    nobody = client_for(None, sold)
    assert set(re.findall(r'href="/signup\?plan=(\w+)"', nobody.get("/pricing").text)) == {"free", "team", "business"}
    begins = "It begins with 14 days of Business, for nothing and without a card."
    for plan in ("", "free", "business", "nonsense", "<b>"):
        shown = nobody.get("/signup", query_string={"plan": plan}).text
        assert begins in shown
        assert "can be chosen at any time" not in shown
        assert "<b>" not in inside(shown)
    for form in (nobody.get("/signup?plan=team"), nobody.post("/signup", data={"plan": "team", "company": ""})):
        assert begins in form.text
        assert "Team can be chosen at any time" in form.text
        assert 'name="plan" value="team"' in form.text


def test_where_no_money_is_taken_signing_up_speaks_of_no_plan(nobody: Browser) -> None:
    assert "It begins with" not in nobody.get("/signup?plan=team").text


def test_who_may_not_add_seats_can_write_to_who_may(
    owner: Browser, client_for: ClientFor, sold: Flask, stripe: Double, cast: Cast, role_ids: dict[str, str]
) -> None:
    subscribe(owner, stripe)
    line = {"email": ["new@x.example"], "role_id": [role_ids["viewer"]], "team_id": [""]}
    asked = client_for("admin", sold).post("/acme/settings/members/invitations", data=line)
    assert (asked.status_code, heading(asked)) == (403, "1 seat more is needed")
    link = re.search(r'href="mailto:([^"?]+)\?subject=([^"]+)"', asked.text)
    assert link is not None
    assert cast["owner"].email in unquote(link[1])
    assert unquote(link[2]) == "More seats for Acme Instruments"


def test_a_deletion_that_was_asked_for_names_the_only_day(owner: Browser, has: Put) -> None:
    has(**{**PAID, "state": "cancelled"}, until=now() + timedelta(days=30))
    page = inside(owner.get(PAGE).text)
    assert "then the workspace is deleted" in page
    assert page.count("Choose a plan") == 1
