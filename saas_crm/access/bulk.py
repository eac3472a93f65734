"""Changing many members at once: who may be changed is, and the others are told with the reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select, update

from saas_crm.access.models import Member, Role, Team
from saas_crm.access.people_changed import PeopleChanged
from saas_crm.access.permissions import CurrentMember
from saas_crm.access.places import check_places
from saas_crm.access.roles import check_givable, held_role
from saas_crm.access.rules import MOST_AT_ONCE, Colleague, Refusal, refusals
from saas_crm.access.visibility import owned_within
from saas_crm.core.audit import acts, plain, record_act
from saas_crm.core.errors import InvalidInput
from saas_crm.core.events import publish
from saas_crm.core.i18n import gettext as _
from tenants.db import AnyRow, db, fetch, run


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many were changed, and who was not, with the reason in the reader's language.

    `changed` are id and name of those who were not so before.
    """

    done: int
    refused: Sequence[tuple[str, str]]
    changed: Sequence[tuple[UUID, str]] = ()


def hold_owners() -> None:
    """Let nobody else add or take owners in this transaction: they all hold the owners' role first."""
    db.session.execute(select(Role.id).where(Role.key == "owner").with_for_update())


@dataclass(frozen=True, slots=True)
class Change:
    """A change of members who are held: what they get, who gets it, and for whom it is refused."""

    values: Mapping[str, Any]
    wanted: Sequence[AnyRow]
    refused: Sequence[tuple[str, str]]

    @property
    def ids(self) -> list[UUID]:
        """Whom it changes."""
        return [row.id for row in self.wanted]


def role_change(ids: Sequence[UUID], role_id: UUID, *, actor: CurrentMember) -> Change:
    """Return the change that gives members another role. Raises Forbidden, and InvalidInput for an unknown role."""
    actor.require("member:update")
    return _asked(ids, {"role_id": role_id}, actor, **_about_owners(role_id, actor))


def _about_owners(role_id: UUID, actor: CurrentMember) -> dict[str, bool]:
    role = held_role(role_id, owners=True)
    ownership = role.key == "owner"
    if not ownership:  # of owners each member is told by themselves
        check_givable(role, actor)
    return {"takes_ownership": not ownership, "gives_ownership": ownership}


def team_change(ids: Sequence[UUID], team_id: UUID, *, actor: CurrentMember) -> Change:
    """Return the change that puts members into another team. Raises Forbidden, and InvalidInput for an unknown team."""
    actor.require("member:update")
    check_team_exists(team_id)
    hold_owners()
    return _asked(ids, {"team_id": team_id}, actor)


def freezing(ids: Sequence[UUID], frozen: bool, *, actor: CurrentMember) -> Change:
    """Return the change that locks members out from their next request on, or lets them in again.

    Raises Forbidden and InvalidInput.
    """
    actor.require("member:update")
    hold_owners()
    asked = _asked(ids, {"status": "frozen" if frozen else "active"}, actor, locks_out=frozen)
    if not frozen and (back := sum(row.status == "frozen" for row in asked.wanted)):
        check_places(back)
    return asked


def frozen_among(ids: Sequence[UUID]) -> int:
    """Return how many of these members are locked out: each needs a seat to come back."""
    return db.session.scalar(select(func.count()).where(Member.id.in_(ids), Member.status == "frozen")) or 0


def carry_out(change: Change) -> Outcome:
    """Change those who are to be changed; others are told with the reason."""
    written = _write(change.wanted, change.values)
    return Outcome(len(change.wanted), change.refused, [(row.id, row.name) for row in written])


def check_team_exists(team_id: UUID) -> None:
    """Raise InvalidInput for a team that does not exist."""
    if db.session.scalar(select(Team.id).where(Team.id == team_id, Team.deleted_at.is_(None))) is None:
        raise InvalidInput({"team_id": _("Choose a team.")}, {"team_id": "unknown"})


def _asked(ids: Sequence[UUID], values: Mapping[str, Any], actor: CurrentMember, **ownership: bool) -> Change:
    chosen, wrong = _asked_of(ids, actor, **ownership)
    refused = [(row.name, _reason(wrong[row.id])) for row in chosen if row.id in wrong]
    return Change(values, [row for row in chosen if row.id not in wrong], refused)


def _asked_of(
    ids: Sequence[UUID], actor: CurrentMember, **ownership: bool
) -> tuple[Sequence[AnyRow], dict[UUID, Refusal]]:
    """Return the members within the actor's scope, held, and for whom it is refused; raises InvalidInput.

    The owners' role has been held before.
    """
    if not ids:
        raise InvalidInput({"": _("Choose the members first.")})
    if len(ids) > MOST_AT_ONCE:
        raise InvalidInput({"": _("At most %(most)s at once.", most=MOST_AT_ONCE)})
    rows = _held(ids, actor)
    chosen = [row for row in rows if row.id in set(ids) and row.within]
    owners = {row.id for row in rows if row.key == "owner" and row.status == "active"}
    people = [Colleague(row.id, row.key == "owner", row.status == "active") for row in chosen]
    return chosen, refusals(people, owners, actor_id=actor.id, actor_is_owner=actor.role_key == "owner", **ownership)


def _held(ids: Sequence[UUID], actor: CurrentMember) -> Sequence[AnyRow]:
    """Return the members named, held, and all active owners; `within` says whether the actor's scope covers them."""
    within = owned_within(Member.id, actor, actor.require("member:update"))
    query = (
        select(Member.id, Member.name, Member.status, Member.role_id, Member.team_id, Role.key, within.label("within"))
        .join(Role, Role.id == Member.role_id)
        .where(
            or_(Member.id.in_(ids), (Role.key == "owner") & (Member.status == "active")),
            Member.status != "removed", Member.deleted_at.is_(None),
        )
        .order_by(Member.id)
        .with_for_update(of=Member)
    )  # fmt: skip
    return fetch(query).all()


def _write(rows: Sequence[AnyRow], values: Mapping[str, Any]) -> Sequence[AnyRow]:
    """Change the members who are not so yet, and return them."""
    [(name, value)] = values.items()
    changed = [row for row in rows if getattr(row, name) != value]
    if not changed:
        return changed
    renewed = {**values, "version": Member.version + 1, "updated_at": func.now()}
    writing = update(Member).where(Member.id.in_([row.id for row in changed])).values(renewed)
    told = {row.id: {name: [plain(getattr(row, name)), plain(value)]} for row in changed}
    run(db.session(), acts(db.session(), "update", "member", told).add_cte(writing.cte("written")), {})
    db.session.expire_all()
    if name in ("status", "role_id"):
        publish(PeopleChanged(gone=value == "frozen"))
    return changed


def put_into_team(ids: Sequence[UUID], team_id: UUID, *, former: UUID) -> None:
    """Put members, also former ones, into another team because theirs ends; each change leaves its row."""
    values = {"team_id": team_id, "version": Member.version + 1, "updated_at": func.now()}
    run(db.session(), update(Member).where(Member.id.in_(ids)).values(values), {})
    for member_id in ids:
        record_act(db.session(), "update", "member", member_id, {"team_id": [str(former), str(team_id)]})


def _reason(refusal: Refusal) -> str:
    return {
        "owner": _("Only an owner can change owners or make somebody an owner."),
        "self": _("You cannot lock yourself out. Ask another administrator."),
        "last_owner": _("A workspace needs at least one active owner."),
    }[refusal]
