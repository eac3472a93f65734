"""Names for ids, of any kind, in one statement: told to who may see the record that bears them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Text, True_, cast, literal, null, select, union_all
from sqlalchemy.dialects.postgresql import JSONB

from saas_crm.access.models import Invitation, Member, Role, Team
from saas_crm.access.permissions import CurrentMember
from saas_crm.access.visibility import visible
from tenants.db import fetch


@dataclass(frozen=True, slots=True)
class Nameable:
    """A kind of record with a name: `names` are per language, `code` that of a built-in one.

    `guarded` are those whose names only who sees the record may know.
    """

    model: type[Any]
    label: Any
    names: Any = None
    code: Any = None
    guarded: bool = True


class Named(NamedTuple):
    """What a record is called; `gone` says that it lies in the recycle bin."""

    name: str
    names: Mapping[str, str]
    code: str
    gone: bool


Names = Mapping[tuple[str, UUID], Named]
_kinds: dict[str, Nameable] = {
    "member": Nameable(Member, Member.name, guarded=False),
    "role": Nameable(Role, Role.name, code=Role.key, guarded=False),
    "team": Nameable(Team, Team.name, guarded=False),
    "invitation": Nameable(Invitation, Invitation.email, guarded=False),
}


def nameable(kind: str, found: Nameable) -> None:
    """Register a kind of record that has names."""
    _kinds[kind] = found


def nameables() -> Mapping[str, Nameable]:
    """Return every kind of record that has names."""
    return _kinds


def is_guarded(kind: str) -> bool:
    """Whether a kind's records are told to those only who see them."""
    return kind in _kinds and _kinds[kind].guarded


def sees_all(kind: str, member: CurrentMember) -> bool:
    """Whether the member sees every record of a kind, those that are gone for good too."""
    return isinstance(visible(_kinds[kind].model, member), True_)


def names_of(wanted: Mapping[str, Collection[UUID]], member: CurrentMember) -> Names:
    """Return what the records with these ids are called, of those the member may know; also of recycled ones."""
    parts = [_part(kind, _kinds[kind], ids, member) for kind, ids in wanted.items() if ids and kind in _kinds]
    if not parts:
        return {}
    rows = fetch(union_all(*parts))
    return {(row[0], row[1]): Named(row[2], row[3] or {}, row[4] or "", row[5]) for row in rows}


def _part(kind: str, found: Nameable, ids: Collection[UUID], member: CurrentMember) -> Any:
    model = found.model
    query = select(
        literal(kind).label("kind"), model.id, cast(found.label, Text).label("name"),
        (cast(null(), JSONB) if found.names is None else found.names).label("names"),
        (cast(null(), Text) if found.code is None else found.code).label("code"),
        model.deleted_at.is_not(None).label("gone"),
    ).where(model.id.in_(sorted(ids)))  # fmt: skip
    return query.where(visible(model, member)) if found.guarded else query
