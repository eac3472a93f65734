"""Which numbers were given, and how far each count is.

They stand apart from the records: so a number that was given stays given when its record is gone for good, no large
table gets a column or an index, and a kind of record that joins later needs no table of its own.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import Text, UniqueConstraint, or_, select, type_coerce
from sqlalchemy.orm import Mapped, column_property, mapped_column

from tenants.db import AnySelect, TenantModel
from tenants.veils import Veil


class RecordNumber(TenantModel):
    """A number that was given to a record, once and for good."""

    __tablename__ = "record_numbers"
    __table_args__ = (UniqueConstraint("resource", "number", name="uq_record_numbers_resource"),)

    record_id: Mapped[UUID] = mapped_column(primary_key=True)
    resource: Mapped[str]
    number: Mapped[str] = mapped_column(Text(collation="C"))


class NumberCount(TenantModel):
    """How far the count of one kind of record is, in a period that begins it again ("" for one that never does)."""

    __tablename__ = "number_counts"

    resource: Mapped[str] = mapped_column(primary_key=True)
    period: Mapped[str] = mapped_column(primary_key=True)
    last: Mapped[int]


def given_to(resource: str, record_id: Any) -> Any:
    """Return a record's number as a column of its model, veiled by the rule for the field "<resource>.number".

    It is loaded only when it is asked for: a workspace that is a release behind has no such table.
    """
    shown = type_coerce(RecordNumber.number, Veil(f"{resource}.number"))
    found = select(shown).where(RecordNumber.record_id == record_id).correlate_except(RecordNumber).scalar_subquery()
    return column_property(found, deferred=True, expire_on_flush=False)


def numbers_beginning(resource: str, begins: str) -> AnySelect:
    """Return the query of the records of a kind whose numbers begin so, as it is written or in capitals."""
    ways = (RecordNumber.number.startswith(text, autoescape=True) for text in dict.fromkeys((begins, begins.upper())))
    return select(RecordNumber.record_id).where(RecordNumber.resource == resource, or_(*ways))
