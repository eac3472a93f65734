"""Reads for choosing a customer: those at hand before anything is typed, and those with exactly a name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from saas_crm.access.permissions import CurrentMember
from saas_crm.access.visibility import seen, visible
from saas_crm.core.folding import fold
from saas_crm.core.pinyin import LONGEST_KEY, sort_key
from saas_crm.customers.models import Company, Contact
from tenants.db import AnyRow, db, fetch

AT_HAND = 8
SAME_NAME = 2
SAME_KEY = 20  # very long names may share a key


def at_hand(
    model: type[Any], member: CurrentMember, *, company_id: UUID | None = None, limit: int = AT_HAND
) -> Sequence[AnyRow]:
    """Return id, name and a second line of the customers saved last, or of one company's contacts."""
    if model is Company:
        query = select(Company.id, Company.name, Company.city.label("sub"))
    else:
        query = select(Contact.id, Contact.name, Company.name.label("sub")).outerjoin(
            Company, seen(Company, Contact.company_id, member)
        )
    query = query.where(model.deleted_at.is_(None), visible(model, member))
    if company_id is not None and model is Contact:
        query = query.where(Contact.company_id == company_id)
    return fetch(query.order_by(model.updated_at.desc(), model.id.desc()).limit(limit)).all()


def ids_named(model: type[Any], name: str, member: CurrentMember) -> Sequence[UUID]:
    """Return up to SAME_NAME visible customers with exactly this name, whatever its case, accents and variants."""
    wanted = fold(name)
    keys = (sort_key(name, person=model is Contact), wanted[:LONGEST_KEY])  # the latter was the key in former releases
    query = select(model.id, model.name).where(
        model.sort_name.in_(keys), model.deleted_at.is_(None), visible(model, member)
    )
    rows = fetch(query.order_by(model.id).limit(SAME_KEY)).all()
    return [row.id for row in rows if fold(row.name) == wanted][:SAME_NAME]


def name_of(model: type[Any], record_id: UUID | None, member: CurrentMember) -> str:
    """Return the name of a visible customer, "" for none."""
    if record_id is None:
        return ""
    query = select(model.name).where(model.id == record_id, model.deleted_at.is_(None), visible(model, member))
    return db.session.scalar(query) or ""


def tags_in_use(model: type[Any], member: CurrentMember) -> list[str]:
    """Return the tags of the records saved last, for suggestions and the filter."""
    recent = (
        select(func.unnest(model.tags).label("tag"))
        .where(model.deleted_at.is_(None), visible(model, member), model.tags != [])
        .order_by(model.updated_at.desc())
        .limit(300)
        .subquery()
    )
    return sorted(db.session.scalars(select(recent.c.tag).distinct()), key=sort_key)
