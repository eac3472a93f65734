"""Joining by an invitation: a sign-in for who has none, and the member."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from saas_crm.access.models import Member
from saas_crm.access.passwords import hash_password
from saas_crm.access.shared_models import User
from saas_crm.core.audit import plain, record_act
from saas_crm.core.clock import now
from saas_crm.core.errors import InvalidInput
from saas_crm.core.i18n import gettext as _
from tenants.db import SHARED, AnyRow, db, new_id


def make_member(member_id: UUID, user: AnyRow, *, role_id: UUID, team_id: UUID | None) -> Member:
    """Write a new member by columns and not as an object: a workspace a release behind lacks those that came since."""
    db.session.execute(insert(Member).values(
        id=member_id, user_id=user.id, name=user.name, email=user.email, locale=user.locale, timezone=user.timezone,
        photo_digest=user.photo_digest, role_id=role_id, team_id=team_id,
    ))  # fmt: skip
    said = {
        "name": user.name, "email": user.email, "role_id": plain(role_id), "team_id": plain(team_id),
    }  # fmt: skip
    told = {name: [None, value] for name, value in said.items() if value is not None}
    record_act(db.session(), "create", "member", member_id, told)
    return db.session.get_one(Member, member_id)


def make_invited_user(email: str, name: str, password: str, *, locale: str, timezone: str) -> UUID:
    """Make a sign-in for an invited person; the mailed link has proven the address.

    Raises InvalidInput if the address has a sign-in already.
    """
    user_id = new_id()
    try:
        with db.engines[SHARED].begin() as connection:
            connection.execute(insert(User).values(
                id=user_id, email=email, name=name, password_hash=hash_password(password),
                locale=locale, timezone=timezone, email_verified_at=now(),
            ))  # fmt: skip
    except IntegrityError as taken:
        raise InvalidInput({"email": _("This address has a sign-in already; use its password.")}) from taken
    return user_id
