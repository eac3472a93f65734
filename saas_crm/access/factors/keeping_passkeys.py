"""Adding, naming and removing one's passkeys, with the recovery codes and the notices that go with it."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import delete, select, update

from saas_crm.access.factors.asked import check_not_demanded
from saas_crm.access.factors.mails import KEY, KEY_GONE, RENEWED, tell_person
from saas_crm.access.factors.models import Passkey, RecoveryCode
from saas_crm.access.factors.passkeys import Answer, store_passkey
from saas_crm.access.factors.setting_up import write_codes
from saas_crm.access.factors.standing import held_factors
from saas_crm.access.profile import profile_changed
from saas_crm.access.sessions import SignedInUser
from saas_crm.access.shared_models import UserSession
from saas_crm.access.sign_in_log import tell_workspaces
from saas_crm.core.errors import NotFound
from tenants.db import SHARED, db


def add_passkey(user: SignedInUser, name: str, answer: Answer, *, origin: Mapping[str, str]) -> list[str]:
    """Keep a passkey; return recovery codes, which are shown once, if it is the first second step. Raises InvalidInput.

    The person's row is held, so that two at one moment do not both make codes. Raises NotFound where the session was
    ended until then: a new password that was just being set would else leave a passkey of who had the former one.
    """
    with db.engines[SHARED].begin() as connection:
        held = held_factors(connection, user.id)
        if connection.scalar(select(UserSession.id).where(UserSession.id == user.session_id)) is None:
            raise NotFound
        store_passkey(connection, user, name, answer, held=held.passkeys)
        tell_workspaces(connection, "passkey_added", origin, user_id=user.id)
        tell_person(connection, user, KEY)
        profile_changed(connection, user.id)
        has_codes = select(RecoveryCode.id).where(RecoveryCode.user_id == user.id).limit(1)
        return [] if connection.execute(has_codes).first() else write_codes(connection, user.id)


def rename_passkey(user_id: UUID, passkey_id: UUID, name: str) -> None:
    """Call a passkey otherwise; raises NotFound."""
    mine = update(Passkey).where(Passkey.id == passkey_id, Passkey.user_id == user_id)
    with db.engines[SHARED].begin() as connection:
        if not connection.execute(mine.values(name=name)).rowcount:
            raise NotFound


def remove_passkey(user: SignedInUser, passkey_id: UUID, *, origin: Mapping[str, str]) -> None:
    """Take a passkey off; with the last second step the recovery codes go too.

    Raises NotFound, and InvalidInput where a workspace asks for what would be the last second step.
    """
    if not _remove_passkey(user, passkey_id, may_be_last=False, origin=origin):
        check_not_demanded(user.id)  # in each workspace: no row is held meanwhile
        _remove_passkey(user, passkey_id, may_be_last=True, origin=origin)


def _remove_passkey(user: SignedInUser, passkey_id: UUID, *, may_be_last: bool, origin: Mapping[str, str]) -> bool:
    """Take it off; returns False, and does nothing, where it is the last second step and may not be."""
    with db.engines[SHARED].begin() as connection:
        found = held_factors(connection, user.id)  # of two at once one is the last
        last = found.app_since is None and found.passkeys == 1
        if last and not may_be_last:
            return False
        mine = delete(Passkey).where(Passkey.id == passkey_id, Passkey.user_id == user.id)
        if not connection.execute(mine).rowcount:
            raise NotFound
        if last:
            connection.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))
        tell_workspaces(connection, "passkey_removed", origin, user_id=user.id)
        tell_person(connection, user, KEY_GONE)
        profile_changed(connection, user.id)
    return True


def codes_by_passkey(user: SignedInUser, *, origin: Mapping[str, str]) -> list[str]:
    """Make new recovery codes and return them, for who has just proven themselves by a passkey."""
    with db.engines[SHARED].begin() as connection:
        codes = write_codes(connection, user.id)
        tell_workspaces(connection, "recovery_codes_made", origin, user_id=user.id)
        tell_person(connection, user, RENEWED)
    return codes
