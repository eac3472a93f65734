"""How a workspace numbers its records: the rules, which an admin makes, and the number a new record gets by them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints
from sqlalchemy import exists, func, literal_column, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm.attributes import set_committed_value

from saas_crm.access.models import Policy
from saas_crm.access.ownership import check_decided
from saas_crm.access.permissions import CurrentMember
from saas_crm.access.policy import own_policy
from saas_crm.core.clock import today_in
from saas_crm.core.errors import InvalidInput, NotFound
from saas_crm.core.fields import OrNone, clean_line
from saas_crm.core.fiscal import CALENDAR
from saas_crm.core.forms import Input
from saas_crm.core.i18n import gettext as _
from saas_crm.core.jobs import defer
from saas_crm.core.numbering.giving import RuleChanged, give
from saas_crm.core.numbering.models import NumberCount, RecordNumber
from saas_crm.core.numbering.patterns import LONGEST, Rule, read_pattern, rule_of
from saas_crm.core.numbering.registry import Numbered, kinds
from saas_crm.core.records import Record
from tenants.context import current_tenant
from tenants.db import db
from tenants.versions import lacks_tables

COUNTED = 10_000
"""How many records without a number are counted; beyond that there are "more"."""


def _readable(value: str) -> str:
    read_pattern(value)
    return value


class NumberingWrite(Input):
    """How one kind of record is numbered; `start` is the next number, where it is not simply the one after the last."""

    on: bool = False
    pattern: Annotated[
        str, StringConstraints(max_length=LONGEST), BeforeValidator(clean_line), AfterValidator(_readable)
    ] = Field(
        description="Text with `{0000}` for the running number, and `{YYYY}`, `{YY}`, `{MM}`: the count begins again "
        "with each year or month.",
        examples=["C-{00000}"],
    )
    fiscal: bool = Field(default=False, description="Years are the workspace's financial years.")
    start: Annotated[int | None, Field(ge=1, le=999_999_999), OrNone] = Field(
        default=None, description="The next running number, larger than every one that was given."
    )


@dataclass(frozen=True, slots=True)
class Numbering:
    """How one kind of record is numbered, what the next one would be, and how many have no number: 10,001 is more."""

    resource: str
    rule: Rule
    last: int
    next: str
    without: int
    version: int


def number_new(record: Record, actor: CurrentMember) -> None:
    """Give a record that is being made its number, if its kind has numbers: before it is written.

    Without a rule no statement is needed; with one it is one.
    """
    resource, number = record.__resource__, None
    ways = actor.ways
    for _attempt in range(3):
        rule = rule_of(ways.numbering.get(resource))
        if rule is None or not rule.on:
            break
        try:
            number = give(record.id, resource, rule, day=_today(), begins=rule.begins(ways.fiscal_month))
        except RuleChanged:
            ways = _present_ways(ways)
        else:
            break
    set_committed_value(record, "number", number)


def has_numbers(member: CurrentMember, resource: str) -> bool:
    """Whether numbers of a kind of record are shown: once there was a rule, also when new ones get none any more."""
    return resource in member.ways.numbering


def numbers_kept() -> bool:
    """Whether the workspace that speaks has the tables for numbers: one that is a release behind has none."""
    return not lacks_tables(current_tenant())


def numbering_of(resource: str, member: CurrentMember) -> Numbering:
    """Return how a kind of record is numbered; raises NotFound for one that has no numbers, and Forbidden."""
    known_kind(resource)
    return _all_numbering((resource,), member, without=True)[0]


def all_numbering(member: CurrentMember, *, without: bool = False) -> list[Numbering]:
    """Return how each kind of record is numbered; only `without` it is counted how many have none. Raises Forbidden."""
    return _all_numbering(tuple(kinds), member, without=without)


def _all_numbering(resources: Sequence[str], member: CurrentMember, *, without: bool) -> list[Numbering]:
    member.require("workspace:update")
    row = db.session.execute(select(Policy.numbering, Policy.version)).first()
    stored, version = (row[0] or {}, row[1]) if row else ({}, 0)
    query = select(NumberCount.resource, NumberCount.period, NumberCount.last)
    counts = {(kind, period): last for kind, period, last in db.session.execute(query)}
    found, day = [], _today()
    for resource in resources:
        rule = rule_of(stored.get(resource)) or Rule(kinds[resource].usual, on=False)
        begins = rule.begins(member.ways.fiscal_month)
        last = counts.get((resource, rule.pattern.period(day, begins)), 0)
        number, left = rule.pattern.number(last + 1, day, begins), _without(resource) if without else 0
        found.append(Numbering(resource, rule, last, number, left, version))
    return found


def _without(resource: str) -> int:
    """Return how many records of a kind have no number, counting no further than COUNTED + 1."""
    model: Any = kinds[resource].model
    some = select(model.id).where(~exists().where(RecordNumber.record_id == model.id))
    counted = some.limit(literal_column(str(COUNTED + 1))).subquery()
    return db.session.scalar(select(func.count()).select_from(counted)) or 0


def decide_numbering(
    resource: str, data: NumberingWrite, *, actor: CurrentMember, version: int | None = None
) -> Numbering:
    """Decide how a kind of record is numbered from now on; raises Forbidden, InvalidInput, VersionConflict.

    Raises NotFound for a kind that has no numbers.
    """
    actor.require("workspace:update")
    known_kind(resource)
    found = own_policy("numbering")
    check_decided(found, version)
    rule = Rule(data.pattern, data.on, data.fiscal)
    if data.start is not None:
        _start_at(resource, rule, data.start, actor)
    found.numbering = {**(found.numbering or {}), resource: rule.stored()}
    db.session.flush()
    return numbering_of(resource, actor)


def next_number(resource: str, rule: Rule, member: CurrentMember, start: int | None = None) -> str:
    """Return the number the next record would get by a rule, where the count goes on or begins with `start`."""
    begins, day = rule.begins(member.ways.fiscal_month), _today()
    return rule.pattern.number(start or _last(resource, rule.pattern.period(day, begins)) + 1, day, begins)


def number_existing(resource: str, *, actor: CurrentMember) -> None:
    """Have a job give numbers to what has none; raises Forbidden, NotFound, and InvalidInput while that is off."""
    actor.require("workspace:update")
    if not numbering_of(resource, actor).rule.on:
        raise InvalidInput({"on": _("Switch the numbers on first.")}, {"on": "off"})
    defer(
        db.session(), "numbering.existing", queueing_lock=f"numbering-{current_tenant().id}-{resource}",
        resource=resource, member_id=str(actor.id),
    )  # fmt: skip


def known_kind(resource: str) -> Numbered:
    """Return a kind of record that can have numbers, once their tables are there; raises NotFound."""
    if resource not in kinds:
        raise NotFound
    return kinds[resource]


def present_rule(resource: str) -> tuple[Rule | None, int]:
    """Return the rule as it is stored now, None without one, and the month in which the workspace's years begin."""
    row = db.session.execute(select(Policy.numbering, Policy.fiscal_month)).first()
    return (rule_of((row[0] or {}).get(resource)), row[1] or CALENDAR) if row else (None, CALENDAR)


def _present_ways(former: Any) -> Any:
    row = db.session.execute(select(Policy.numbering, Policy.fiscal_month)).one()
    return type(former)(row[1] or CALENDAR, former.languages, row[0] or {})


def _start_at(resource: str, rule: Rule, start: int, actor: CurrentMember) -> None:
    """Let the count go on from a number; raises InvalidInput for one that was passed already."""
    period = rule.pattern.period(_today(), rule.begins(actor.ways.fiscal_month))
    held = select(NumberCount.last).where(NumberCount.resource == resource, NumberCount.period == period)
    last = db.session.scalar(held.with_for_update()) or 0
    if start <= last:
        message = _("%(number)s was given already: at least %(least)s.", number=last, least=last + 1)
        raise InvalidInput({"start": message}, {"start": "given"})
    writing = insert(NumberCount).values(resource=resource, period=period, last=start - 1)
    db.session.execute(writing.on_conflict_do_update(index_elements=["resource", "period"], set_={"last": start - 1}))


def _last(resource: str, period: str) -> int:
    query = select(NumberCount.last).where(NumberCount.resource == resource, NumberCount.period == period)
    return db.session.scalar(query) or 0


def _today() -> date:
    return today_in(current_tenant().timezone)
