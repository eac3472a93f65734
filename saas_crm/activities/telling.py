"""What a brief tells about what happened and what was promised: the next step, what else is open, contacts, notes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    FromClause,
    TableValuedAlias,
    Uuid,
    and_,
    column,
    func,
    literal,
    not_,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY

from saas_crm.access.models import Member
from saas_crm.access.permissions import CurrentMember
from saas_crm.access.visibility import visible
from saas_crm.activities.models import Activity
from saas_crm.activities.rules import HAPPENS
from saas_crm.core.keyset import at_most
from saas_crm.hand_over.briefs import Line, More, Place, Told, Word
from tenants.db import AnyRow, AnySelect, fetch

MOST: dict[Place, int] = {"open": 8, "last": 5, "notes": 3}
"""How many open steps, contacts and notes a brief tells; of steps and notes it says how many more there are."""
COUNTED = 100
"""So many are counted at most: a customer of many years has thousands of notes, each of which is judged."""
LONGEST = 300
"""Characters of a note that a brief repeats."""
OPEN = and_(Activity.done_at.is_(None), or_(Activity.due_at.is_not(None), Activity.kind == "task"))
"""What is still to be done: whatever has a day, and tasks also without one."""
_CONTACT = and_(Activity.done_at.is_not(None), Activity.kind.in_(sorted(HAPPENS - {"note"})))
_NOTE = and_(Activity.kind == "note", not_(OPEN))
_LATEST = (Activity.at.desc(), Activity.id.desc())
_OF = {"company": Activity.company_id, "contact": Activity.contact_id, "opportunity": Activity.opportunity_id}


def tell(records: Mapping[str, Sequence[UUID]], member: CurrentMember) -> Told:
    """Tell the next step of each record, what else is open, the last five contacts and the last notes, at once.

    One statement for all; nothing to who sees no activities at all. What was written down without anything that
    happened between people, as a note, is no contact.
    """
    told: dict[UUID, dict[Place, list[Line]]] = defaultdict(lambda: defaultdict(list))
    wanted = {resource: ids for resource, ids in records.items() if resource in _OF and ids}
    if not wanted or not member.can("activity:read"):
        return told
    rows = fetch(union_all(*(part for resource, ids in wanted.items() for part in _parts(resource, ids, member)))).all()
    for row in sorted((row for row in rows if row.part == "open"), key=_undated_last):
        told[row.about]["open" if told[row.about]["next"] else "next"].append(_line(row))
    for row in sorted((row for row in rows if row.part != "open"), key=lambda row: (row.at, row.id), reverse=True):
        told[row.about][row.part].append(_line(row))
    for about, part, number in {(row.about, row.part, row.number) for row in rows}:
        if part != "last" and number > MOST[part]:
            told[about][part].append(Line((More(number - MOST[part], at_least=number == COUNTED),)))
    return told


def _undated_last(row: AnyRow) -> tuple[bool, datetime, UUID]:
    return row.due_at is None, row.due_at or row.at, row.id


def _parts(resource: str, ids: Sequence[UUID], member: CurrentMember) -> list[AnySelect]:
    """Return the queries of what is open with each of the records, and of what happened last and was noted last."""
    about = func.unnest(literal(list(ids), ARRAY(Uuid))).table_valued(column("id", Uuid)).render_derived(name="about")
    mine = (_OF[resource] == about.c.id, Activity.deleted_at.is_(None), visible(Activity, member))
    columns = (
        Activity.id, Activity.kind, Activity.subject, Activity.body, Activity.outcome, Activity.at, Activity.due_at,
        Activity.owner_id,
    )  # fmt: skip
    # Of each: the query, in which order its rows come, and how many are read at most.
    ahead = select(*columns).where(*mine, OPEN).order_by(Activity.due_at.nulls_last(), Activity.id)
    past = select(*columns).where(*mine, _CONTACT).order_by(*_LATEST)
    notes = select(*columns).where(*mine, _NOTE).order_by(*_LATEST)
    parts: dict[Place, tuple[AnySelect, int]] = {
        "open": (ahead, COUNTED), "last": (past, MOST["last"]), "notes": (notes, COUNTED),
    }  # fmt: skip
    return [_part(about, part, query.limit(at_most(limit)).lateral("few")) for part, (query, limit) in parts.items()]


def _part(about: TableValuedAlias, part: Place, few: FromClause) -> AnySelect:
    """Return the first rows of a part for each of the records, with the number of all that were read beside them."""
    order = (few.c.due_at.nulls_last(), few.c.id) if part == "open" else (few.c.at.desc(), few.c.id.desc())
    counted = select(
        about.c.id.label("about"), *few.c, func.count().over(partition_by=about.c.id).label("number"),
        func.row_number().over(partition_by=about.c.id, order_by=order).label("place"),
    ).select_from(about.join(few, true())).subquery("counted")  # fmt: skip
    shown = [column for column in counted.c if column.name not in ("about", "place")]
    return (
        select(counted.c.about, literal(part).label("part"), *shown, Member.name.label("who"))
        .select_from(counted.outerjoin(Member, Member.id == counted.c.owner_id))
        .where(counted.c.place <= MOST[part])
    )


def _line(row: AnyRow) -> Line:
    moment = row.due_at if row.part == "open" else row.at
    text = row.body if len(row.body) <= LONGEST else row.body[:LONGEST].rstrip() + "…"
    return Line(
        (moment, Word("activity", row.kind), row.subject, Word("outcome", row.outcome), row.who or ""), "", text
    )
