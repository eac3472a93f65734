"""Handing over: who may give whose to whom, and what of it cannot be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from saas_crm.access import members
from saas_crm.access.models import Role
from saas_crm.core.errors import Forbidden, InvalidInput
from saas_crm.customers import actions as customers
from saas_crm.hand_over.registry import handed_over
from saas_crm.hand_over.schemas import Pick
from tenants.db import db
from tests.hand_over.estate import Acting, Estate, owners
from tests.support.making import Maker


@pytest.mark.parametrize(
    ("actor", "who", "to", "error"),
    [
        ("manager", "rep", "teammate", None),
        ("manager", "colleague", "rep", Forbidden),  # not hers
        ("manager", "rep", "colleague", InvalidInput),  # not her team
        ("rep", "rep", "teammate", Forbidden),
        ("viewer", "rep", "teammate", Forbidden),
        ("admin", "rep", "colleague", None),
        ("owner", "rep", "rep", InvalidInput),
    ],
)
def test_who_may_hand_over_whose_to_whom(
    give: Callable[..., UUID], estate: Estate, acting: Acting, make: Maker, actor: str, who: str, to: str, error: Any
) -> None:
    if error is None:
        give(to, who=who, actor=actor)
        assert owners(acting, estate.company) == [make.member_id(to)]
    else:
        with pytest.raises(error):
            give(to, who=who, actor=actor)
        assert owners(acting, estate.company) == [make.member_id("rep")]


@pytest.mark.usefixtures("estate")
@pytest.mark.parametrize(
    ("to", "by", "field"),
    [
        ((), "one", "to_ids"), (("teammate", "manager"), "one", "to_ids"), ((), "load", "to_ids"),
        (("outsider",), "one", "to_ids"), (("viewer",), "picked", "to_ids"),
        (("viewer",), "one", "to_ids"), (("teammate", "viewer"), "load", "to_ids"), (("teammate",), "picked", ""),
    ],
)  # fmt: skip
def test_a_choice_that_cannot_be_is_refused_by_its_field(
    give: Callable[..., UUID], to: tuple[str, ...], by: str, field: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        give(*to, by=by)
    assert list(refused.value.errors) == [field]


def test_who_could_not_edit_gets_nothing(
    give: Callable[..., UUID], acting: Acting, make: Maker, estate: Estate
) -> None:
    """Every kind counts: a role that leaves one of them alone cannot look after what is given."""
    with pytest.raises(InvalidInput, match="Vera Viewer: their role cannot edit") as refused:
        give(by="picked", picks=[Pick(customer_id=estate.company.id, to_id=make.member_id("viewer"))])
    assert refused.value.codes == {"picks": "cannot_edit"}
    with acting("owner"):
        role = db.session.scalar(select(Role).where(Role.key == "rep"))
        assert role is not None
        role.permissions = {key: scope for key, scope in role.permissions.items() if key != "activity:update"}
    with pytest.raises(InvalidInput, match="cannot edit"):
        give("teammate")
    give("manager")
    assert owners(acting, estate.company) == [make.member_id("manager")]


def test_the_team_is_those_who_can_edit(give: Callable[..., UUID], acting: Acting, make: Maker, estate: Estate) -> None:
    with acting("owner") as owner:
        viewer = members.get_member(make.member_id("viewer"))
        rep = members.get_member(make.member_id("rep"))
        assert rep.team_id is not None
        members.change_team(viewer, rep.team_id, actor=owner)
    give(by="team")
    assert make.member_id("viewer") not in owners(acting, *estate.moving)


def test_a_frozen_member_takes_nothing_over(
    give: Callable[..., UUID], acting: Acting, make: Maker, estate: Estate
) -> None:
    with acting("owner") as owner:
        members.set_frozen(members.get_member(make.member_id("teammate")), True, actor=owner)
    with pytest.raises(InvalidInput, match="may give"):
        give("teammate")
    assert owners(acting, estate.company) == [make.member_id("rep")]


def test_one_may_hand_over_what_is_ones_own(
    give: Callable[..., UUID], acting: Acting, make: Maker, estate: Estate
) -> None:
    assigns = {f"{resource}:assign": "team" for resource in handed_over}
    with acting("owner"):
        role = db.session.scalar(select(Role).where(Role.key == "rep"))
        assert role is not None
        role.permissions = {**role.permissions, "hand_over:create": "own", **assigns}
    with pytest.raises(Forbidden):
        give("rep", who="teammate", actor="rep")
    give("teammate", actor="rep")
    assert owners(acting, estate.company) == [make.member_id("teammate")]


def test_a_successor_may_change_what_was_given_whatever_their_team(
    give: Callable[..., UUID], acting: Acting, make: Maker, estate: Estate
) -> None:
    """A rep's scope for changes is "own": it holds from the next moment on."""
    from saas_crm.activities.queries import get_activity
    from saas_crm.customers.queries import get_company, get_contact
    from saas_crm.customers.schemas import CompanyWrite
    from saas_crm.opportunities.queries import get_opportunity

    give("colleague")
    with acting("colleague") as colleague:
        company = get_company(estate.company.id, member=colleague)
        customers.update_company(company, CompanyWrite(name="Ada & Co"), actor=colleague)
        for found in (
            get_contact(estate.contact.id, member=colleague, action="update"),
            get_opportunity(estate.deal.id, member=colleague, action="update"),
            get_activity(estate.task.id, member=colleague, action="update"),
        ):
            assert found.owner_id == colleague.id
    assert company.name == "Ada & Co"
