"""Reads: the member behind a request, and the lists that members pick from."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, case, false, func, literal_column, null, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import aliased

from saas_crm.access.entry_rules import rules_of
from saas_crm.access.field_rules import rules_in
from saas_crm.access.models import ApiToken, Invitation, Member, Role, Team
from saas_crm.access.narrowing import TokenFacts, narrowed
from saas_crm.access.permissions import CurrentMember
from saas_crm.access.role_rules import EVERYTHING, OWNER
from saas_crm.access.seat_rules import has_seat
from saas_crm.access.shared_models import User
from saas_crm.access.standing import STANDING, standing_columns
from saas_crm.access.tokens import token_hash
from saas_crm.access.ways import ways_of
from saas_crm.core.clock import now
from saas_crm.core.errors import NotFound
from saas_crm.core.keyset import at_most
from saas_crm.core.pinyin import sort_key
from tenants.context import current_tenant
from tenants.db import AnyRow, AnySelect, db, fetch
from tenants.directory import shared_reader
from tenants.kept import Kept
from tenants.runtime import runtime_directory
from tenants.versions import lacks_tables

_MEMBER = (
    select(
        Member.id, Member.user_id, Member.name, Member.email, Role.key, Role.name, Member.locale, Member.timezone,
        Member.status, Member.team_id, Member.photo_digest, Role.permissions,
    )
    .join(Role, Role.id == Member.role_id)
    .where(Member.status == "active", Member.deleted_at.is_(None))
)  # fmt: skip
_KNOWN = len(_MEMBER.selected_columns)


_GIVEN = aliased(Role, name="given_role")


class _LookUps:
    """How a member is found, built once: these stand before every answer."""

    def __init__(self, member: AnySelect, *, of_token: Sequence[Any]) -> None:
        self.facts = len(of_token)
        self.of_user = Kept(member.where(Member.user_id == bindparam("user_id")))
        self.by_id = Kept(member.where(Member.id == bindparam("member_id")))
        self.of_token = Kept(
            member.add_columns(*of_token)
            .join(ApiToken, ApiToken.member_id == Member.id)
            .outerjoin(_GIVEN, _GIVEN.id == ApiToken.role_id if self.facts > len(_ANY_TOKEN) else false())
            .where(
                ApiToken.token_hash == bindparam("token_hash"),
                ApiToken.revoked_at.is_(None),
                ApiToken.expires_at.is_(None) | (ApiToken.expires_at > bindparam("moment")),
            )
        )


_ANY_TOKEN = (ApiToken.id.label("token_id"), ApiToken.created_at, ApiToken.last_used_at)
_TOKEN = (
    *_ANY_TOKEN, ApiToken.kind, ApiToken.read_only, _GIVEN.name.label("given_name"),
    case(
        (ApiToken.role_id.is_(None), null()), (_GIVEN.deleted_at.is_not(None), literal_column("'{}'::jsonb", JSONB)),
        else_=_GIVEN.permissions,
    ).label("given"),
    ApiToken.proved_at,
)  # fmt: skip
"""A role that was deleted lets its tokens do nothing."""
_NOW = _LookUps(_MEMBER.add_columns(*standing_columns()), of_token=_TOKEN)
_BETWEEN = _LookUps(_MEMBER.add_columns(STANDING), of_token=_ANY_TOKEN)
"""For a workspace that has no teams' managers, helpers, units, shares and policies yet."""
_FORMER = _LookUps(_MEMBER, of_token=_ANY_TOKEN)
"""For one where the shared tables are as the former release left them, too."""

_NAMES = Kept(select(Member.id, Member.name).where(Member.status == "active").order_by(Member.id).limit(at_most(1000)))


def member_of_user(user_id: UUID) -> CurrentMember | None:
    """Return the user's member in the tenant that speaks, or None if they are no (active) member of it."""
    return _member(fetch(_look_ups().of_user, {"user_id": user_id}).one_or_none())


def ended_membership(user_id: UUID) -> str | None:
    """Return "frozen" or "removed" if the user was a member and may not come in now, else None."""
    return db.session.scalar(select(Member.status).where(Member.user_id == user_id, Member.status != "active"))


def member_by_id(member_id: UUID) -> CurrentMember:
    """Return an active member as the value permissions are asked of; raises NotFound."""
    found = _member(fetch(_look_ups().by_id, {"member_id": member_id}).one_or_none())
    if found is None:
        raise NotFound
    return found


def member_of_token(token: str) -> tuple[CurrentMember, TokenFacts] | None:
    """Return the member behind an API token, narrowed to what it may do, and the token; None for one that is no good.

    No good is one that is unknown, expired or revoked.
    """
    looking = _look_ups()
    row = fetch(looking.of_token, {"token_hash": token_hash(token), "moment": now()}).one_or_none()
    found = _member(row[: -looking.facts] if row else None)
    if row is None or found is None:
        return None
    facts = TokenFacts(*row[-looking.facts :])
    return narrowed(found, facts), facts


def _look_ups() -> _LookUps:
    if not lacks_tables(current_tenant()):
        return _NOW
    return _FORMER if runtime_directory().shared_tables_behind() else _BETWEEN


def _member(row: Sequence[Any] | None) -> CurrentMember | None:
    if row is None:
        return None
    found = CurrentMember(*row[:_KNOWN])
    if len(row) == _KNOWN + 1:
        found = replace(found, workspace_standing=row[_KNOWN])
    elif len(row) > _KNOWN:
        teams, walls, shares, children_follow, due, told, standing, accent, logo, ways, place = row[_KNOWN:]
        found = replace(
            found, teams=tuple(teams), walls=tuple(walls), shares=shares, children_follow=children_follow,
            second_factor_due=due, entry=rules_of(told, owner=found.role_key == OWNER), workspace_standing=standing,
            accent=accent, logo=logo, ways=ways_of(ways), seated=has_seat(place, current_tenant().plan),
        )  # fmt: skip
        found = replace(found, locale=found.ways.speaks(found.locale, current_tenant().locale))
    if found.role_key == OWNER:  # has everything there is, also what came with a later release
        return replace(found, permissions=EVERYTHING)
    rules = rules_in(found.permissions)
    return replace(found, fields=rules) if rules else found


def members(*, include_frozen: bool = False) -> Sequence[AnyRow]:
    """Return name, e-mail, photo, role, team and status of the members who have not been removed, by name."""
    query = (
        select(
            Member.id, Member.user_id, Member.name, Member.email, Member.photo_digest, Member.status,
            Member.last_seen_at,
            Role.id.label("role_id"), Role.key.label("role_key"), Role.name.label("role_name"),
            Team.name.label("team_name"), Member.version,
        )
        .join(Role, Role.id == Member.role_id)
        .outerjoin(Team, Team.id == Member.team_id)
        .where(Member.deleted_at.is_(None), Member.status != "removed")
        .order_by(Member.id)
        .limit(1000)
    )  # fmt: skip
    if not include_frozen:
        query = query.where(Member.status == "active")
    return sorted(fetch(query), key=by_name)


@lru_cache(5_000)
def name_key(name: str) -> str:
    """Return what a person's name is sorted by."""
    return sort_key(name, person=True)


def by_name(row: AnyRow) -> str:
    """Return what a row with a person's name is sorted by."""
    return name_key(row.name)


def member_names() -> Sequence[AnyRow]:
    """Return id and name of the active members by name, for pickers and filters."""
    return sorted(fetch(_NAMES), key=by_name)


def is_active_member(member_id: UUID) -> bool:
    """Whether an id names an active member."""
    query = select(func.count()).where(Member.id == member_id, Member.status == "active")
    return bool(db.session.scalar(query))


def team_of(member_id: UUID | None) -> UUID | None:
    """Return the team a member belongs to, if any."""
    return db.session.scalar(select(Member.team_id).where(Member.id == member_id)) if member_id else None


def roles() -> Sequence[AnyRow]:
    """Return id, key and name of the roles, built-in ones first."""
    query = select(Role.id, Role.key, Role.name).where(Role.deleted_at.is_(None)).order_by(Role.created_at, Role.id)
    return fetch(query).all()


def teams() -> Sequence[AnyRow]:
    """Return id, name and path of the teams."""
    query = select(Team.id, Team.name, Team.path).where(Team.deleted_at.is_(None)).order_by(Team.path)
    return fetch(query).all()


def open_invitations() -> Sequence[AnyRow]:
    """Return the invitations nobody has answered or withdrawn, newest first."""
    query = (
        select(Invitation.id, Invitation.email, Invitation.expires_at, Invitation.created_at,
               Role.key.label("role_key"), Role.name.label("role_name"), Team.name.label("team_name"))
        .join(Role, Role.id == Invitation.role_id)
        .outerjoin(Team, Team.id == Invitation.team_id)
        .where(Invitation.accepted_at.is_(None), Invitation.withdrawn_at.is_(None))
        .order_by(Invitation.created_at.desc())
        .limit(200)
    )  # fmt: skip
    return fetch(query).all()


_USER = select(
    User.id, User.name, User.email, User.password_hash, User.locale, User.timezone, User.email_verified_at,
    User.photo_digest,
)  # fmt: skip


def user_by_email(email: str, connection: Connection | None = None) -> AnyRow | None:
    """Return id, name, password hash, language and more of the user with this address (normalised already).

    In the middle of a transaction by its connection: there may be no other.
    """
    return _one_user(_USER.where(User.email == email), connection)


def user_by_id(user_id: UUID, connection: Connection | None = None) -> AnyRow | None:
    """Return the same of a user one knows already."""
    return _one_user(_USER.where(User.id == user_id), connection)


def _one_user(query: AnySelect, present: Connection | None) -> AnyRow | None:
    with nullcontext(present) if present is not None else shared_reader() as connection:
        found: AnyRow | None = connection.execute(query).one_or_none()
    return found
