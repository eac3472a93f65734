"""Going from tenant to tenant: what is wrong with one keeps nobody else waiting."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from uuid import UUID

import psycopg
import structlog
from sqlalchemy.exc import SQLAlchemyError

from tenants.context import TenantRequired
from tenants.db import db, tenant_scope
from tenants.runtime import runtime_directory

log = structlog.get_logger("rounds")


def in_each(tenant_ids: Iterable[UUID], visit: Callable[[], None], *, what: str) -> None:
    """Speak for each tenant in turn, run `visit` and commit.

    One that is gone or cannot be entered (a role that is missing) is told in the log, by `what`, and passed over.
    """
    for tenant_id in tenant_ids:
        try:
            with tenant_scope(runtime_directory().by_id(tenant_id)):
                visit()
                db.session.commit()
        except (SQLAlchemyError, psycopg.Error, TenantRequired) as failed:
            log.warning("workspace passed over", what=what, tenant=str(tenant_id), error=type(failed).__name__)
