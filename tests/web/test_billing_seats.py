"""Inviting beyond the paid seats: what it costs is shown before, nothing is sent without a yes, no amount to others."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask

from tests.stripe import Double
from tests.support.cast import Cast
from tests.support.clients import Browser
from tests.support.mailbox import Mailbox
from tests.support.selling import PAGE, state_of, subscribe
from tests.web.pages import heading

ClientFor = Callable[..., Browser]
MEMBERS = "/acme/settings/members"
SEND = f"{MEMBERS}/invitations"
COST = re.compile(r"[€$]\s?\d")


def lines(role_ids: dict[str, str], *emails: str) -> dict[str, list[str]]:
    return {"email": list(emails), "role_id": [role_ids["viewer"]] * len(emails), "team_id": [""] * len(emails)}


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found is not None, page
    return found[1]


def wanted(sold: Flask, cast: Cast) -> int | None:
    return state_of(sold, cast.tenants["acme"].id).seats_wanted


def test_a_trial_asks_for_no_seats(owner: Browser, sold: Flask, role_ids: dict[str, str], mailbox: Mailbox) -> None:
    assert owner.post(SEND, data=lines(role_ids, "new@x.example")).status_code == 303
    assert mailbox.arrived("new@x.example")


@pytest.mark.parametrize("interval", ["month", "year"])
def test_the_cost_is_told_before_anything_is_sent(
    owner: Browser, stripe: Double, sold: Flask, cast: Cast, role_ids: dict[str, str], mailbox: Mailbox, interval: str
) -> None:  # fmt: skip
    subscribe(owner, stripe, interval=interval)
    form = lines(role_ids, "Ada <ada@x.example>", "ben@x.example")
    asked = owner.post(SEND, data=form)
    assert (asked.status_code, heading(asked)) == (409, "2 seats more are needed")
    assert "7 now, then 9" in asked.text
    assert ("€108 a month" if interval == "month" else "€1,080 a year") in asked.text
    told = "For the rest of this period" if interval == "month" else "Today, with tax"
    assert told in asked.text
    assert asked.text.count(", without tax") == (2 if interval == "month" else 1)
    assert "Where tax is due, the invoice adds it to what is without tax." in asked.text
    assert mailbox.arrived("ada@x.example") == []
    assert wanted(sold, cast) is None
    confirmed = form | {"confirm_seats": hidden(asked.text, "confirm_seats")}
    assert owner.post(SEND, data=confirmed).location == MEMBERS
    assert mailbox.arrived("ada@x.example")
    assert wanted(sold, cast) == 9
    assert state_of(sold, cast.tenants["acme"].id).seats_due_at is not None
    page, part = owner.get(PAGE).text, owner.get(f"{PAGE}/invoices").text
    assert ("€108 a month" if interval == "month" else "€1,080 a year") in page, "as was told before"
    assert "added a moment ago are not in it yet" in part


def test_a_yes_to_other_seats_is_none(
    owner: Browser, stripe: Double, sold: Flask, cast: Cast, role_ids: dict[str, str], mailbox: Mailbox
) -> None:  # fmt: skip
    subscribe(owner, stripe)
    for said in ("8", "100", "-1", "x", ""):
        form = lines(role_ids, "ada@x.example", "ben@x.example") | {"confirm_seats": said}
        assert owner.post(SEND, data=form).status_code == 409
    assert mailbox.arrived("ada@x.example") == []


def test_seats_that_are_wanted_already_are_not_asked_for_twice(
    owner: Browser, stripe: Double, sold: Flask, cast: Cast, role_ids: dict[str, str]
) -> None:  # fmt: skip
    subscribe(owner, stripe)
    form = lines(role_ids, "ada@x.example")
    owner.post(SEND, data=form | {"confirm_seats": "8"})
    assert owner.post(SEND, data=form).status_code == 422, "invited already, no word of seats"
    again = owner.post(SEND, data=lines(role_ids, "ben@x.example"))
    assert (again.status_code, heading(again)) == (409, "1 seat more is needed")


@pytest.mark.parametrize("interval", ["month", "year"])
def test_the_cost_is_of_this_invitation_and_what_is_pending_is_named(
    owner: Browser, stripe: Double, sold: Flask, role_ids: dict[str, str], interval: str
) -> None:
    """Stripe is told of the seats of an hour together: what one asks for later is not charged for them all."""
    subscribe(owner, stripe, interval=interval)
    one, two = lines(role_ids, "ada@x.example"), lines(role_ids, "ben@x.example", "cleo@x.example")
    first = owner.post(SEND, data=one)
    assert "added before" not in first.text
    owner.post(SEND, data=one | {"confirm_seats": "8"})
    later = owner.post(SEND, data=two)
    assert heading(later) == "2 seats more are needed"
    assert "8 now, with 1 that was added before; then 10" in later.text
    assert "What 1 seat costs that was added before is not in it: it comes with the same invoice." in later.text
    assert ("€120 a month" if interval == "month" else "€1,200 a year") in later.text, "of all of them, from then on"
    assert abs(charged(later.text) - 2 * charged(first.text)) <= 5


def charged(page: str) -> int:
    """Return the cents that are told for now, or for the rest of the period."""
    told = re.search(r"(?:Today, with tax|For the rest of this period)\D*€([\d,]+(?:\.\d\d)?)", page)
    assert told is not None, page
    return round(float(told[1].replace(",", "")) * 100)


def test_who_may_not_pay_is_told_whom_to_ask_and_no_amount(
    client_for: ClientFor, owner: Browser, stripe: Double, sold: Flask, cast: Cast, role_ids: dict[str, str],
    mailbox: Mailbox,
) -> None:  # fmt: skip
    subscribe(owner, stripe)
    admin = client_for("admin", sold)
    form = lines(role_ids, "ada@x.example")
    for said in ({}, {"confirm_seats": "8"}):
        asked = admin.post(SEND, data=form | said)
        assert asked.status_code == 403
        assert "All seats are taken" in asked.text
        assert "Olivia Owner" in asked.text
        assert not COST.search(asked.text)
        assert hidden(asked.text, "email") == "ada@x.example", "what was filled in is kept"
    assert mailbox.arrived("ada@x.example") == []
    assert wanted(sold, cast) is None


def test_the_set_up_asks_as_well(
    owner: Browser, stripe: Double, sold: Flask, role_ids: dict[str, str], mailbox: Mailbox
) -> None:
    subscribe(owner, stripe)
    form = {"email": "ada@x.example", "role_id": role_ids["viewer"]}
    asked = owner.post("/acme/setup/invitations", data=form)
    assert (asked.status_code, heading(asked)) == (409, "1 seat more is needed")
    owner.post("/acme/setup/invitations", data=form | {"confirm_seats": "8"})
    assert mailbox.arrived("ada@x.example")


def test_while_the_service_is_silent_nothing_is_sent_and_the_list_is_kept(
    owner: Browser, stripe: Double, sold: Flask, role_ids: dict[str, str], mailbox: Mailbox
) -> None:
    subscribe(owner, stripe)
    stripe.trouble("server_error", times=20)
    asked = owner.post(SEND, data=lines(role_ids, "ada@x.example"))
    assert asked.status_code == 409
    assert "does not answer" in asked.text
    assert hidden(asked.text, "email") == "ada@x.example"
    assert mailbox.arrived("ada@x.example") == []
