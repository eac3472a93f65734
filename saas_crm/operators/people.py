"""Operators themselves: made, disabled and given a new way in by command alone, with the owner's rights."""

from __future__ import annotations

import secrets
from base64 import b32encode
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import class_row

from saas_crm.access.factors.sealing import seal
from saas_crm.access.tokens import new_token, token_hash
from saas_crm.core.clock import now
from saas_crm.operators.rules import LINK
from tenants.db import new_id
from tenants.migrate import connect

SECRET_BYTES = 20  # 160 bits, as RFC 4226 recommends
_LISTED = """
    SELECT o.email, o.name, o.created_at, o.enrolled_at, o.disabled_at,
        (SELECT max(s.seen_at) FROM public.operator_sessions s WHERE s.operator_id = o.id AND NOT s.pending) AS seen_at
    FROM public.operators o ORDER BY o.email
"""
_RENEW = """
    UPDATE public.operators SET password_hash = NULL, secret = %s, last_step = 0, codes = '{}', enrolled_at = NULL,
        disabled_at = NULL, link_hash = %s, link_until = %s WHERE email = %s RETURNING id
"""
_DISABLE = """
    UPDATE public.operators SET disabled_at = coalesce(disabled_at, now()), link_hash = NULL WHERE id = %s
"""

_ABLE = "SELECT id, name, enrolled_at, disabled_at FROM public.operators WHERE email = %s"


class UnknownOperator(LookupError):
    """Nobody has this address."""


class NotAble(LookupError):
    """An operator who cannot sign in; `state` is "disabled" or "waiting"."""

    def __init__(self, state: str) -> None:
        super().__init__(state)
        self.state = state


class OperatorExists(ValueError):
    """Somebody has this address already."""


@dataclass(frozen=True, slots=True)
class Listed:
    """An operator, as `operators list` tells; `seen_at` while one of their sign-ins lasts."""

    email: str
    name: str
    created_at: datetime
    enrolled_at: datetime | None
    disabled_at: datetime | None
    seen_at: datetime | None

    @property
    def state(self) -> str:
        """ "disabled", "waiting" until password and app are set up, or "active"."""
        if self.disabled_at is not None:
            return "disabled"
        return "active" if self.enrolled_at is not None else "waiting"


def add(owner_url: str, email: str, name: str) -> str:
    """Make an operator; returns the token of the link by which they set themselves up. Raises OperatorExists."""
    token = new_token()
    values = [new_id(), email, name, seal(_new_secret()), token_hash(token), now() + LINK]
    with connect(owner_url) as connection:
        made = connection.execute(
            "INSERT INTO public.operators (id, email, name, secret, link_hash, link_until)"
            " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (email) DO NOTHING", values
        ).rowcount  # fmt: skip
    if not made:
        raise OperatorExists(email)
    return token


def reset(owner_url: str, email: str) -> str:
    """Take password, app and codes off an operator and end their sign-ins; returns a new link's token.

    One who was disabled is let in again by it. Raises UnknownOperator.
    """
    token = new_token()
    with connect(owner_url) as connection, connection.transaction():
        values = [seal(_new_secret()), token_hash(token), now() + LINK, email]
        found = connection.execute(_RENEW, values).fetchone()
        if found is None:
            raise UnknownOperator(email)
        _end_sessions(connection, found[0])
    return token


def disable(owner_url: str, email: str) -> bool:
    """Let an operator in no more, from the next request on; returns whether that is new. Raises UnknownOperator."""
    with connect(owner_url) as connection, connection.transaction():
        operator_id, since = _held(connection, email)
        connection.execute(_DISABLE, [operator_id])
        _end_sessions(connection, operator_id)
    return since is None


def enable(owner_url: str, email: str) -> bool:
    """Let an operator in again, with what they had; returns whether that is new. Raises UnknownOperator."""
    with connect(owner_url) as connection, connection.transaction():
        operator_id, since = _held(connection, email)
        connection.execute("UPDATE public.operators SET disabled_at = NULL WHERE id = %s", [operator_id])
    return since is not None


def operators(owner_url: str) -> list[Listed]:
    """Return all operators by address."""
    with connect(owner_url) as connection, connection.cursor(row_factory=class_row(Listed)) as cursor:
        return cursor.execute(_LISTED).fetchall()


def able(owner_url: str, email: str) -> tuple[UUID, str]:
    """Return id and name of an operator who can sign in; raises UnknownOperator and NotAble."""
    with connect(owner_url) as connection:
        row = connection.execute(_ABLE, [email]).fetchone()
    if row is None:
        raise UnknownOperator(email)
    if row[2] is None or row[3] is not None:
        raise NotAble("disabled" if row[3] is not None else "waiting")
    return row[0], row[1]


def _held(connection: psycopg.Connection[Any], email: str) -> tuple[UUID, datetime | None]:
    row = connection.execute(
        "SELECT id, disabled_at FROM public.operators WHERE email = %s FOR UPDATE", [email]
    ).fetchone()
    if row is None:
        raise UnknownOperator(email)
    return row[0], row[1]


def _end_sessions(connection: psycopg.Connection[Any], operator_id: UUID) -> None:
    connection.execute("DELETE FROM public.operator_sessions WHERE operator_id = %s", [operator_id])


def _new_secret() -> str:
    return b32encode(secrets.token_bytes(SECRET_BYTES)).decode()
