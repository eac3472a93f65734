"""When each member was here last: noted after the answer has left, and at most once in five minutes.

No request waits for it. Each process remembers whom it noted when, so that hardly any request writes; the condition in
the statement keeps several processes from writing the same.
"""

from __future__ import annotations

import time
from datetime import timedelta
from uuid import UUID

import structlog
from flask import Flask, Response, g
from sqlalchemy import or_, update
from sqlalchemy.exc import SQLAlchemyError

from saas_crm.access.models import Member
from saas_crm.core.clock import now
from saas_crm.edge.current import member_or_none
from saas_crm.edge.viewing import viewing
from tenants.context import ActiveTenant
from tenants.db import db, run, tenant_scope

SEEN_EVERY = 300.0  # seconds
MOST_REMEMBERED = 10_000
log = structlog.get_logger("seen")


def init_app(app: Flask) -> None:
    """Note after each good answer to a member that they are here."""
    noted: dict[UUID, float] = {}

    @app.after_request
    def note(response: Response) -> Response:
        member, tenant = member_or_none(), g.get("tenant")
        if member is None or tenant is None or response.status_code >= 400 or viewing() is not None:
            return response  # whom one looks as is not here
        if _noted(noted, member.id):
            return response
        response.call_on_close(lambda: write(app, tenant, member.id))
        return response


def _noted(noted: dict[UUID, float], member_id: UUID) -> bool:
    moment = time.monotonic()
    if noted.get(member_id, -SEEN_EVERY) > moment - SEEN_EVERY:
        return True
    if len(noted) > MOST_REMEMBERED:
        noted.clear()
    noted[member_id] = moment
    return False


def write(app: Flask, tenant: ActiveTenant, member_id: UUID) -> None:
    """Write that a member is here now, in a transaction of its own. A failure is logged and harms nobody."""
    earlier = now() - timedelta(seconds=SEEN_EVERY)
    due = or_(Member.last_seen_at.is_(None), Member.last_seen_at < earlier)
    seen = update(Member).where(Member.id == member_id, due).values(last_seen_at=now(), updated_at=Member.updated_at)
    try:
        with app.app_context(), tenant_scope(tenant):
            run(db.session(), seen, {})
            db.session.commit()
    except SQLAlchemyError as failed:
        log.warning("could not note that a member is here", why=type(failed).__name__)
