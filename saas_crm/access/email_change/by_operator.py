"""Another address for who has lost the mailbox of the present one: only the installation's operator may."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from saas_crm.access.email_change.asking import digest_of
from saas_crm.access.email_change.confirming import set_address
from saas_crm.access.email_change.letters import mail_changed
from saas_crm.access.email_change.models import EmailChange
from saas_crm.access.mailed import mail_verification, sign_out_everywhere
from saas_crm.access.queries import user_by_id
from saas_crm.access.shared_models import User
from saas_crm.access.sign_in_log import tell_workspaces
from saas_crm.core.clock import now
from saas_crm.core.errors import BusinessError, NotFound
from saas_crm.core.i18n import in_language
from tenants.db import SHARED, AnyRow, db
from tenants.runtime import runtime_settings


class AddressInUse(BusinessError):
    """Somebody else signs in with it, or may have it back for some days yet."""


def change_for(user_id: UUID, email: str) -> None:
    """Give a person this address (normalised), not confirmed yet; sign them out everywhere and tell both addresses.

    No link leads back: whoever has the former mailbox is not the one the operator believes. Raises AddressInUse, and
    NotFound for somebody who is not there.
    """
    user = user_by_id(user_id)
    if user is None:
        raise NotFound
    try:
        with db.engines[SHARED].begin() as connection:
            connection.execute(select(User.id).where(User.id == user_id).with_for_update())
            _keep_that_it_was_confirmed(connection, user, email)
            set_address(connection, user_id, email)
            connection.execute(update(User).where(User.id == user_id).values(email_verified_at=None))
            mine = update(EmailChange).where(EmailChange.user_id == user_id, EmailChange.undone_at.is_(None))
            connection.execute(mine.values(undone_at=now()))
            tell_workspaces(connection, "email_change", {}, user_id=user_id, through="command")
            sign_out_everywhere(connection, user_id)
            mail_changed(connection, user, user.email, email, None)
            with in_language(user.locale):
                mail_verification(connection, user_id, email, user.name, runtime_settings().base_url)
    except IntegrityError:
        raise AddressInUse from None


def _keep_that_it_was_confirmed(connection: Connection, user: AnyRow, email: str) -> None:
    """Write down that the former address was the person's own, where it was: then their second step stays theirs.

    Else whoever reads the new mailbox, which may be mistyped, would take it off by asking for a new password
    (`unconfirmed.drop_what_a_stranger_left`).
    """
    if user.email_verified_at is None:
        return
    moment = now()
    connection.execute(insert(EmailChange).values(
        user_id=user.id, old_email=user.email, new_email=email, old_confirmed=True, requested_at=moment,
        password_digest=digest_of(user.password_hash), expires_at=moment, ended_at=moment, undone_at=moment,
        undo_until=moment,
    ))  # fmt: skip
