"""Links we mail: verify an address, set a new password. Random, hashed, timed, used once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from enum import Enum
from uuid import UUID

from sqlalchemy import Connection, insert, select, update

from saas_crm.access.sessions import drop_sessions
from saas_crm.access.shared_models import MailedToken, User
from saas_crm.access.tokens import new_token, token_hash
from saas_crm.core.clock import now
from saas_crm.core.i18n import gettext as _
from saas_crm.core.jobs import defer
from saas_crm.core.mail import Letter, send
from tenants.db import SHARED, db

LIFETIME = {"verify": timedelta(days=7), "reset": timedelta(hours=1)}


class LinkState(Enum):
    """What a mailed link still is."""

    GOOD = "good"
    UNKNOWN = "unknown"
    EXPIRED = "expired"
    USED = "used"


def make_link(connection: Connection, purpose: str, user_id: UUID) -> str:
    """Store a token for a purpose and return it."""
    token = new_token()
    connection.execute(
        insert(MailedToken).values(
            purpose=purpose,
            user_id=user_id,
            token_hash=token_hash(token),
            expires_at=now() + LIFETIME[purpose],
        )
    )
    return token


def mail_verification(connection: Connection, user_id: UUID, email: str, name: str, base_url: str) -> None:
    """Ask a person to confirm that the address is theirs."""
    token = make_link(connection, "verify", user_id)
    send(connection, Letter(
        to=email,
        subject=_("Confirm your e-mail address"),
        paragraphs=[
            _("Hello %(name)s,", name=name),
            _("please confirm that this address is yours. You can keep working meanwhile; "
              "inviting colleagues needs it."),
        ],
        button=(_("Confirm address"), f"{base_url}/verify/{token}"),
        footer=_("The link works for 7 days. If you did not sign up, ignore this mail."),
    ))  # fmt: skip


def mail_reset(connection: Connection, user_id: UUID, email: str, name: str, base_url: str) -> None:
    """Send the link that sets a new password."""
    token = make_link(connection, "reset", user_id)
    send(connection, Letter(
        to=email,
        subject=_("Set a new password"),
        paragraphs=[
            _("Hello %(name)s,", name=name),
            _("somebody, hopefully you, asked for a new password for this address."),
        ],
        button=(_("Set a new password"), f"{base_url}/reset/{token}"),
        footer=_("The link works for one hour. If it was not you, ignore this mail: nothing changes."),
    ))  # fmt: skip


def mail_password_changed(connection: Connection, email: str, name: str, base_url: str) -> None:
    """Tell a person that their password is another one now, in case it was not they who changed it."""
    send(connection, Letter(
        to=email,
        subject=_("Your password was changed"),
        paragraphs=[
            _("Hello %(name)s,", name=name),
            _("the password of your sign-in was changed a moment ago, and all other browsers were signed out."),
        ],
        button=(_("It was not me"), f"{base_url}/forgot"),
        footer=_("If it was you, there is nothing to do."),
    ))  # fmt: skip


def link_state(purpose: str, token: str) -> tuple[LinkState, UUID | None]:
    """Return what a link still is and whose, without using it."""
    query = select(MailedToken.user_id, MailedToken.expires_at, MailedToken.used_at).where(
        MailedToken.purpose == purpose, MailedToken.token_hash == token_hash(token)
    )
    with db.engines[SHARED].connect() as connection:
        row = connection.execute(query).one_or_none()
    if row is None:
        return LinkState.UNKNOWN, None
    if row.used_at is not None:
        return LinkState.USED, row.user_id
    return (LinkState.EXPIRED if row.expires_at < now() else LinkState.GOOD), row.user_id


def use_link(connection: Connection, purpose: str, token: str) -> UUID | None:
    """Use a link up and return whose it is; None if it is not good (any more). Two clicks at once: one wins."""
    query = (
        update(MailedToken)
        .where(
            MailedToken.purpose == purpose, MailedToken.token_hash == token_hash(token),
            MailedToken.used_at.is_(None), MailedToken.expires_at > now(),
        )
        .values(used_at=now())
        .returning(MailedToken.user_id)
    )  # fmt: skip
    return connection.scalar(query)


def verify_address(token: str) -> LinkState:
    """Confirm the address behind a link; a link used before says so."""
    with db.engines[SHARED].begin() as connection:
        user_id = use_link(connection, "verify", token)
        if user_id is not None:
            connection.execute(update(User).where(User.id == user_id).values(email_verified_at=now()))
            return LinkState.GOOD
    return link_state("verify", token)[0]


def end_links(connection: Connection, user_id: UUID) -> None:
    """Use up all links that were mailed to a person: of another password or another address they say nothing."""
    waiting = update(MailedToken).where(MailedToken.user_id == user_id, MailedToken.used_at.is_(None))
    connection.execute(waiting.values(used_at=now()))


def sign_out_everywhere(
    connection: Connection, user_id: UUID, keep: UUID | None = None, *, origin: Mapping[str, str] | None = None
) -> None:
    """End a user's sessions, but for the one to keep, and by a job the API tokens in all their workspaces.

    An `origin` is as for `start_session`: then it is their own act, from there.
    """
    drop_sessions(connection, user_id, keep, origin=origin)
    defer(connection, "access.end_tokens", user_id=str(user_id), origin=dict(origin or {}))
