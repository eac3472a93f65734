"""What is left of changes of addresses, and for how long."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Delete, delete, exists

from saas_crm.access.email_change.models import EmailChange
from saas_crm.access.shared_models import User


def forget_changes(before: datetime) -> Delete:
    """Return what forgets the changes that cannot be taken back since then.

    One that tells that a former address was confirmed stays while the present one is not: by it a second step is known
    to be the person's own (`access.unconfirmed`).
    """
    unproven = exists().where(User.id == EmailChange.user_id, User.email_verified_at.is_(None))
    return delete(EmailChange).where(EmailChange.undo_until < before, ~(EmailChange.old_confirmed & unproven))
