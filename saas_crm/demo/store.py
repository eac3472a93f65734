"""Writes a story in bulk: a handful of statements, the search index included."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from saas_crm.activities.models import Activity
from saas_crm.customers.indexing import company_entry, contact_entry
from saas_crm.customers.models import Company, Contact
from saas_crm.demo.scene import Row, Scene
from saas_crm.opportunities.indexing import entry as deal_entry
from saas_crm.opportunities.models import Opportunity, StageChange
from saas_crm.search.actions import Findable, row_of
from saas_crm.search.models import SearchEntry

TABLES: dict[str, type[Any]] = {
    "companies": Company, "contacts": Contact, "opportunities": Opportunity, "stage_changes": StageChange,
    "activities": Activity,
}  # fmt: skip
"""In an order in which no row names one that is not yet there."""


def store(session: Session, scene: Scene) -> dict[str, int]:
    """Write all rows of a story; returns how many were written a table. What is there already stays as it is."""
    written = {}
    for table, model in TABLES.items():
        written[table] = _write(session, model, scene.rows.get(table, []))
    _write(session, SearchEntry, [row_of(found) for found in findables(scene.rows)])
    return written


def _write(session: Session, model: type[Any], rows: list[Row]) -> int:
    if rows:
        session.execute(insert(model).on_conflict_do_nothing(), rows)
    return len(rows)


def findables(rows: dict[str, list[Row]]) -> Iterable[Findable]:
    """Yield what people look for of a story's rows."""
    companies = {row["id"]: Company(**row) for row in rows.get("companies", ())}
    yield from (company_entry(company) for company in companies.values())
    people = {row["id"]: Contact(**row) for row in rows.get("contacts", ())}
    for contact in people.values():
        yield contact_entry(contact, companies.get(contact.company_id))
    for row in rows.get("opportunities", ()):
        deal = Opportunity(**row)
        yield deal_entry(deal, companies.get(deal.company_id) or people.get(deal.consumer_id))
