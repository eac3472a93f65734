"""What a brief tells about what happened and what was promised: the next step, what else is open, the last contacts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import Uuid, and_, column, func, literal, not_, select, true, union_all
from sqlalchemy.dialects.postgresql import ARRAY

from saas_crm.access.models import Member
from saas_crm.access.permissions import CurrentMember
from saas_crm.access.visibility import visible
from saas_crm.activities.models import Activity
from saas_crm.core.keyset import at_most
from saas_crm.hand_over.briefs import Line, Place, Told, Word
from tenants.db import AnyRow, AnySelect, fetch

LAST, AHEAD = 5, 8
LONGEST = 300
"""Characters of a note that a brief repeats."""
_PLANNED = and_(Activity.done_at.is_(None), Activity.due_at.is_not(None))
_OF = {"company": Activity.company_id, "contact": Activity.contact_id, "opportunity": Activity.opportunity_id}


def tell(records: Mapping[str, Sequence[UUID]], member: CurrentMember) -> Told:
    """Tell the next step of each record, what else is planned, and the last five contacts: one statement for all.

    Nothing to who sees no activities at all.
    """
    told: dict[UUID, dict[Place, list[Line]]] = defaultdict(lambda: defaultdict(list))
    wanted = {resource: ids for resource, ids in records.items() if resource in _OF and ids}
    if not wanted or not member.can("activity:read"):
        return told
    rows = fetch(union_all(*(part for resource, ids in wanted.items() for part in _parts(resource, ids, member)))).all()
    for row in sorted((row for row in rows if row.ahead), key=lambda row: (row.due_at, row.id)):
        told[row.about]["open" if told[row.about]["next"] else "next"].append(_line(row))
    for row in sorted((row for row in rows if not row.ahead), key=lambda row: (row.at, row.id), reverse=True):
        told[row.about]["last"].append(_line(row))
    return told


def _parts(resource: str, ids: Sequence[UUID], member: CurrentMember) -> list[AnySelect]:
    """Return the queries of what is planned with each of the records, and of what happened last with each."""
    about = func.unnest(literal(list(ids), ARRAY(Uuid))).table_valued(column("id", Uuid)).render_derived(name="about")
    mine = (_OF[resource] == about.c.id, Activity.deleted_at.is_(None), visible(Activity, member))
    columns = (
        Activity.id, Activity.kind, Activity.subject, Activity.body, Activity.outcome, Activity.at, Activity.due_at,
        Activity.owner_id,
    )  # fmt: skip
    ahead = select(*columns).where(*mine, _PLANNED).order_by(Activity.due_at, Activity.id).limit(at_most(AHEAD))
    past = (
        select(*columns)
        .where(*mine, not_(_PLANNED))
        .order_by(Activity.at.desc(), Activity.id.desc())
        .limit(at_most(LAST))
    )
    found = []
    for is_ahead, few in ((True, ahead.lateral("few")), (False, past.lateral("few"))):
        shown = select(about.c.id.label("about"), literal(is_ahead).label("ahead"), *few.c, Member.name.label("who"))
        joined = shown.select_from(about.join(few, true()).outerjoin(Member, Member.id == few.c.owner_id))
        found.append(joined)
    return found


def _line(row: AnyRow) -> Line:
    moment = row.due_at if row.ahead else row.at
    text = row.body if len(row.body) <= LONGEST else row.body[:LONGEST].rstrip() + "…"
    return Line(
        (moment, Word("activity", row.kind), row.subject, Word("outcome", row.outcome), row.who or ""), "", text
    )
