"""Columns behind veils: what comes out of the database under a reader's rules."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from contextlib import AbstractContextManager
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Text, cast, func, literal, select, union_all, update

from saas_crm.access.permissions import CurrentMember
from saas_crm.customers.models import Company, Contact
from saas_crm.opportunities.models import Opportunity, OpportunityTotal
from tenants.db import db, fetch
from tenants.kept import Kept
from tenants.veils import (
    VeiledAmount,
    VeiledText,
    VeilLost,
    is_veiled,
    masked,
    read_under,
    truth,
    unveiled,
    veil_of,
    veils_of,
)
from tests.support.making import Maker

Acting = Callable[[str], AbstractContextManager[CurrentMember]]
HIDDEN = {"contact.phone": "hidden", "contact.birthday": "hidden", "opportunity.amount": "hidden"}


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("ann@example.com", "a•••@example.com"), ("+4930123456", "••••3456"), ("+8613800138000", "••••8000"),
        ("+49301", "••••01"), ("12345", "••••45"), ("anything", "••••"),
    ],
)  # fmt: skip
def test_masks(value: str, shown: str) -> None:
    assert masked(value) == shown


def test_a_veiled_amount_stays_veiled_in_sums() -> None:
    amount = VeiledAmount(Decimal(7))
    sums = (amount + 1, Decimal(3) + amount, amount * 2, 5 * amount / 100, sum([amount, amount]), round(amount, 2))
    assert all(is_veiled(found) and found == 0 for found in sums)
    assert truth(amount) == 7
    assert truth(pickle.loads(pickle.dumps(amount))) == 7


@pytest.mark.parametrize("rule", ["hidden", "masked"])
def test_every_way_out_is_veiled(acting: Acting, make: Maker, rule: str) -> None:
    contact = make.contact("rep", phone="+4930123456", email="ann@example.com", birthday="1990-02-03")
    shown = "" if rule == "hidden" else "••••3456"
    columns = select(Contact.phone, Contact.email.label("mail")).where(Contact.id == contact.id)
    inner = columns.subquery()
    with acting("rep"), read_under({"contact.phone": rule}):
        ways = [
            db.session.scalar(select(Contact).where(Contact.id == contact.id)).phone,  # type: ignore[union-attr]
            db.session.execute(columns).one().phone,
            fetch(columns)[0].phone,
            fetch(Kept(columns))[0].phone,
            fetch(select(inner.c.phone))[0].phone,
            fetch(Kept(select(func.coalesce(inner.c.phone, "").label("phone"))))[0].phone,
        ]
        assert ways == [shown] * 6
        assert [truth(found) for found in ways] == ["+4930123456"] * 6
        assert fetch(columns)[0].mail == "ann@example.com"
    with acting("rep"):
        assert fetch(columns)[0].phone == "+4930123456"


def test_days_and_amounts(acting: Acting, make: Maker) -> None:
    contact, deal = make.contact("rep", birthday="1990-02-03"), make.deal("rep", amount="1,200")
    nothing = make.deal("rep", amount="")
    with acting("rep"), read_under(HIDDEN):
        found = db.session.get(Contact, contact.id)
        assert found is not None
        assert found.birthday is None
        amount = fetch(select(Opportunity.amount).where(Opportunity.id == deal.id))[0].amount
        none = fetch(Kept(select(Opportunity.amount).where(Opportunity.id == nothing.id)))[0].amount
        assert is_veiled(none)
        total = fetch(Kept(select(func.sum(OpportunityTotal.amount).label("total"))))[0].total
        assert (amount, total) == (0, 0)
        assert is_veiled(amount)
        assert is_veiled(total)


@pytest.mark.parametrize(
    "expression",
    [
        func.nullif(Contact.phone, ""),
        func.coalesce(Contact.mobile, Contact.phone),
        func.coalesce(Contact.mobile, Company.phone),
        func.length(Contact.phone),
        literal("x") + Contact.phone,
    ],
)
def test_a_query_that_loses_a_veil_is_refused(expression: object) -> None:
    with pytest.raises(VeilLost):
        veil_of(expression)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "query",
    [
        select(select(func.length(Contact.phone).label("n")).subquery().c.n),
        select(select(cast(Contact.phone, Text).label("n")).cte("inner").c.n),
        union_all(select(Contact.name), select(cast(Contact.phone, Text))),
        union_all(select(Contact.name), select(Contact.phone)),
        select(select(func.max(func.length(Contact.phone))).scalar_subquery()),
    ],
)
def test_a_veil_is_missed_through_subqueries_and_unions(query: Any) -> None:
    with pytest.raises(VeilLost):
        veils_of(query)


def test_what_a_query_asks_by_needs_no_veil() -> None:
    named = select(Contact.id).where(Contact.phone == "+491")
    counted = select(func.count()).select_from(Contact).where(Contact.phone == "+491").scalar_subquery()
    assert veils_of(select(Contact.name, named.exists(), counted)) == ()


def test_it_is_refused_where_it_would_be_run(acting: Acting) -> None:
    lost = select(func.length(Contact.phone))
    with acting("rep"):
        assert fetch(lost.limit(0)).all() == []
        with pytest.raises(VeilLost):
            fetch(Kept(lost))
        with read_under({"contact.phone": "hidden"}):
            with pytest.raises(VeilLost):
                fetch(lost)
            with pytest.raises(VeilLost):
                db.session.execute(lost)


def test_what_is_written_back_is_the_truth(acting: Acting, make: Maker) -> None:
    contact = make.contact("rep", phone="+4930123456", mobile="+4930999999")
    with acting("rep"), read_under({"contact.phone": "masked"}):
        found = db.session.get(Contact, contact.id)
        assert found is not None
        assert isinstance(found.phone, VeiledText)
        db.session.execute(update(Contact).where(Contact.id == contact.id).values(mobile=found.phone))
    with acting("rep"):
        after = db.session.get(Contact, contact.id)
        assert after is not None
        assert (after.phone, after.mobile) == ("+4930123456", "+4930123456")


def test_only_a_whole_number_is_dialled() -> None:
    assert unveiled(VeiledText("••••3456", "+4930123456"), "", "+491") == "+491"
    assert unveiled(VeiledText("", "+49"), None) == ""
