"""The worker's part of deleting a workspace at once, by the function of the command and of the nights.

The end is written in the deletion's own transaction: a worker that is killed has done nothing, or all of it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

from saas_crm.operators.restoring import mark_done, slug_now, told
from saas_crm.workspaces.backups import forget_backups, store_at
from saas_crm.workspaces.deleting import Certificate, delete_workspace
from saas_crm.workspaces.ending import say_farewell
from saas_crm.workspaces.letters import Reader
from tenants.db import new_id
from tenants.settings import Settings

_ACT = """
    INSERT INTO public.operator_acts (id, operator_id, actor, act, tenant_id, slug, origin, details)
    SELECT %(id)s, w.asked_by, coalesce((SELECT o.name FROM public.operators o WHERE o.id = w.asked_by), ''), 'delete',
        w.tenant_id, %(slug)s, '{}', %(details)s
    FROM public.operator_work w WHERE w.id = %(work)s
"""


def delete_now(
    settings: Settings, connection: psycopg.Connection[Any], work_id: UUID, tenant_id: UUID, asked: dict[str, Any]
) -> int:
    """Delete a workspace with its backups, whether it waits out its grace or not; raises Fault.

    Then nothing was deleted. Its address may be another one than when it was asked for, and the former one another's.
    """
    with told():
        delete_workspace(
            settings.owner_url, slug_now(connection, tenant_id), _forgetting(settings),
            farewell=partial(_finish, work_id, str(asked.get("reason", ""))), only=tenant_id,
        )  # fmt: skip
    return 1


def _forgetting(settings: Settings) -> Callable[[UUID], int] | None:
    return partial(forget_backups, store_at(settings.backup_url)) if settings.backup_url else None


def _finish(
    work_id: UUID, reason: str, connection: psycopg.Connection[Any], readers: list[Reader], made: Certificate
) -> None:
    """Tell the owners, and write the end into the row and the operators' log; raises Fault where it was done before."""
    came = {"certificate": str(made.id)}
    mark_done(connection, work_id, came)
    details = Jsonb(came | ({"reason": reason} if reason else {}))
    connection.execute(_ACT, {"id": new_id(), "work": work_id, "slug": made.slug, "details": details})
    say_farewell(connection, readers, made)
