"""Deleting a role that somebody has: it asks first, as every other change of who sees what."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from uuid import UUID

import pytest
from sqlalchemy import select

from saas_crm.access.factors.policy import two_factor_policy
from saas_crm.access.models import Member, Role
from saas_crm.access.permissions import CurrentMember
from saas_crm.access.policy import own_policy
from saas_crm.core.clock import now
from tenants.db import db
from tests.support.acts import acts
from tests.support.clients import Browser, Phone
from tests.support.making import Maker
from tests.web.pages import errors, heading

ClientFor = Callable[..., Browser]
Acting = Callable[[str], AbstractContextManager[CurrentMember]]
LIMITED = {"role__read": "all", "role__delete": "all", "role__update": "all"}


def give(acting: Acting, make: Maker, who: str, role_id: str) -> None:
    with acting("owner"):
        db.session.get_one(Member, make.member_id(who)).role_id = UUID(role_id)


def viewer_id(acting: Acting) -> str:
    with acting("owner"):
        return str(db.session.scalar(select(Role.id).where(Role.key == "viewer")))


@pytest.mark.newest
def test_who_gains_and_who_loses_is_shown_before(client_for: ClientFor, acting: Acting, make: Maker) -> None:
    make.company("colleague", name="Ada")
    role_id, viewer = make.own_role(company__read="own"), viewer_id(acting)
    give(acting, make, "rep", role_id)
    admin, here = client_for("admin"), f"/acme/settings/roles/{role_id}"
    asked = admin.post(f"{here}/deletion", data={"replacement_id": viewer, "version": "1"})
    assert heading(asked) == "Before you save"
    assert "Rita Rep" in asked.text
    assert admin.get(here).status_code == 200, "nothing has happened yet"
    sure = {"replacement_id": viewer, "version": "1", "confirmed": "1"}
    assert admin.post(f"{here}/deletion", data=sure).status_code == 303
    assert admin.get(here).status_code == 404
    assert "Ada" in client_for("rep").get("/acme/companies").text


def ask_of(acting: Acting, *role_ids: str) -> None:
    """Ask two-factor sign-in of who has these roles."""
    with acting("owner"):
        found = own_policy()
        found.two_factor_from, found.two_factor_roles = now(), [UUID(role_id) for role_id in role_ids]


def asked_now(acting: Acting) -> list[str]:
    with acting("owner"):
        return [str(role_id) for role_id in two_factor_policy().role_ids]


@pytest.mark.parametrize("held", [True, False])
def test_two_factor_sign_in_is_asked_of_the_role_instead(
    client_for: ClientFor, acting: Acting, make: Maker, held: bool
) -> None:
    """Also where nobody has the role: with it gone, the decision would ask it of nobody."""
    role_id, viewer = make.own_role(company__read="own"), viewer_id(acting)
    if held:
        give(acting, make, "rep", role_id)
    ask_of(acting, role_id)
    admin, here = client_for("admin"), f"/acme/settings/roles/{role_id}/deletion"
    assert "The role instead will need it in its place" in admin.get(here).text
    assert "replacement_id" in errors(admin.post(here, data={"confirmed": "1"}))
    assert asked_now(acting) == [role_id]
    answer = admin.post(here, data={"replacement_id": viewer, "confirmed": "1"})
    assert answer.status_code == 303
    assert asked_now(acting) == [viewer]
    assert client_for("viewer").get("/acme/companies").status_code == 302, "led to set it up"
    entries = acts(acting, action="update", resource="policy")
    assert entries[0].changes["two_factor_roles"] == [[role_id], [viewer]]


def test_the_decision_names_each_role_once(api_for: Callable[..., Phone], acting: Acting, make: Maker) -> None:
    role_id, viewer = make.own_role(company__read="own"), viewer_id(acting)
    ask_of(acting, role_id, viewer)
    admin = api_for("admin")
    assert admin.delete(f"/roles/{role_id}").status_code == 422
    assert admin.delete(f"/roles/{role_id}?replacement_id={viewer}").status_code == 204
    assert asked_now(acting) == [viewer]


def test_it_takes_the_right_to_change_members(
    client_for: ClientFor, api_for: Callable[..., Phone], acting: Acting, make: Maker
) -> None:
    role_id, viewer = make.own_role(company__read="own"), viewer_id(acting)
    give(acting, make, "rep", role_id)
    give(acting, make, "manager", make.own_role(name="Role keepers", **LIMITED))
    manager, here = client_for("manager"), f"/acme/settings/roles/{role_id}/deletion"
    assert "Only who may change members" in manager.get(here).text
    assert manager.post(here, data={"replacement_id": viewer}).status_code == 403
    assert api_for("manager").delete(f"/roles/{role_id}?replacement_id={viewer}").status_code == 403
    assert client_for("admin").get(f"/acme/settings/roles/{role_id}").status_code == 200
    free = make.own_role(name="Nobody's", company__read="own")
    assert manager.post(f"/acme/settings/roles/{free}/deletion").status_code == 303, "nobody gets another role by it"
