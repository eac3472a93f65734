"""Giving numbers: to a record that is just being made, and to those that are there already.

The count is a row that is held until the transaction ends: who makes a record at the same moment waits for it, and a
transaction that fails gives its number back. So numbers have no gaps, and none is given twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import groupby
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb
from sqlalchemy import Integer, Text, bindparam, exists, select, text, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm.attributes import set_committed_value

from saas_crm.core.audit import record_each
from saas_crm.core.clock import today_in
from saas_crm.core.numbering.models import NumberCount, RecordNumber
from saas_crm.core.numbering.patterns import Rule
from saas_crm.core.numbering.registry import Numbered
from tenants.db import db

BATCH = 500
"""Records a transaction."""
TRIES = 1_000
"""How many numbers in a row may have been given under another pattern before."""

# Only while the rule is still the one that the actor was loaded with: it may have been changed since.
_GIVE = text(
    """
    WITH decided AS (
        SELECT FROM policies WHERE numbering -> :resource = :rule
        AND NOT EXISTS (SELECT FROM record_numbers WHERE record_id = :record_id)
    ), counted AS (
        INSERT INTO number_counts AS c (resource, period, last) SELECT :resource, :period, 1 FROM decided
        ON CONFLICT (resource, period) DO UPDATE SET last = c.last + 1 RETURNING last
    ), made AS (
        INSERT INTO record_numbers (record_id, resource, number)
        SELECT :record_id, :resource,
            :before || lpad(last::text, greatest(:digits, length(last::text)), '0') || :after FROM counted
        ON CONFLICT DO NOTHING RETURNING number
    )
    SELECT made.number FROM counted LEFT JOIN made ON true
    """
).bindparams(
    bindparam("resource", type_=Text), bindparam("period", type_=Text), bindparam("before", type_=Text),
    bindparam("after", type_=Text), bindparam("digits", type_=Integer),
)  # fmt: skip


class RuleChanged(Exception):
    """The rule is not the one the actor was loaded with, or the record has its number already."""


def give(record_id: UUID, resource: str, rule: Rule, *, day: date, begins: int) -> str:
    """Give a record its number, in one statement, and return it; `begins` is the month in which years begin.

    Raises RuleChanged when the rule has changed meanwhile, or the key is that of a record that was numbered before.
    """
    pattern = rule.pattern
    before, after = pattern.around(day, begins)
    values = {
        "resource": resource, "rule": Jsonb(rule.stored()), "period": pattern.period(day, begins), "before": before,
        "after": after, "digits": pattern.digits, "record_id": record_id,
    }  # fmt: skip
    for _ in range(TRIES):
        row = db.session.execute(_GIVE, values).one_or_none()
        if row is None:
            raise RuleChanged(resource)
        if row.number is not None:
            return str(row.number)
    raise RuntimeError(f"{TRIES} numbers of {resource} in a row are taken")


def number_batch(
    known: Numbered, rule: Rule, *, begins: int, timezone: str, after: tuple[Any, UUID] | None
) -> tuple[tuple[Any, UUID] | None, int]:
    """Give numbers to the next BATCH records without one, the oldest first, those in the recycle bin too.

    Each gets a number of the period in which it was made. Returns the key of the last one, None at the end, and how
    many got one.
    """
    model: Any = known.model
    numberless = ~exists().where(RecordNumber.record_id == model.id)
    query = select(model).where(numberless).order_by(model.created_at, model.id).limit(BATCH)
    if after is not None:
        query = query.where(tuple_(model.created_at, model.id) > tuple_(*after))
    records = db.session.scalars(query).all()
    if not records:
        return None, 0
    given = _given(records, rule, begins, timezone)
    known.renew([record for record in records if record.id in given and record.deleted_at is None])
    told = ((key, {"number": [None, number]}) for key, number in given.items())
    record_each(db.session(), "update", model.__resource__, told)
    last = records[-1]
    return ((last.created_at, last.id) if len(records) == BATCH else None), len(given)


def _given(records: Sequence[Any], rule: Rule, begins: int, timezone: str) -> dict[UUID, str]:
    """Write numbers for records and note them there; one that somebody else numbers meanwhile keeps that."""
    pattern, rows = rule.pattern, []
    days = {record.id: today_in(timezone, record.created_at) for record in records}
    of_period = groupby(records, key=lambda record: pattern.period(days[record.id], begins))
    for period, some in [(period, list(group)) for period, group in of_period]:
        last = count_on(some[0].__resource__, period, len(some))
        rows += [
            {"record_id": record.id, "resource": record.__resource__,
             "number": pattern.number(last - len(some) + at, days[record.id], begins)}
            for at, record in enumerate(some, start=1)
        ]  # fmt: skip
    writing = insert(RecordNumber).values(rows).on_conflict_do_nothing()
    written = db.session.execute(writing.returning(RecordNumber.record_id, RecordNumber.number))
    found: dict[UUID, str] = {row.record_id: row.number for row in written}
    for record in records:
        set_committed_value(record, "number", found.get(record.id))
    return found


def count_on(resource: str, period: str, number: int) -> int:
    """Take so many counts at once and return the last of them; the row is held until the transaction ends."""
    writing = insert(NumberCount).values(resource=resource, period=period, last=number)
    counting = writing.on_conflict_do_update(
        index_elements=["resource", "period"], set_={"last": NumberCount.last + number}
    )
    return int(db.session.scalar(counting.returning(NumberCount.last)) or 0)
