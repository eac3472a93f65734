"""Taking a change back by the link in a mail to the former address: for who finds somebody else in their sign-in.

The link opens what /forgot would open to the same mailbox, and the address with it. It asks for a new password at once,
since whoever made the change knew the present one, and takes off the factors they may have added since.
"""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, delete, or_, select, update

from saas_crm.access.email_change.confirming import set_address
from saas_crm.access.email_change.letters import mail_undone
from saas_crm.access.email_change.models import EmailChange
from saas_crm.access.factors.models import AuthenticatorApp, Passkey, RecoveryCode
from saas_crm.access.mailed import LinkState, sign_out_everywhere
from saas_crm.access.passwords import hash_password
from saas_crm.access.queries import user_by_id
from saas_crm.access.shared_models import User
from saas_crm.access.sign_in_log import tell_workspaces
from saas_crm.access.tokens import token_hash
from saas_crm.core.clock import now
from tenants.db import SHARED, AnyRow, db
from tenants.directory import shared_reader


def undo_behind(token: str) -> tuple[LinkState, AnyRow | None]:
    """Return what a link still is, and the change: `user_id`, `old_email`, `new_email`, `confirmed_at`."""
    query = select(EmailChange.__table__).where(_by(token))
    with shared_reader() as connection:
        row: AnyRow | None = connection.execute(query).one_or_none()
    if row is None:
        return LinkState.UNKNOWN, None
    if row.undone_at is not None:
        return LinkState.USED, row
    return (LinkState.EXPIRED if row.undo_until < now() else LinkState.GOOD), row


def _by(token: str) -> ColumnElement[bool]:
    digest = token_hash(token)
    return or_(EmailChange.stop_hash == digest, EmailChange.undo_hash == digest)


def undo_change(token: str, password: str, *, origin: Mapping[str, str]) -> UUID | None:
    """Give the person the former address back, with a new password; sign everybody out. None if the link is not good.

    Every change they were said to ask for since ends with it, and so does what was mailed about it: or the one who came
    in would take the address back in their turn.
    """
    hashed = hash_password(password)
    state, found = undo_behind(token)
    if found is None or state is not LinkState.GOOD:
        return None
    person = user_by_id(found.user_id)  # before the transaction, which holds the only connection a small pool may have
    with db.engines[SHARED].begin() as connection:
        former = connection.scalar(select(User.email).where(User.id == found.user_id).with_for_update())
        since = (EmailChange.user_id == found.user_id) & (EmailChange.requested_at >= found.requested_at)
        ended = update(EmailChange).where(since, EmailChange.undone_at.is_(None)).values(undone_at=now())
        if found.id not in connection.scalars(ended.returning(EmailChange.id)).all():
            return None  # two clicks at once: one wins
        connection.execute(update(User).where(User.id == found.user_id).values(password_hash=hashed))
        set_address(connection, found.user_id, found.old_email)
        tell_workspaces(connection, "email_change_undone", origin, user_id=found.user_id)
        _drop_added_since(connection, found, origin)
        sign_out_everywhere(connection, found.user_id, origin=origin)
        if person is not None and former != found.old_email:
            mail_undone(connection, person, str(former), found.old_email)
    user_id: UUID = found.user_id
    return user_id


def _drop_added_since(connection: Connection, change: AnyRow, origin: Mapping[str, str]) -> None:
    """Take off the app and the passkeys that came with or after the change; what was there before stays."""
    since, mine = change.requested_at, change.user_id
    app = delete(AuthenticatorApp).where(AuthenticatorApp.user_id == mine, AuthenticatorApp.created_at >= since)
    keys = delete(Passkey).where(Passkey.user_id == mine, Passkey.created_at >= since)
    if not connection.execute(app).rowcount + connection.execute(keys).rowcount:
        return
    left = (select(Passkey.user_id).where(Passkey.user_id == mine)).union_all(
        select(AuthenticatorApp.user_id).where(AuthenticatorApp.user_id == mine)
    )
    if connection.execute(left.limit(1)).first() is None:
        connection.execute(delete(RecoveryCode).where(RecoveryCode.user_id == mine))
    tell_workspaces(connection, "two_factor_reset", origin, user_id=mine)
