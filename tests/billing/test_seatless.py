"""People beyond the seats of a plan: told when they lose one, and back at once when it is paid."""

from __future__ import annotations

from datetime import timedelta

import pytest

from billing import seats
from billing.manual import end_manual, put_manual
from billing.plans import catalogue
from saas_crm.access.queries import member_by_id
from saas_crm.access.seats import seats as who_is_seated
from saas_crm.access.seats import without_seat
from tenants.db import tenant_scope
from tenants.runtime import runtime_directory
from tests.billing.company import Company, Shop
from tests.support.cast import Cast
from tests.support.installation import Installation
from tests.support.mailbox import Mailbox

pytestmark = pytest.mark.newest
LOST = "you can read, but not change anything for now"


@pytest.fixture
def letters(installation: Installation) -> Mailbox:
    """The mails that left."""
    return Mailbox(installation)


def seated(company: Company) -> int:
    """Return how many have a seat now."""
    tenant = runtime_directory().renew(company.id)
    assert tenant is not None
    with tenant_scope(tenant):
        people = who_is_seated()
        assert [member_by_id(one.member_id).seated for one in people] == [one.seated for one in people]
        return sum(one.seated for one in people)


def losers(letters: Mailbox, cast: Cast) -> int:
    """Return how many letters about a lost seat have arrived."""
    people = [one.email for one in cast.people.values() if one.slug == "acme"]
    return sum(LOST in letter["Subject"] for email in people for letter in letters.arrived(email))


def test_after_the_trial_seven_people_share_three_seats_and_the_others_are_told(
    shop: Shop, acme: Company, letters: Mailbox, cast: Cast
) -> None:
    assert seated(acme) == 7
    shop.goes_on(days=15)
    assert acme.row.state == "free"
    assert seated(acme) == 3
    shop.jobs()
    assert losers(letters, cast) == 4
    shop.goes_on(days=3)
    assert losers(letters, cast) == 4, "once"


def test_who_pays_has_seats_for_all_at_once_and_all_are_paid(shop: Shop, acme: Company) -> None:
    shop.goes_on(days=15)
    assert seated(acme) == 3
    acme.subscribe("team")
    assert (acme.row.state, acme.row.seats, seated(acme)) == ("active", 7, 7)


def test_going_back_to_free_takes_seats_again_and_tells_again(
    shop: Shop, acme: Company, letters: Mailbox, cast: Cast
) -> None:
    shop.goes_on(days=15)
    acme.subscribe("team")
    shop.jobs()
    before = losers(letters, cast)
    acme.cancel("free")
    shop.goes_on(days=33)
    shop.jobs()
    assert acme.row.state == "free"
    assert seated(acme) == 3
    assert losers(letters, cast) == before + 4


def test_a_plan_by_hand_has_the_seats_the_operator_said(shop: Shop, acme: Company) -> None:
    until = shop.now + timedelta(days=90)
    arranged = {"plan": "business", "paid_until": until, "invoice": "R-1", "interval": "year", "currency": "EUR"}
    put_manual(shop.settings, acme.id, seats=5, operator="Op", now=shop.now, **arranged)  # type: ignore[arg-type]
    assert (acme.plan["limits"]["members"], seated(acme)) == (5, 5)
    put_manual(shop.settings, acme.id, seats=9, operator="Op", now=shop.now, **arranged)  # type: ignore[arg-type]
    assert seated(acme) == 7
    end_manual(shop.settings, acme.id, operator="Op", now=shop.now)
    assert seated(acme) == 3


def test_nobody_pays_for_people_beyond_what_a_plan_allows(shop: Shop, acme: Company) -> None:
    team = catalogue().plan("team")
    assert team.seats_to_buy(99) == 99
    assert team.seats_to_buy(140) == 100
    assert seats.to_buy("business", 140, None) == 140


def test_a_lowering_says_before_who_will_only_read(shop: Shop, acme: Company) -> None:
    with tenant_scope(acme.tenant):
        assert len(without_seat(catalogue().plan("free").limits.get("members"))) == 4
        assert without_seat(catalogue().plan("team").limits.get("members")) == []
        assert without_seat(catalogue().plan("business").limits.get("members")) == []
