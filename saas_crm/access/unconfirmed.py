"""A sign-in whose address nobody has ever confirmed becomes that of who has the address.

Anybody can sign up with anybody's address, and wait in it until something is given to that address.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, delete, exists, func, or_, select, update

from saas_crm.access.email_change.models import EmailChange
from saas_crm.access.factors.dropping import drop_factors
from saas_crm.access.factors.mails import UNPROVEN, tell_person
from saas_crm.access.mailed import end_links, sign_out_everywhere
from saas_crm.access.passwords import hash_password
from saas_crm.access.profile import profile_changed
from saas_crm.access.queries import user_by_id
from saas_crm.access.shared_models import User
from saas_crm.access.sign_in_log import tell_workspaces
from saas_crm.access.sign_in_models import KnownBrowser

_CHANGES_ARE_KEPT = func.to_regclass("public.email_changes").is_not(None)
"""Where the shared tables are a release behind there are none, and no factors either."""


def take_over(connection: Connection, user_id: UUID) -> None:
    """Take password, second factors, browsers and tokens off a sign-in; a link sets the first password that counts."""
    nobodys = hash_password(secrets.token_urlsafe(32))
    connection.execute(update(User).where(User.id == user_id).values(password_hash=nobodys))
    end_links(connection, user_id)
    drop_factors(connection, user_id)
    sign_out_everywhere(connection, user_id)


def drop_what_a_stranger_left(connection: Connection, user_id: UUID, origin: Mapping[str, str] | None) -> None:
    """Take second factors and known browsers off a sign-in whose address is just being proven, if it never was before.

    They are of whoever signed up, which may have been anybody, and the person is told by mail. Of one whose address was
    ever confirmed nothing is taken: a mailbox is no second factor. That holds too where an operator has given it
    another address since. Holds the person's row.
    """
    unproven = User.email_verified_at.is_(None) & _CHANGES_ARE_KEPT
    held = select(User.id).where(User.id == user_id, unproven).with_for_update()
    if connection.scalar(held) is None or connection.scalar(select(_was_confirmed(user_id))):
        return
    connection.execute(delete(KnownBrowser).where(KnownBrowser.user_id == user_id))
    if not drop_factors(connection, user_id):
        return
    if origin is not None:
        tell_workspaces(connection, "two_factor_reset", origin, user_id=user_id)
    if (person := user_by_id(user_id, connection)) is not None:
        tell_person(connection, person, UNPROVEN)
    profile_changed(connection, user_id)


def _was_confirmed(user_id: UUID) -> ColumnElement[bool]:
    before = or_(EmailChange.old_confirmed, EmailChange.confirmed_at.is_not(None))
    return exists().where(EmailChange.user_id == user_id, before)
