"""Telling a browser in which somebody signs in for the first time from those they use every day.

A browser keeps a random token of its own beside the session, which opens nothing and outlives signing out. Where a
person has signed in before and a browser has none of theirs, they are told by mail: hopefully it was they.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import psycopg
from sqlalchemy import Connection, delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import ProgrammingError

from saas_crm.access.queries import user_by_id
from saas_crm.access.sign_in_log import tell_workspaces
from saas_crm.access.sign_in_models import KnownBrowser
from saas_crm.access.tokens import new_token, token_hash
from saas_crm.core.clock import now
from saas_crm.core.i18n import gettext as _
from saas_crm.core.i18n import in_language
from saas_crm.core.mail import Letter, send
from tenants.db import SHARED, AnyRow, db
from tenants.runtime import runtime_settings

FORGOTTEN = timedelta(days=400)
"""After so long without a sign-in a browser is a new one again."""


def greet_browser(user_id: UUID, token: str | None, origin: Mapping[str, str], *, only: UUID | None = None) -> str:
    """Remember that a person signed in here, and tell them by mail if they never did; returns the browser's token.

    Nobody is told of their very first sign-in. What a workspace's provider said counts in that one `only`: a browser
    that is known by it is a new one where the person signs in by themselves. Where the shared tables are a release
    behind nothing is remembered.
    """
    try:
        with db.engines[SHARED].begin() as connection:
            return _greet(connection, user_id, token, origin, only)
    except ProgrammingError as failed:
        if isinstance(failed.orig, psycopg.errors.UndefinedTable):
            return token or ""
        raise


def _greet(
    connection: Connection, user_id: UUID, token: str | None, origin: Mapping[str, str], only: UUID | None
) -> str:  # fmt: skip
    mine = KnownBrowser.user_id == user_id
    if token:
        ways = {token_hash(token), _kept_as(token, only)}
        here = update(KnownBrowser).where(mine, KnownBrowser.token_hash.in_(ways))
        if connection.execute(here.values(last_used_at=now())).rowcount:
            return token
    first = connection.execute(select(KnownBrowser.id).where(mine).limit(1)).first() is None
    token = token or new_token()
    made = insert(KnownBrowser).values(user_id=user_id, token_hash=_kept_as(token, only), last_used_at=now())
    connection.execute(made.on_conflict_do_nothing())  # two sign-ins of one browser at once
    if not first and (user := user_by_id(user_id, connection)):
        tell_of_new_device(connection, user, origin)
    return token


def _kept_as(token: str, only: UUID | None) -> bytes:
    return token_hash(f"{token}.{only.hex}" if only else token)


def tell_of_device(user_id: UUID, name: str, origin: Mapping[str, str]) -> None:
    """Write down and mail that a device of this name was given a token: it signs in once, so it is always a new one."""
    with db.engines[SHARED].begin() as connection:
        tell_workspaces(connection, "sign_in", {**origin, "how": "api"}, user_id=user_id, through="api")
        if user := user_by_id(user_id, connection):
            tell_of_new_device(connection, user, {**origin, "browser": name})


def tell_of_new_device(connection: Connection, user: AnyRow, origin: Mapping[str, str]) -> None:
    """Mail a person, in their language and time, that somebody signed in as them where nobody had before."""
    with in_language(user.locale):
        moment = now().astimezone(ZoneInfo(user.timezone))
        facts = [
            _("When: %(when)s (%(zone)s)", when=moment.strftime("%Y-%m-%d %H:%M"), zone=user.timezone),
            _("Device: %(device)s", device=origin.get("browser") or _("Unknown browser")),
            _("Network address: %(address)s", address=origin.get("address") or "–"),
        ]
        send(connection, Letter(
            to=user.email,
            subject=_("Somebody signed in on a new device"),
            paragraphs=[
                _("Hello %(name)s,", name=user.name),
                _("somebody, hopefully you, signed in on a device or in a browser we have not seen before."),
                *facts,
            ],
            button=(_("It was not me"), f"{runtime_settings().base_url}/forgot"),
            footer=_("If it was you, there is nothing to do. If not, set a new password at once: that signs everybody "
                     "out. Where you are signed in is listed in your profile."),
        ))  # fmt: skip


def forget_browsers(connection: Connection) -> None:
    """Forget browsers nobody has signed in with for long."""
    connection.execute(delete(KnownBrowser).where(KnownBrowser.last_used_at < now() - FORGOTTEN))
