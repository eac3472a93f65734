"""What operators do, written down where the application can only add: by page with their name, by command as such."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb
from sqlalchemy import Connection, insert, select

from saas_crm.operators.models import OperatorAct
from tenants.db import SHARED, AnyRow, db, new_id
from tenants.directory import shared_reader
from tenants.migrate import connect

COMMAND = "command"
_BY_COMMAND = (
    "INSERT INTO public.operator_acts (id, actor, act, tenant_id, slug, origin, details)"
    " SELECT %(id)s, %(actor)s, %(act)s,"
    " coalesce(%(tenant_id)s, (SELECT t.id FROM public.tenants t WHERE t.slug = %(slug)s)), %(slug)s,"
    " '{}', %(details)s"
)


@dataclass(frozen=True, slots=True)
class Who:
    """Who acts, and from where ("address", "browser"); nobody who is known, where a sign-in is refused."""

    name: str
    operator_id: UUID | None = None
    origin: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Place:
    """The workspace that an act is about."""

    id: UUID
    slug: str


def record(connection: Connection, who: Who, act: str, place: Place | None = None, **details: Any) -> None:
    """Write an act in the transaction at hand; details that are empty are left out."""
    values = {
        "id": new_id(), "operator_id": who.operator_id, "actor": who.name, "act": act, "origin": dict(who.origin),
        "tenant_id": place and place.id, "slug": place and place.slug,
        "details": {name: value for name, value in details.items() if value not in (None, "", [])},
    }  # fmt: skip
    connection.execute(insert(OperatorAct).values(**values))


def record_alone(who: Who, act: str, place: Place | None = None, **details: Any) -> None:
    """Write an act in a transaction of its own, whatever becomes of the request."""
    with db.engines[SHARED].begin() as connection:
        record(connection, who, act, place, **details)


def note_command(database_url: str, act: str, place: str | Place | None = None, **details: Any) -> None:
    """Write that a command did something; where the tables are a release behind, nothing is written.

    Of a workspace its slug is enough, unless it is gone by now.
    """
    tenant_id, slug = (place.id, place.slug) if isinstance(place, Place) else (None, place)
    values = {"id": new_id(), "actor": COMMAND, "act": act, "slug": slug, "tenant_id": tenant_id,
              "details": Jsonb({name: value for name, value in details.items() if value})}  # fmt: skip
    with suppress(psycopg.errors.UndefinedTable), connect(database_url) as connection:
        connection.execute(_BY_COMMAND, values)


def acts(
    *, tenant_id: UUID | None = None, operator_id: UUID | None = None, act: str = "", before: UUID | None = None,
    limit: int = 50,
) -> list[AnyRow]:  # fmt: skip
    """Return acts, the latest first, and one row more than `limit`; the page after begins `before` the last one's id.

    Ids are ordered by time (UUIDv7), so they are the key.
    """
    table = OperatorAct
    query = select(
        table.id, table.at, table.actor, table.act, table.slug, table.origin, table.details
    ).order_by(table.id.desc()).limit(limit + 1)  # fmt: skip
    if tenant_id is not None:
        query = query.where(table.tenant_id == tenant_id)
    if operator_id is not None:
        query = query.where(table.operator_id == operator_id)
    if act:
        query = query.where(table.act == act)
    if before is not None:
        query = query.where(table.id < before)
    with shared_reader() as connection:
        return list(connection.execute(query))
