"""Asking for another address: nothing changes before the link mailed there is followed.

Whether the address has a sign-in already is looked up by the job that mails, and told only to that address: page, work
and waiting are the same for every address.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, insert, select, update

from saas_crm.access.email_change.domains import check_domains
from saas_crm.access.email_change.letters import mail_asked, mail_confirmation, mail_taken
from saas_crm.access.email_change.models import EmailChange
from saas_crm.access.queries import user_by_email, user_by_id
from saas_crm.access.rules import LINKS_PER_ACCOUNT, LINKS_PER_ADDRESS
from saas_crm.access.sessions import SignedInUser
from saas_crm.access.shared_models import User
from saas_crm.access.sign_in_log import tell_workspaces
from saas_crm.access.throttle import count, network_of, throttle_key
from saas_crm.access.tokens import new_token, token_hash
from saas_crm.core.clock import now
from saas_crm.core.errors import InvalidInput
from saas_crm.core.i18n import gettext as _
from saas_crm.core.jobs import defer
from tenants.db import SHARED, AnyRow, db, new_id
from tenants.directory import shared_reader

LIFETIME = timedelta(days=1)
"""So long the link to the new address is good …"""
UNDO = timedelta(days=7)
"""… and so long those to the former one."""


def digest_of(password_hash: str) -> bytes:
    """Return what a change keeps of the stored password: with another one it is over."""
    return hashlib.sha256(password_hash.encode()).digest()


def is_open(moment: datetime) -> ColumnElement[bool]:
    """Return the condition for changes that wait for their confirmation."""
    table = EmailChange
    waits = table.confirmed_at.is_(None) & table.ended_at.is_(None) & table.undone_at.is_(None)
    return waits & (table.expires_at > moment)


def pending_change(user: SignedInUser) -> AnyRow | None:
    """Return `new_email`, `requested_at` and `expires_at` of the change the person has asked for, if one waits."""
    query = (
        select(EmailChange.id, EmailChange.new_email, EmailChange.requested_at, EmailChange.expires_at,
               EmailChange.password_digest, User.password_hash)
        .join(User, User.id == EmailChange.user_id)
        .where(EmailChange.user_id == user.id, EmailChange.old_email == User.email, is_open(now()))
    )  # fmt: skip
    with shared_reader() as connection:
        found: AnyRow | None = connection.execute(query).first()
    return found if found and found.password_digest == digest_of(found.password_hash) else None


def ask_for_change(user: SignedInUser, email: str, address: str, *, origin: Mapping[str, str]) -> None:
    """Have a link mailed to the new address (normalised) and a notice to the present one.

    It replaces what was asked for before.

    Raises InvalidInput for the present address and one that a workspace does not take, and TooManyAttempts.
    """
    if email == user.email:
        raise InvalidInput({"email": _("This is your present address.")}, {"email": "same"})
    check_domains(user.id, email)
    _limit(user.id, email, address)
    with db.engines[SHARED].begin() as connection:
        held = select(User.email, User.password_hash, User.email_verified_at).where(User.id == user.id)
        row = connection.execute(held.with_for_update()).one()
        end_open(connection, user.id)
        change_id, moment = new_id(), now()
        connection.execute(insert(EmailChange).values(
            id=change_id, user_id=user.id, old_email=row.email, new_email=email, requested_at=moment,
            old_confirmed=row.email_verified_at is not None, password_digest=digest_of(row.password_hash),
            expires_at=moment + LIFETIME, undo_until=moment + UNDO,
        ))  # fmt: skip
        defer(connection, "access.mail_email_change", change_id=str(change_id), first=True)
        tell_workspaces(connection, "email_change_asked", origin, user_id=user.id)


def _limit(user_id: UUID, email: str, address: str) -> None:
    count({
        throttle_key("email-change", str(user_id)): LINKS_PER_ACCOUNT,
        throttle_key("email-change-to", email): LINKS_PER_ACCOUNT,
        throttle_key("email-change-from", network_of(address)): LINKS_PER_ADDRESS,
    })  # fmt: skip


def ask_again(user: SignedInUser, address: str) -> str | None:
    """Mail the link of the change that waits once more, good for another day; returns where to, None if none waits.

    The link of before stops working. Raises TooManyAttempts.
    """
    found = pending_change(user)
    if found is None:
        return None
    _limit(user.id, found.new_email, address)
    with db.engines[SHARED].begin() as connection:
        mine = update(EmailChange).where(EmailChange.id == found.id, is_open(now()))
        if not connection.execute(mine.values(expires_at=now() + LIFETIME)).rowcount:
            return None
        defer(connection, "access.mail_email_change", change_id=str(found.id), first=False)
    return str(found.new_email)


def withdraw_change(user_id: UUID) -> bool:
    """Take back what the person has asked for; returns whether anything waited."""
    with db.engines[SHARED].begin() as connection:
        return end_open(connection, user_id)


def end_open(connection: Connection, user_id: UUID) -> bool:
    """End what waits of a person, in the transaction of what ends it; the link to the new address is unknown then."""
    waiting = update(EmailChange).where(EmailChange.user_id == user_id, is_open(now()))
    return bool(connection.execute(waiting.values(ended_at=now(), token_hash=None)).rowcount)


def mail_change(change_id: UUID, *, first: bool) -> None:
    """Mail a change that waits: the link to the new address, and the `first` time the notice to the present one."""
    with db.engines[SHARED].begin() as connection:
        held = select(EmailChange.__table__).where(EmailChange.id == change_id, is_open(now())).with_for_update()
        change = connection.execute(held).one_or_none()
        user = user_by_id(change.user_id, connection) if change else None
        if change is None or user is None:
            return
        values: dict[str, bytes] = {}
        if user_by_email(change.new_email, connection) is not None:
            mail_taken(connection, user, change.new_email)
        else:
            values["token_hash"] = token_hash(token := new_token())
            mail_confirmation(connection, user, change.new_email, token)
        if first:
            stop = new_token() if change.old_confirmed else None
            values |= {"stop_hash": token_hash(stop)} if stop else {}
            mail_asked(connection, user, change.old_email, change.new_email, stop)
        if values:
            connection.execute(update(EmailChange).where(EmailChange.id == change_id).values(**values))
