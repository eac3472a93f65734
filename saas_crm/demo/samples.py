"""A small set of invented customers for a new workspace, and taking exactly them away again.

A sample's key is made of the workspace's id and its place in the set (UUID version 5, RFC 9562), so nothing has
to be remembered: whatever was renamed, moved or recycled since, it is known for a sample by its key alone, and
loading twice at once makes it once.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from random import Random
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import ColumnElement, and_, delete, exists, or_, select, true
from sqlalchemy.orm import Session

from saas_crm.access.permissions import CurrentMember
from saas_crm.activities.models import Activity
from saas_crm.core.audit import record_act
from saas_crm.core.clock import now
from saas_crm.core.i18n import speaks
from saas_crm.customers.models import Company, Contact
from saas_crm.demo.phone_numbers import invented_phones
from saas_crm.demo.scene import Scene, Sizes, Step
from saas_crm.demo.store import TABLES, store
from saas_crm.demo.tell import tell
from saas_crm.demo.words_samples import SAMPLES
from saas_crm.opportunities.models import Opportunity, OpportunityContact
from saas_crm.opportunities.pipelines import stages
from saas_crm.privacy.erasures import erased_of
from saas_crm.search.models import SearchEntry
from tenants.context import ActiveTenant
from tenants.db import db

SIZES = Sizes(companies=12, consumers=3, open_deals=(2, 2, 2, 1), won=2, lost=1, planned=9)
LARGEST = {"companies": 12, "contacts": 40, "opportunities": 10, "stage_changes": 60, "activities": 150}
"""How many keys of each table are a sample's: no set is larger."""


@dataclass(frozen=True, slots=True)
class Removed:
    """How many samples were taken away, and how many stay because somebody's own work hangs on them."""

    removed: int
    kept: int


def load_sample_data(*, actor: CurrentMember, tenant: ActiveTenant) -> int:
    """Add the samples in the workspace's language and currency, the actor's own; returns how many records.

    What is there already stays as it is, and who was erased stays away, with all that hangs on
    them. Raises Forbidden unless the actor may change the workspace.
    """
    actor.require("workspace:update")
    session = db.session()
    scene = tell(_scene(actor, tenant))
    assert all(len(rows) <= LARGEST[table] for table, rows in scene.rows.items())
    _leave_out_erased(session, scene)
    written = store(session, scene)
    record_act(session, "load-samples", "workspace", tenant.id, dict(written))
    return sum(written[table] for table in ("companies", "contacts", "opportunities", "activities"))


def _leave_out_erased(session: Session, scene: Scene) -> None:
    """Take out of a story who was erased, and what names something that is out: tables are in that order."""
    out = set(session.scalars(erased_of([row["id"] for row in scene.rows.get("contacts", ())])))
    for table in TABLES if out else ():
        rows = scene.rows.get(table, [])
        kept = [row for row in rows if out.isdisjoint(value for value in row.values() if isinstance(value, UUID))]
        out |= {row["id"] for row in rows} - {row["id"] for row in kept}
        scene.rows[table] = kept


def has_sample_data(tenant: ActiveTenant) -> bool:
    """Whether any sample company, person or deal is left, also in the recycle bin: one cheap statement."""
    some = or_(
        *(exists(select(model.id).where(_is_sample(model, tenant))) for model in (Company, Contact, Opportunity))
    )
    return bool(db.session.scalar(select(some)))


def remove_sample_data(*, actor: CurrentMember, tenant: ActiveTenant) -> Removed:
    """Take the samples away for good, whatever was changed about them.

    One that somebody's own record hangs on (a note on a sample company, say) stays, for nobody's work is
    lost. Raises Forbidden unless the actor may change the workspace.
    """
    actor.require("workspace:update")
    session = db.session()
    removed = Counter(
        {
            "activities": _remove(session, tenant, Activity),
            "opportunities": _remove(session, tenant, Opportunity, Activity.opportunity_id),
            "contacts": _remove(
                session, tenant, Contact, Activity.contact_id, Opportunity.contact_id, OpportunityContact.contact_id
            ),
            "companies": _remove(
                session, tenant, Company, Activity.company_id, Opportunity.company_id, Contact.company_id
            ),
        }
    )
    kept = sum(
        len(session.scalars(select(model.id).where(_is_sample(model, tenant))).all())
        for model in (Company, Contact, Opportunity)
    )
    record_act(session, "remove-samples", "workspace", tenant.id, {**removed, "kept": kept})
    return Removed(removed.total(), kept)


def _remove(session: Session, tenant: ActiveTenant, model: Any, *hanging: Any) -> int:
    """Delete a table's samples on which nothing hangs; their search entries go with them."""
    free = and_(true(), *(~exists(select(column).where(column == model.id)) for column in hanging))
    gone = session.scalars(delete(model).where(_is_sample(model, tenant), free).returning(model.id)).all()
    session.execute(delete(SearchEntry).where(SearchEntry.record_id.in_(gone)))
    return len(gone)


def _is_sample(model: Any, tenant: ActiveTenant) -> ColumnElement[bool]:
    table = model.__tablename__
    clause: ColumnElement[bool] = model.id.in_([_key(tenant, table, place) for place in range(LARGEST[table])])
    return clause


def _key(tenant: ActiveTenant, table: str, place: int) -> UUID:
    return uuid5(tenant.id, f"sample/{table}/{place}")


def _scene(actor: CurrentMember, tenant: ActiveTenant) -> Scene:
    places: Counter[str] = Counter()

    def next_key(table: str) -> UUID:
        places[table] += 1
        return _key(tenant, table, places[table] - 1)

    return Scene(
        words=SAMPLES[speaks(tenant.locale)], sizes=SIZES, now=now(), timezone=tenant.timezone,
        country=tenant.country, currency=tenant.currency, owners={actor.id: 1}, new_id=next_key,
        steps=[Step(stage.id, stage.pipeline_id, stage.kind) for stage in stages(actor)],
        rng=Random(tenant.id.int), phone=invented_phones(tenant.country),  # noqa: S311 - a story, no secret
    )  # fmt: skip
