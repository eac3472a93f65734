"""Handing over: everything goes, nothing else changes, and it can be taken back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, update

from saas_crm.access import members
from saas_crm.activities.models import Activity
from saas_crm.core.audit import AuditEntry
from saas_crm.core.clock import now
from saas_crm.core.errors import InvalidInput
from saas_crm.customers import actions as customers
from saas_crm.customers.models import Company, Contact
from saas_crm.hand_over import actions
from saas_crm.hand_over.models import HandOver, HandOverItem
from saas_crm.hand_over.schemas import Pick
from saas_crm.opportunities.models import Opportunity, OpportunityTotal, StageChange
from saas_crm.search.models import SearchEntry
from tenants.context import current_tenant
from tenants.db import db
from tests.hand_over.estate import BASE, Acting, Estate, as_it_was, owners
from tests.support.making import Maker


def test_everything_goes_and_the_past_stays(
    give: Callable[..., UUID], acting: Acting, make: Maker, estate: Estate
) -> None:
    hers = make.member_id("teammate")
    with (
        as_it_was(acting, Opportunity, estate.deal.id), as_it_was(acting, Opportunity, estate.won.id),
        as_it_was(acting, Company, estate.company.id), as_it_was(acting, Activity, estate.task.id),
    ):  # fmt: skip
        give("teammate")
    assert owners(acting, *estate.moving) == [hers] * len(estate.moving)
    assert owners(acting, estate.call) == [make.member_id("rep")]
    with acting("owner"):
        versions = db.session.scalars(select(Company.version).where(Company.id == estate.company.id)).all()
        changes = db.session.scalars(select(StageChange.id).where(StageChange.opportunity_id == estate.deal.id)).all()
    assert versions == [estate.company.version + 1]
    assert len(changes) == 1, "only its opening"


def test_closed_deals_stay_when_that_is_chosen(
    give: Callable[..., UUID], acting: Acting, make: Maker, estate: Estate
) -> None:
    give("teammate", closed=False)
    assert owners(acting, estate.won, estate.deal) == [make.member_id("rep"), make.member_id("teammate")]


def test_what_was_copied_follows(give: Callable[..., UUID], acting: Acting, make: Maker, estate: Estate) -> None:
    hand_over_id = give("teammate")
    for expected in ("teammate", "rep"):
        with acting("owner") as owner:
            entry = db.session.get(SearchEntry, estate.contact.id)
            assert entry is not None
            assert (entry.owner_id, entry.parent_owner_id) == (make.member_id(expected), make.member_id(expected))
            totals = select(OpportunityTotal.owner_id, OpportunityTotal.count).where(OpportunityTotal.count != 0)
            of = {owner_id for owner_id, _count in db.session.execute(totals)}
            assert of == {make.member_id(expected)}
            if expected == "teammate":
                actions.undo(hand_over_id, actor=owner, tenant=current_tenant(), base_url=BASE)


def test_every_record_has_its_former_owner_in_its_history(
    give: Callable[..., UUID], acting: Acting, make: Maker, estate: Estate
) -> None:
    hand_over_id = give("teammate")
    with acting("owner") as owner:
        actions.undo(hand_over_id, actor=owner, tenant=current_tenant(), base_url=BASE)
    his, hers = str(make.member_id("rep")), str(make.member_id("teammate"))
    with acting("owner"):
        for record in estate.moving:
            found = select(AuditEntry).where(AuditEntry.record_id == record.id, AuditEntry.action == "update")
            entries = db.session.scalars(found.order_by(AuditEntry.at, AuditEntry.id)).all()
            told = [e for e in entries if "owner_id" in e.changes]
            assert [e.changes for e in told] == [{"owner_id": [his, hers]}, {"owner_id": [hers, his]}]
            assert {(e.member_id, e.through, e.request_id) for e in told} == {(owner.id, "web", "test")}
            assert all(e.id.version == 7 for e in told)


def test_a_customer_stays_together_whoever_gets_it(
    give: Callable[..., UUID], acting: Acting, make: Maker, estate: Estate
) -> None:
    picks = [Pick(customer_id=estate.company.id, to_id=make.member_id("manager"))]
    give("teammate", picks=picks)
    together = owners(acting, estate.company, estate.contact, estate.deal, estate.won, estate.task)
    assert together == [make.member_id("manager")] * 5
    assert owners(acting, estate.person, estate.their_deal) == [make.member_id("teammate")] * 2


def test_only_the_picked_go(give: Callable[..., UUID], acting: Acting, make: Maker, estate: Estate) -> None:
    give(by="picked", picks=[Pick(customer_id=estate.person.id, to_id=make.member_id("manager"))])
    assert owners(acting, estate.person, estate.company) == [make.member_id("manager"), make.member_id("rep")]


def test_the_team_shares(give: Callable[..., UUID], acting: Acting, make: Maker, estate: Estate) -> None:
    give(by="team")
    got = set(owners(acting, *estate.moving))
    assert got == {make.member_id("teammate"), make.member_id("manager")}, "the others of team north"


def test_the_recycle_bin_goes_along(give: Callable[..., UUID], acting: Acting, make: Maker, estate: Estate) -> None:
    with acting("rep") as rep:
        contact = db.session.get(Contact, estate.contact.id)
        assert contact is not None
        customers.recycle(contact, actor=rep)
    hand_over_id = give("teammate")
    assert owners(acting, estate.contact) == [make.member_id("teammate")]
    with acting("owner"):
        restored = db.session.get(Contact, estate.contact.id)
        assert restored is not None
        assert restored.deleted_at is not None
        assert db.session.get(HandOverItem, (hand_over_id, estate.contact.id)) is not None


def test_undo_gives_back_what_is_still_theirs(
    give: Callable[..., UUID], acting: Acting, make: Maker, estate: Estate
) -> None:
    hand_over_id = give("teammate")
    give("manager", who="teammate", by="one")
    give("teammate", who="manager", by="picked",
         picks=[Pick(customer_id=estate.person.id, to_id=make.member_id("teammate"))])  # fmt: skip
    with acting("owner") as owner:
        undone = actions.undo(hand_over_id, actor=owner, tenant=current_tenant(), base_url=BASE)
    assert undone == actions.Undone(returned=2, stayed=len(estate.moving) - 2)
    assert owners(acting, estate.person, estate.company) == [make.member_id("rep"), make.member_id("manager")]


def test_undo_is_refused_with_a_reason(give: Callable[..., UUID], acting: Acting, make: Maker, estate: Estate) -> None:
    hand_over_id = give("teammate")
    aged = update(HandOver).where(HandOver.id == hand_over_id)
    with acting("owner") as owner:
        db.session.execute(aged.values(created_at=now() - timedelta(days=31)))
        with pytest.raises(InvalidInput, match="30 days"):
            actions.undo(hand_over_id, actor=owner, tenant=current_tenant(), base_url=BASE)
        db.session.execute(aged.values(created_at=now() - timedelta(days=29)))
        members.remove(members.get_member(make.member_id("rep")), actor=owner)
        with pytest.raises(InvalidInput, match="no longer a member"):
            actions.undo(hand_over_id, actor=owner, tenant=current_tenant(), base_url=BASE)
    assert owners(acting, estate.company) == [make.member_id("teammate")]


def test_who_is_locked_out_gets_it_back_and_a_second_undo_is_refused(
    give: Callable[..., UUID], acting: Acting, make: Maker, estate: Estate
) -> None:
    hand_over_id = give("teammate")
    with acting("owner") as owner:
        members.set_frozen(members.get_member(make.member_id("rep")), True, actor=owner)
        assert actions.undo(hand_over_id, actor=owner, tenant=current_tenant(), base_url=BASE).stayed == 0
        with pytest.raises(InvalidInput, match="already"):
            actions.undo(hand_over_id, actor=owner, tenant=current_tenant(), base_url=BASE)
    assert owners(acting, estate.company) == [make.member_id("rep")]


def test_who_has_left_can_be_handed_over_for(
    give: Callable[..., UUID], acting: Acting, make: Maker, estate: Estate
) -> None:
    with acting("owner") as owner:
        members.remove(members.get_member(make.member_id("rep")), actor=owner)
    give("teammate")
    assert owners(acting, estate.company) == [make.member_id("teammate")]
