"""What the workspace decided for all, and what holds where it decided nothing."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, undefer

from saas_crm.access.models import Policy
from saas_crm.access.ownership import check_decided
from saas_crm.access.permissions import CurrentMember
from saas_crm.core.errors import InvalidInput
from saas_crm.core.i18n import gettext as _
from tenants.context import current_tenant
from tenants.db import db, fetch, new_id
from tenants.versions import lacks_tables

AUDIT_DAYS = (180, 365, 730, 1825, 3650)
"""How long audit entries can be kept, in days, beside for ever; the database itself lets go of no younger ones."""
BATCH = 5_000  # audit entries a transaction


@dataclass(frozen=True, slots=True)
class WorkspacePolicy:
    """The decisions; `audit_days` None keeps audit entries for ever."""

    children_follow: bool = True
    audit_days: int | None = None
    version: int = 0


def policy() -> WorkspacePolicy:
    """Return what holds in the workspace that speaks, also where it lacks the table or has no row."""
    if lacks_tables(current_tenant()):
        return WorkspacePolicy()
    row = fetch(select(Policy.children_follow, Policy.audit_days, Policy.version)).first()
    return WorkspacePolicy(*row) if row else WorkspacePolicy()


def own_policy(*names: str, session: Session | None = None) -> Policy:
    """Return the one row of decisions to change, held, and made first where there is none.

    `names` are columns that are not loaded unless they are asked for: so that the log knows what was there before.
    `session` is one that speaks as the workspace already (`step_in`), where not the request's own.
    """
    usual = WorkspacePolicy()
    made = insert(Policy).values(id=new_id(), children_follow=usual.children_follow, audit_days=usual.audit_days)
    # One statement makes, holds and tells it: an update that changes nothing waits for whoever holds the row.
    held = made.on_conflict_do_update(index_elements=[text("(true)")], set_={"id": Policy.id}).returning(Policy)
    asked = held.options(*(undefer(getattr(Policy, name)) for name in names))
    return (session or db.session()).scalars(asked.execution_options(populate_existing=True)).one()


def keep_audit(days: int | None, *, actor: CurrentMember, version: int | None = None) -> None:
    """Decide how long audit entries are kept; raises Forbidden, InvalidInput, VersionConflict."""
    actor.require("workspace:update")
    if days is not None and days not in AUDIT_DAYS:
        raise InvalidInput({"audit_days": _("Choose one of the values offered.")}, {"audit_days": "enum"})
    found = own_policy()
    check_decided(found, version)
    found.audit_days = days
    db.session.flush()


def let_children_follow(follow: bool, *, actor: CurrentMember, version: int | None = None) -> None:
    """Decide whether who sees a customer sees what hangs on it; raises Forbidden and VersionConflict."""
    actor.require("workspace:update")
    found = own_policy()
    check_decided(found, version)
    found.children_follow = follow
    db.session.flush()


def forget_batch() -> int:
    """Let the database remove some audit entries that are older than they are kept; returns how many.

    The workspace's role may not delete them. `forget_audit` may, and looks itself how long they are kept.
    """
    return int(db.session.scalar(select(func.public.forget_audit(BATCH))) or 0)
