"""What notes of a company and of others who work there say of a person: the mention goes, the rest stays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, false, func, literal, literal_column, select, union, union_all, update

from saas_crm.core.audit import record_acts
from saas_crm.core.i18n import gettext as _
from saas_crm.customers.models import Company, Contact
from saas_crm.privacy.holding import once_said
from saas_crm.privacy.mentions import place_in, says
from saas_crm.privacy.registry import Counted, Person, Touched
from tenants.db import AnySelect, db, fetch

FIELDS = ("description",)
MODELS: tuple[type[Any], ...] = (Company, Contact)
_NOTES: Mapping[type[Any], Any] = {
    Company: literal_column("companies.description"), Contact: literal_column("contacts.description"),
}  # fmt: skip
"""The columns without their veils: who may not know notes is refused before anything is asked."""


def _near(model: type[Any], person: Person) -> ColumnElement[bool]:
    """Return the clause "it is their company, or somebody else there"."""
    if person.company_id is None or not person.mention_elsewhere:
        return false()
    if model is Company:
        return Company.id == person.company_id
    return and_(Contact.company_id == person.company_id, Contact.id.not_in(person.ids))


def _mentions(model: type[Any], person: Person) -> ColumnElement[bool]:
    return and_(_near(model, person), says((_NOTES[model],), person.mention_elsewhere or "$^"))


def tells(person: Person) -> Sequence[Mapping[str, Any]]:
    """Return the notes that mention a person, in one statement: of which kind of record, and what they say."""
    if person.company_id is None or not person.mention_elsewhere:
        return []
    parts = [
        select(literal(model.__resource__).label("kind"), model.id, _NOTES[model].label("body"))
        .select_from(model).where(_mentions(model, person))
        for model in MODELS
    ]  # fmt: skip
    return [row._asdict() for row in fetch(union_all(*parts))]


def counts(person: Person) -> Sequence[Counted]:
    """Return how many notes lose a mention."""
    return [
        Counted(f"{model.__resource__}_text", "emptied",
                select(func.count()).select_from(model).where(_mentions(model, person)))
        for model in MODELS
    ]  # fmt: skip


def passages(person: Person) -> Sequence[AnySelect]:
    """Return the queries of the places at which notes mention a person."""
    pattern = person.mention_elsewhere
    return [
        select(literal(model.__resource__).label("kind"), place_in((_NOTES[model],), pattern).label("text"))
        .select_from(model).where(_mentions(model, person))
        for model in MODELS if pattern
    ]  # fmt: skip


def touches(person: Person) -> Sequence[Touched]:
    """Return the records whose notes mention a person, or once did, as the log says."""
    return [
        Touched(
            model.__resource__,
            union(
                select(model.id).where(_mentions(model, person)),
                once_said(model.__resource__, person, select(model.id).where(_near(model, person))),
            ),
            FIELDS,
        )
        for model in MODELS
    ]


def erases(person: Person) -> None:
    """Take the mentions out of notes."""
    for model in MODELS if person.company_id is not None and person.mention_elsewhere else ():
        without = func.regexp_replace(_NOTES[model], person.mention_elsewhere, _("(erased)"), "g")
        writing = update(model).where(_mentions(model, person))
        writing = writing.values(description=without, version=model.version + 1, updated_at=func.now())
        writing = writing.returning(model.id).execution_options(synchronize_session=False)
        record_acts(db.session(), "erase", model.__resource__, db.session.scalars(writing).all())
