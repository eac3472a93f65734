"""Following the link that was mailed to the new address: it takes the person's own session as well.

Who mistyped their address has mailed the link to a stranger; without their session it is worth nothing there.
"""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import Connection, select, update
from sqlalchemy.exc import IntegrityError

from saas_crm.access.email_change.asking import UNDO, digest_of, end_open
from saas_crm.access.email_change.domains import check_domains
from saas_crm.access.email_change.letters import mail_changed
from saas_crm.access.email_change.models import EmailChange
from saas_crm.access.mailed import LinkState, end_links, sign_out_everywhere
from saas_crm.access.profile import profile_changed
from saas_crm.access.queries import user_by_id
from saas_crm.access.sessions import SignedInUser
from saas_crm.access.shared_models import User
from saas_crm.access.sign_in_log import tell_workspaces
from saas_crm.access.tokens import new_token, token_hash
from saas_crm.core.clock import now
from saas_crm.core.errors import InvalidInput
from saas_crm.core.i18n import gettext as _
from tenants.db import SHARED, AnyRow, AnySelect, db
from tenants.directory import shared_reader


def change_behind(user: SignedInUser, token: str) -> tuple[LinkState, AnyRow | None]:
    """Return what a link still is, and the change; one that is not for this person is unknown."""
    with shared_reader() as connection:
        row = connection.execute(_behind(user.id, token)).one_or_none()
    return _state(row), row


def _behind(user_id: UUID, token: str) -> AnySelect:
    return (
        select(EmailChange.id, EmailChange.old_email, EmailChange.new_email, EmailChange.old_confirmed,
               EmailChange.expires_at, EmailChange.confirmed_at, EmailChange.password_digest, User.password_hash,
               User.email)
        .join(User, User.id == EmailChange.user_id)
        .where(EmailChange.token_hash == token_hash(token), EmailChange.user_id == user_id,
               EmailChange.ended_at.is_(None), EmailChange.undone_at.is_(None))
    )  # fmt: skip


def _state(row: AnyRow | None) -> LinkState:
    if row is None:
        return LinkState.UNKNOWN
    if row.confirmed_at is not None:
        return LinkState.USED
    if row.email != row.old_email or row.password_digest != digest_of(row.password_hash):
        return LinkState.UNKNOWN
    return LinkState.EXPIRED if row.expires_at < now() else LinkState.GOOD


def confirm_change(user: SignedInUser, token: str, *, origin: Mapping[str, str]) -> LinkState:
    """Give the person the new address; all other browsers and programs of theirs are signed out, and links end.

    Returns what the link was; only a good one changes anything. Raises InvalidInput, by the field "", where somebody
    else has the address by now, and by "email" where a workspace does not take it any more.
    """
    state, found = change_behind(user, token)
    if found is None or state is not LinkState.GOOD:
        return state
    check_domains(user.id, found.new_email)
    person = user_by_id(user.id)  # before the transaction, which holds the only connection a small pool may have
    try:
        with db.engines[SHARED].begin() as connection:
            connection.execute(select(User.id).where(User.id == user.id).with_for_update())
            row = connection.execute(_behind(user.id, token)).one_or_none()
            if row is not None and (state := _state(row)) is LinkState.GOOD:
                undo = _change(connection, user, row, origin)
                if person is not None:
                    mail_changed(connection, person, row.old_email, row.new_email, undo)
    except IntegrityError:
        message = _("Somebody else signs in with %(email)s by now. Nothing was changed.", email=found.new_email)
        raise InvalidInput({"": message}, {"": "taken"}) from None
    return state


def _change(connection: Connection, user: SignedInUser, row: AnyRow, origin: Mapping[str, str]) -> str | None:
    """Write the change; returns the token of the link that takes it back, None where none is given."""
    moment, undo = now(), new_token() if row.old_confirmed else None
    mine = update(EmailChange).where(EmailChange.id == row.id)
    connection.execute(mine.values(
        confirmed_at=moment, undo_until=moment + UNDO, undo_hash=token_hash(undo) if undo else None,
    ))  # fmt: skip
    set_address(connection, user.id, row.new_email)
    tell_workspaces(connection, "email_change", origin, user_id=user.id)
    sign_out_everywhere(connection, user.id, keep=user.session_id, origin=origin)
    return undo


def set_address(connection: Connection, user_id: UUID, email: str) -> None:
    """Write an address that has been proven to be the person's; links mailed before end, and workspaces learn it."""
    connection.execute(update(User).where(User.id == user_id).values(email=email, email_verified_at=now()))
    end_links(connection, user_id)
    end_open(connection, user_id)
    profile_changed(connection, user_id)
