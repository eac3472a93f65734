"""Signed-in browsers: made at sign-in, looked up on every request, revocable one by one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from saas_crm.access.shared_models import Membership, User, UserSession
from saas_crm.access.sign_in_log import tell_end_of_viewing, tell_workspaces
from saas_crm.access.tokens import new_token, token_hash
from saas_crm.core.clock import now
from tenants.db import SHARED, db
from tenants.directory import shared_reader
from tenants.kept import Kept
from tenants.models import Tenant

LIFETIME = timedelta(days=30)
"""After so long without a visit a browser is signed out …"""
LONGEST = timedelta(days=90)
"""… and after so long in any case: a stolen cookie must not live for ever."""
SEEN_EVERY = timedelta(minutes=1)
"""So exact is what a person's list says of when a browser was used last; its own cookie says how long it was idle."""


@dataclass(frozen=True, slots=True)
class SignedInUser:
    """The person behind a session, as a plain value; what Flask-Login calls the user."""

    id: UUID
    email: str
    name: str
    locale: str
    timezone: str
    email_verified: bool
    photo_digest: str | None
    session_id: UUID
    token: str
    since: datetime
    is_authenticated: bool = True
    is_active: bool = True
    is_anonymous: bool = False

    @property
    def by_sso(self) -> bool:
        """Whether a workspace's identity provider said who it is; then it is so in that workspace alone."""
        return self.token.startswith(SSO) and only_in(self.token) is not None

    def get_id(self) -> str:
        """Return what the cookie carries: the session's token, never the user's id."""
        return self.token


SSO, AT_DOMAIN = "sso.", "at."
"""How the token of a session begins that is good in one workspace alone, whose id follows: its provider let somebody
in, or they signed in at its own domain."""


def only_in(token: str) -> UUID | None:
    """Return the workspace in which a session is good, None if in all. It is a part of what is hashed: as told."""
    kind, _dot, rest = token.partition(".")
    try:
        return UUID(rest.partition(".")[0]) if f"{kind}." in (SSO, AT_DOMAIN) else None
    except ValueError:
        return None


_LOOK_UP = Kept(
    select(
        User.id, User.email, User.name, User.locale, User.timezone, User.email_verified_at, User.photo_digest,
        UserSession.id.label("session_id"), UserSession.created_at, UserSession.last_seen_at,
    )
    .join(UserSession, UserSession.user_id == User.id)
    .where(UserSession.token_hash == bindparam("token_hash"), UserSession.expires_at > bindparam("moment"))
)  # fmt: skip


def start_session(
    user_id: UUID, *, user_agent: str, address: str, origin: Mapping[str, str] | None = None,
    tenant_id: UUID | None = None, by_sso: bool = False,
) -> str:  # fmt: skip
    """Open a session and return its token; older sessions of the user stay.

    With an `origin` the logs of the user's workspaces are told; with a `tenant_id` it is good in that workspace alone,
    and no other one is told. `by_sso`: its provider said who it is.
    """
    token = new_token(f"{SSO if by_sso else AT_DOMAIN}{tenant_id.hex}." if tenant_id else "")
    with db.engines[SHARED].begin() as connection:
        connection.execute(
            insert(UserSession).values(
                token_hash=token_hash(token), user_id=user_id, expires_at=now() + LIFETIME,
                user_agent=user_agent[:300], address=address,
            )
        )  # fmt: skip
        if origin is not None:
            tell_workspaces(connection, "sign_in", origin, user_id=user_id, only=tenant_id)
    return token


def session_user(token: str) -> SignedInUser | None:
    """Return who is behind a token, or None if it is unknown, expired or revoked."""
    moment = now()
    with shared_reader() as connection:
        row = _LOOK_UP.run(connection, {"token_hash": token_hash(token), "moment": moment}).one_or_none()
        if row is None:
            return None
        if moment - row.last_seen_at > SEEN_EVERY:
            connection.execute(_seen(row.session_id))
    return _user(row, token)


def _seen(session_id: UUID) -> Any:
    moment = now()
    return (
        update(UserSession)
        .where(UserSession.id == session_id)
        .values(last_seen_at=moment, expires_at=func.least(moment + LIFETIME, UserSession.created_at + LONGEST))
    )


def _user(row: Any, token: str) -> SignedInUser:
    return SignedInUser(
        id=row.id, email=row.email, name=row.name, locale=row.locale, timezone=row.timezone,
        email_verified=row.email_verified_at is not None, photo_digest=row.photo_digest,
        session_id=row.session_id, token=token, since=row.created_at,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class OpenSession:
    """One line of "where am I signed in"."""

    id: UUID
    created_at: datetime
    last_seen_at: datetime
    user_agent: str
    address: str


def open_sessions(user_id: UUID) -> list[OpenSession]:
    """Return a user's sessions, the latest seen first."""
    query = (
        select(UserSession.id, UserSession.created_at, UserSession.last_seen_at, UserSession.user_agent,
               UserSession.address)
        .where(UserSession.user_id == user_id, UserSession.expires_at > now())
        .order_by(UserSession.last_seen_at.desc())
        .limit(50)
    )  # fmt: skip
    with shared_reader() as connection:
        return [OpenSession(*row) for row in connection.execute(query)]


def other_sessions(user: SignedInUser) -> int:
    """Return in how many other browsers a person is signed in."""
    others = select(func.count()).where(
        UserSession.user_id == user.id, UserSession.id != user.session_id, UserSession.expires_at > now()
    )
    with shared_reader() as connection:
        return connection.scalar(others) or 0


def end_session(
    user_id: UUID, session_id: UUID, *, origin: Mapping[str, str] | None = None,
    viewing: Mapping[str, str] | None = None, only: UUID | None = None,
) -> bool:  # fmt: skip
    """Sign one of the user's browsers out; returns whether there was one. An `origin` is as for `start_session`.

    `viewing` names tenant, reader and member where they looked at a workspace as somebody else: that ends with it. With
    `only` it was good in that workspace alone, and no other one is told.
    """
    query = delete(UserSession).where(UserSession.user_id == user_id, UserSession.id == session_id)
    with db.engines[SHARED].begin() as connection:
        ended = bool(connection.execute(query).rowcount)
        if ended and origin is not None:
            tell_workspaces(connection, "sign_out", origin, user_id=user_id, only=only)
            if viewing is not None:
                tell_end_of_viewing(connection, origin, **viewing)
    return ended


def end_session_of(token: str, *, origin: Mapping[str, str] | None = None) -> None:
    """Sign the browser with this token out, wherever it is good. An `origin` is as for `start_session`."""
    ended = delete(UserSession).where(UserSession.token_hash == token_hash(token)).returning(UserSession.user_id)
    with db.engines[SHARED].begin() as connection:
        user_id = connection.scalar(ended)
        if user_id is not None and origin is not None:
            tell_workspaces(connection, "sign_out", origin, user_id=user_id, only=only_in(token))


def drop_sessions(
    connection: Connection, user_id: UUID, keep: UUID | None = None, *, origin: Mapping[str, str] | None = None
) -> None:
    """End a user's sessions, except the one to keep, in the transaction of the change that demands it."""
    query = delete(UserSession).where(UserSession.user_id == user_id)
    if keep is not None:
        query = query.where(UserSession.id != keep)
    if connection.execute(query).rowcount and origin is not None:
        tell_workspaces(connection, "sign_out_everywhere", origin, user_id=user_id)


@dataclass(frozen=True, slots=True)
class Workspace:
    """A tenant a user may choose."""

    slug: str
    name: str
    status: str


def workspaces_of(user_id: UUID) -> list[Workspace]:
    """Return the workspaces a user belongs to, by name."""
    query = (
        select(Tenant.slug, Tenant.name, Tenant.status)
        .join(Membership, Membership.tenant_id == Tenant.id)
        .where(Membership.user_id == user_id, Tenant.slug.is_not(None))
        .order_by(Tenant.name)
        .limit(200)
    )
    with shared_reader() as connection:
        return [Workspace(*row) for row in connection.execute(query)]
