"""Removing members, the offers they made, and tokens within a scope."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from saas_crm.access import accepting, api_tokens, invitations, members
from saas_crm.access.models import ApiToken, Invitation, Role
from saas_crm.access.sessions import workspaces_of
from saas_crm.core.errors import InvalidInput, NotFound
from tenants.db import db
from tests.support.cast import Cast
from tests.support.making import Maker

Acting = Callable[[str], Any]
Jobs = Callable[[], list[str]]
EMAIL = "nina@new.example"


def remove(acting: Acting, make: Maker, who: str, by: str = "owner") -> None:
    with acting(by) as actor:
        members.remove(members.get_member(make.member_id(who)), actor=actor)


def slugs(app: Flask, cast: Cast, who: str) -> list[str]:
    with app.app_context():
        return [workspace.slug for workspace in workspaces_of(cast[who].user_id)]


def test_a_removal_that_is_rolled_back_leaves_everything(app: Flask, acting: Acting, make: Maker, cast: Cast) -> None:
    with acting("owner") as owner:
        members.remove(members.get_member(make.member_id("rep")), actor=owner)
        db.session.rollback()
    assert slugs(app, cast, "rep") == ["acme"]
    with acting("rep") as rep:
        assert rep.status == "active"


def test_the_list_of_workspaces_follows_by_a_job(
    app: Flask, acting: Acting, make: Maker, cast: Cast, jobs: Jobs
) -> None:
    remove(acting, make, "rep")
    assert slugs(app, cast, "rep") == ["acme"], "it refuses already; the job has not run"
    assert jobs() == ["access.drop_membership"]
    assert slugs(app, cast, "rep") == []


def test_who_comes_back_before_the_job_keeps_the_workspace(
    app: Flask, acting: Acting, make: Maker, cast: Cast, jobs: Jobs
) -> None:
    remove(acting, make, "rep")
    with acting("owner") as owner:
        invitation = _offer(owner, cast, "rep", cast["rep"].email)
        accepting.accept(invitation, user_id=cast["rep"].user_id, tenant=cast.tenants["acme"])
    assert "access.drop_membership" in jobs()
    assert slugs(app, cast, "rep") == ["acme"]


def _role(key: str) -> Any:
    return db.session.scalar(select(Role.id).where(Role.key == key))


def _offer(actor: Any, cast: Cast, role: str, email: str = EMAIL) -> Invitation:
    return invitations.invite(
        email, _role(role), actor=actor, tenant=cast.tenants["acme"], base_url="http://localhost", verified=True
    )


def _state(acting: Acting, email: str = EMAIL) -> str:
    with acting("owner"):
        return invitations.state_of(db.session.scalar(select(Invitation).where(Invitation.email == email)))


def _remove(member: Any, owner: Any) -> None:
    members.remove(member, actor=owner)


def _freeze(member: Any, owner: Any) -> None:
    members.set_frozen(member, True, actor=owner)


def _demote(member: Any, owner: Any) -> None:
    members.change_role(member, _role("rep"), actor=owner)


@pytest.mark.parametrize("fall", [_remove, _freeze, _demote])
def test_the_offer_of_somebody_who_fell_is_none_until_somebody_else_makes_it(
    acting: Acting, make: Maker, cast: Cast, fall: Callable[[Any, Any], None]
) -> None:
    with acting("admin") as admin:
        _offer(admin, cast, "viewer")
    assert _state(acting) == "good"
    with acting("owner") as owner:
        fall(members.get_member(make.member_id("admin")), owner)
    assert _state(acting) == "withdrawn"
    with acting("owner") as owner:
        [invitation] = db.session.scalars(select(Invitation)).all()
        with pytest.raises(NotFound):
            accepting.accept(invitation, user_id=cast["stranger"].user_id, tenant=cast.tenants["acme"])
        invitations.resend(
            invitation.id, actor=owner, tenant=cast.tenants["acme"], base_url="http://localhost", verified=True
        )
    assert _state(acting) == "good"


def test_an_owners_seat_is_an_owners_to_offer(acting: Acting, make: Maker, cast: Cast) -> None:
    with acting("owner") as owner:
        members.change_role(members.get_member(make.member_id("admin")), _role("owner"), actor=owner)
    with acting("admin") as second_owner:
        _offer(second_owner, cast, "owner")
    assert _state(acting) == "good"
    with acting("owner") as owner:
        members.change_role(members.get_member(make.member_id("admin")), _role("admin"), actor=owner)
    assert _state(acting) == "withdrawn"
    with acting("admin") as admin, pytest.raises(InvalidInput):
        invitations.resend(
            db.session.scalar(select(Invitation.id)), actor=admin, tenant=cast.tenants["acme"],
            base_url="http://localhost", verified=True,
        )  # fmt: skip


@pytest.mark.parametrize(("scope", "ended"), [
    ("own", {"manager"}),
    ("team", {"manager", "rep", "teammate"}),
    ("subtree", {"manager", "rep", "teammate"}),
    ("all", {"manager", "rep", "teammate", "colleague", "viewer"}),
])  # fmt: skip
def test_tokens_are_ended_within_the_scope(acting: Acting, make: Maker, scope: Any, ended: set[str]) -> None:
    found = set()
    with acting("manager") as manager:
        actor = replace(manager, permissions={**manager.permissions, "token:delete": scope})
        for who in ("manager", "rep", "teammate", "colleague", "viewer"):
            token_id = db.session.scalar(select(ApiToken.id).where(ApiToken.member_id == make.member_id(who)))
            try:
                api_tokens.revoke_token(token_id, actor=actor)
            except NotFound:
                continue
            found.add(who)
        gone = select(func.count()).select_from(ApiToken).where(ApiToken.revoked_at.is_not(None))
        assert db.session.scalar(gone) == len(ended)
    assert found == ended
