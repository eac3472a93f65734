"""The list of members as admins see it: searched, narrowed, sorted, paged by key."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import null, select

from saas_crm.access.models import Member, Role, Team
from saas_crm.access.permissions import CurrentMember
from saas_crm.access.seats import seated
from saas_crm.access.visibility import owned_within
from saas_crm.core.folding import fold
from saas_crm.core.pinyin import pinyin_words, sort_key
from tenants.context import current_tenant
from tenants.db import AnyRow, fetch
from tenants.versions import lacks_tables

PAGE = 50
STATUSES = ("active", "frozen")
ANSWERS = ("yes", "no")


@dataclass(frozen=True, slots=True)
class MemberFilter:
    """What the list is narrowed to; empty fields do not narrow. A team stands for all its branch."""

    q: str = ""
    role_id: UUID | None = None
    team_id: UUID | None = None
    status: str = ""
    two_factor: str = ""
    """ "yes" or "no"."""

    @property
    def narrows(self) -> bool:
        """Whether any filter is set."""
        return bool(self.q or self.role_id or self.team_id or self.status or self.two_factor)


@dataclass(frozen=True, slots=True)
class MemberPage:
    """Some members, how many there are in all, and the key after which the next page begins."""

    rows: Sequence[AnyRow]
    count: int
    after: tuple[str, UUID] | None


def _seen(row: AnyRow) -> str:
    return row.last_seen_at.isoformat() if row.last_seen_at else ""


ORDERS: Mapping[str, tuple[Callable[[AnyRow], str], bool]] = {
    "name": (lambda row: sort_key(row.name, person=True), False),
    "-name": (lambda row: sort_key(row.name, person=True), True),
    "email": (lambda row: row.email, False),
    "-email": (lambda row: row.email, True),
    "-last_seen_at": (_seen, True),
    "last_seen_at": (_seen, False),
}
"""By what each order sorts, and whether downwards. Names stand as an address book has them, Chinese by their pinyin:
no column knows that, and a workspace has hundreds of members at most, so the keys are made here."""


def member_page(
    member: CurrentMember, wanted: MemberFilter, *, sort: str = "name", after: Sequence[Any] | None = None,
    limit: int = PAGE,
) -> MemberPage:  # fmt: skip
    """Return one page of the members who have not been removed: what the list shows of each, in its order."""
    key_of, downwards = ORDERS[sort]
    keyed = sorted(((key_of(row), row.id) for row in _matching(member, wanted)), reverse=downwards)
    start = tuple(after) if after else None
    rest = [key for key in keyed if start is None or (key < start if downwards else key > start)]
    shown = rest[:limit]
    rows = {row.id: row for row in fetch(_shown([key[1] for key in shown])).all()} if shown else {}
    following = shown[-1] if len(rest) > limit else None
    return MemberPage([rows[key[1]] for key in shown if key[1] in rows], len(keyed), following)


def _matching(member: CurrentMember, wanted: MemberFilter) -> list[AnyRow]:
    within = owned_within(Member.id, member, member.require("member:read"))
    query = select(Member.id, Member.name, Member.email, Member.last_seen_at).where(
        Member.deleted_at.is_(None), Member.status != "removed", within
    )
    if wanted.role_id:
        query = query.where(Member.role_id == wanted.role_id)
    if wanted.status:
        query = query.where(Member.status == wanted.status)
    if wanted.two_factor and not lacks_tables(current_tenant()):
        query = query.where(Member.two_factor if wanted.two_factor == "yes" else ~Member.two_factor)
    if wanted.team_id:
        query = query.join(Team, Team.id == Member.team_id).where(Team.path.contains([wanted.team_id]))
    words = fold(wanted.q).split()
    return [row for row in fetch(query).all() if _has(row, words)]


def _has(row: AnyRow, words: Sequence[str]) -> bool:
    """Whether name, its pinyin or the address hold all words."""
    if not words:
        return True
    spelt = pinyin_words(row.name, person=True).lower()
    text = f"{fold(row.name)}\n{row.email}\n{spelt}\n{spelt.replace(' ', '')}"
    return all(word in text for word in words)


def named_members(ids: Sequence[UUID]) -> Sequence[AnyRow]:
    """Return id and name of these members, as far as they are there."""
    if not ids:
        return []
    query = select(Member.id, Member.name).where(Member.id.in_(ids), Member.status != "removed")
    return sorted(fetch(query), key=lambda row: sort_key(row.name))


def _shown(ids: Sequence[UUID]) -> Any:
    known = not lacks_tables(current_tenant())
    return (
        select(
            Member.id, Member.user_id, Member.name, Member.email, Member.photo_digest, Member.status,
            Member.last_seen_at, Role.key.label("role_key"), Role.name.label("role_name"),
            Team.name.label("team_name"), Member.two_factor if known else null().label("two_factor"),
            seated().label("seated"),
        )
        .join(Role, Role.id == Member.role_id)
        .outerjoin(Team, Team.id == Member.team_id)
        .where(Member.id.in_(ids))
    )  # fmt: skip
