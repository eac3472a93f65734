"""Another address for who has lost the mailbox of the present one: only the installation's operator may."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

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
from tenants.db import SHARED, db
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
