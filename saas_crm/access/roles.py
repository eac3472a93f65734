"""Roles: making, changing, copying and restoring them. Nobody gives more than they have themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import func, select, true

from saas_crm.access.field_rules import KEYS, allowed, rules_in
from saas_crm.access.founding import ROLE_NAMES
from saas_crm.access.models import Invitation, Member, Role
from saas_crm.access.ownership import check_version
from saas_crm.access.permissions import CurrentMember
from saas_crm.access.reach import RoleHeld
from saas_crm.access.role_rules import OWNER, as_it_came, beyond, effective, known, lacks, merged
from saas_crm.access.role_schemas import RoleWrite
from saas_crm.access.role_words import permission_words, scope_word
from saas_crm.core import limits
from saas_crm.core.errors import AlreadyExists, InvalidInput, NotFound
from saas_crm.core.forms import given
from saas_crm.core.i18n import gettext as _
from saas_crm.core.saving import insert
from tenants.db import AnyRow, db, fetch, new_id

MOST = 100
"""Roles of one workspace at most."""
_MEMBERS = (
    select(func.count()).where(Member.role_id == Role.id, Member.status != "removed").correlate(Role).scalar_subquery()
)
_OFFERS = (
    select(func.count())
    .where(Invitation.role_id == Role.id, Invitation.accepted_at.is_(None), Invitation.withdrawn_at.is_(None))
    .correlate(Role)
    .scalar_subquery()
)


def roles_in_use() -> Sequence[AnyRow]:
    """Return every role with how many members hold it and how many open invitations name it, built-in ones first."""
    query = (
        select(
            Role.id,
            Role.key,
            Role.name,
            Role.version,
            Role.permissions,
            _MEMBERS.label("members"),
            _OFFERS.label("invitations"),
        )
        .where(Role.deleted_at.is_(None))
        .order_by(Role.key.is_(None), Role.created_at, Role.id)
    )
    return fetch(query).all()


def was_changed(role: Role | AnyRow) -> bool:
    """Whether a built-in role is not as it came; the owner's always is."""
    if role.key is None or role.key == OWNER:
        return False
    return bool(role.permissions != merged(role.permissions, as_it_came(role.key)) or role.name != ROLE_NAMES[role.key])


def get_role(role_id: UUID, *, hold: bool = False) -> Role:
    """Return a role, held for this transaction if it is to be changed with what uses it; raises NotFound."""
    query = select(Role).where(Role.id == role_id, Role.deleted_at.is_(None))
    found = db.session.scalar(query.with_for_update() if hold else query)
    if found is None:
        raise NotFound
    return found


def role_of_key(key: str) -> Role | None:
    """Return a built-in role."""
    return db.session.scalar(select(Role).where(Role.key == key, Role.deleted_at.is_(None)))


def allowed_by(role: Role) -> dict[str, str]:
    """Return the permissions of a role, the owner's everything."""
    return known(effective(role.key, role.permissions))


def create_role(
    data: RoleWrite, *, actor: CurrentMember, role_id: UUID | None = None, like: Role | None = None
) -> Role:
    """Make a role, with what else `like` says if it is a copy. Raises Forbidden, InvalidInput and AlreadyExists."""
    actor.require("role:create")
    if role_id is not None and db.session.get(Role, role_id) is not None:
        raise AlreadyExists(str(role_id))
    wanted = data.granted()
    check_name(data.name, None)
    _check(wanted, {}, actor)
    if (db.session.scalar(select(func.count()).select_from(Role).where(Role.deleted_at.is_(None))) or 0) >= MOST:
        raise InvalidInput({"": _("A workspace has at most %(most)s roles.", most=MOST)}, {"": "too_many"})
    stored = merged(like.permissions if like else {}, wanted)
    check_rules(stored, {})
    role = Role(id=role_id or new_id(), key=None, name=data.name, permissions=stored)
    insert(role, may_exist=role_id is not None)
    return role


def update_role(role: Role, data: RoleWrite, *, actor: CurrentMember, version: int | None = None) -> Role:
    """Rename a role or change what it allows; what is not given stays.

    Raises Forbidden, InvalidInput (also for the owner's role, which always has everything) and VersionConflict.
    """
    check_changeable(role, actor)
    check_version(role, version)
    changes = given(data)
    if "name" in changes and data.name != role.name:
        check_name(data.name, role)
        role.name = data.name
    if "permissions" in changes or "fields" in changes:
        wanted = data.granted(role.permissions)
        check_permissions(role, wanted, actor)
        stored = merged(role.permissions, wanted)
        if stored != role.permissions:
            check_rules(stored, role.permissions)
            role.permissions = stored
    db.session.flush()
    return role


def check_rules(wanted: Mapping[str, str], former: Mapping[str, str]) -> None:
    """Raise FeatureNotInPlan for new rules of fields; those that are there stay, and can be taken away."""
    if rules_in(wanted).items() - rules_in(former).items():
        limits.check_feature("field_rules")


def check_changeable(role: Role | RoleHeld, actor: CurrentMember) -> None:
    """Raise Forbidden unless the actor may change roles, and InvalidInput for the owner's, which nobody changes."""
    actor.require("role:update")
    if role.key == OWNER:
        raise InvalidInput({"": _("The owner's role has everything; nobody can change it.")}, {"": "owner_role"})


def check_permissions(role: Role | RoleHeld, wanted: Mapping[str, str], actor: CurrentMember) -> None:
    """Refuse permissions that do not fit together, or that the actor has not; raises InvalidInput."""
    _check(wanted, role.permissions, actor)


def restore_built_in(role: Role, *, actor: CurrentMember, version: int | None = None) -> Role:
    """Give a built-in role the name and the permissions it came with. Raises as `update_role`, and NotFound."""
    check_changeable(role, actor)
    check_version(role, version)
    if role.key is None:
        raise NotFound
    _check(as_it_came(role.key), role.permissions, actor)
    role.name = ROLE_NAMES[role.key]
    role.permissions = merged(role.permissions, as_it_came(role.key))
    db.session.flush()
    return role


def role_to_give(role_id: UUID, actor: CurrentMember, *, field: str = "role_id", hold: bool = True) -> Role:
    """Return a role the actor may give to a member: one that is there and does not go beyond their own.

    It stays there until this transaction ends, unless it is only looked at. Raises InvalidInput for the form's `field`.
    """
    role = held_role(role_id, field=field, hold=hold)
    check_givable(role, actor, field=field)
    return role


def held_role(role_id: UUID, *, field: str = "role_id", owners: bool = False, hold: bool = True) -> Role:
    """Return a role that stays there until this transaction ends; raises InvalidInput for the form's `field`.

    With `owners` the owners' role is held before, by the same statement, as everybody does who adds or takes owners
    (`bulk.hold_owners`).
    """
    query = select(Role).where(Role.id == role_id, Role.deleted_at.is_(None))
    if hold:
        query = query.with_for_update(read=True, of=Role)
    if owners:  # their row is held before the other, which others may refer to meanwhile
        theirs = select(Role.id).where(Role.key == OWNER).with_for_update().subquery()
        query = query.join(theirs, true())
    role = db.session.scalar(query)
    if role is None:
        raise InvalidInput({field: _("Choose a role.")}, {field: "unknown"})
    return role


def roles_within(actor: CurrentMember) -> Sequence[AnyRow]:
    """Return id, key and name of the roles that do not go beyond the actor's own, without the owners'."""
    query = select(Role.id, Role.key, Role.name, Role.permissions).where(Role.deleted_at.is_(None))
    found = fetch(query.order_by(Role.created_at, Role.id)).all()
    return [row for row in found if row.key != OWNER and _is_givable(row, actor)]


def _is_givable(role: Role | AnyRow, actor: CurrentMember) -> bool:
    return actor.role_key == OWNER or (role.key != OWNER and not beyond(role.permissions, {}, actor.permissions))


def check_givable(role: Role, actor: CurrentMember, *, field: str = "role_id") -> None:
    """Raise InvalidInput for a role that goes beyond the actor's own."""
    if not _is_givable(role, actor):
        raise InvalidInput({field: _("This role may do more than you may yourself.")}, {field: "beyond"})


def check_name(name: str, role: Role | None) -> None:
    """Raise InvalidInput for a name that another role has."""
    same = select(Role.id).where(func.lower(Role.name) == name.lower(), Role.deleted_at.is_(None))
    if db.session.scalar(same.where(Role.id != role.id) if role else same) is not None:
        raise InvalidInput({"name": _("There is a role of this name already.")}, {"name": "taken"})


def _check(wanted: Mapping[str, str], former: Mapping[str, str], actor: CurrentMember) -> None:
    """Raise InvalidInput for each permission that lacks what it needs, or that goes beyond the actor's own."""
    errors, codes = {}, {}
    for key in KEYS & wanted.keys():
        if wanted[key] not in allowed(key):
            errors[key], codes[key] = _("This field cannot have this rule."), "field_rule"
    for lack in lacks(wanted):
        errors[lack.permission] = _(
            "This needs “%(permission)s”, reaching at least: %(scope)s.",
            permission=permission_words(lack.needed), scope=scope_word(lack.at_least, lack.needed),
        )  # fmt: skip
        codes[lack.permission] = "needs"
    own = effective(actor.role_key, actor.permissions)
    for permission in beyond(wanted, former, own):
        errors[permission] = _("You may not give more than you may yourself.")
        codes[permission] = "beyond"
    if errors:
        places = {name: f"{'fields' if name in KEYS else 'permissions'}.{name}" for name in errors}
        raise InvalidInput(
            {places[name]: text for name, text in errors.items()}, {places[name]: code for name, code in codes.items()}
        )
