"""One record's story: what is planned, and what happened, newest first, by days of the reader's time zone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import url_for

from saas_crm.access.permissions import CurrentMember
from saas_crm.activities import queries
from saas_crm.core.clock import now
from saas_crm.core.i18n import gettext as _
from tenants.db import AnyRow
from web.activities.words import Outcome, kind_label, outcome
from web.formatting import clock_time, day, dotted
from web.lists import after_key, next_url
from web.looking import looking


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a story, ready to be shown; an empty address means that the reader may not do that."""

    id: UUID
    kind: str
    title: str
    at: str
    shown: str
    meta: str
    text: str
    outcome: Outcome | None
    planned: bool
    late: bool
    done_url: str = ""
    edit_url: str = ""
    locked: str = ""


@dataclass(frozen=True, slots=True)
class Story:
    """What `activities/_story.html` shows of a record. `first` is False on the later pages of a long story."""

    planned: list[Entry]
    days: list[tuple[str, list[Entry]]]
    next_url: str
    first: bool
    may_add: bool
    parent: dict[str, str] = field(default_factory=dict)
    may_read: bool = True

    @property
    def is_empty(self) -> bool:
        """Whether nothing was ever written about the record."""
        return self.first and not self.planned and not self.days


def story_of(parent: str, record_id: UUID, *, member: CurrentMember) -> Story:
    """Return the asked page of a visible record's story; `parent` is "company", "contact" or "opportunity".

    Its first page has what is planned too. Costs one statement. Whose role does not see activities sees the record
    without a story.
    """
    if not member.can("activity:read"):
        return Story([], [], "", first=True, may_add=False, may_read=False)
    after = after_key("story", queries.ORDERS["-at"])
    planned: Sequence[AnyRow] = ()
    if after:
        page = queries.timeline(parent, record_id, member=member, after=after)
    else:
        planned, page = queries.story(parent, record_id, member=member)
    show = _shower(parent, member)
    return Story(
        planned=[show(row) for row in planned],
        days=_by_days(page.rows, show, member, after[0] if after else None),
        next_url=next_url(page, "story"),
        first=after is None,
        may_add=member.can("activity:create"),
        parent={f"{parent}_id": str(record_id)},
    )


def _by_days(
    rows: Sequence[AnyRow], show: Callable[[AnyRow], Entry], member: CurrentMember, before: datetime | None
) -> list[tuple[str, list[Entry]]]:
    """Group rows under their days; the day of `before`, the last row of the page before, has its heading there."""
    zone, today = ZoneInfo(member.timezone), now().astimezone(ZoneInfo(member.timezone)).date()
    days: list[tuple[str, list[Entry]]] = []
    last: date | None = before.astimezone(zone).date() if before else None
    for row in rows:
        on = row.at.astimezone(zone).date()
        if on != last or not days:
            days.append(("" if on == last else day_label(on, today), []))
            last = on
        days[-1][1].append(show(row))
    return days


def day_label(on: date, today: date, written: Callable[[date], str] = day) -> str:
    """Return how a day is called: today, yesterday, tomorrow, else its date, as `written` writes one."""
    distance = (on - today).days
    if distance == 0:
        return _("Today")
    if distance == 1:
        return _("Tomorrow")
    return _("Yesterday") if distance == -1 else written(on)


def _shower(parent: str, member: CurrentMember) -> Callable[[AnyRow], Entry]:
    base, present = url_for("activities.show", activity_id=UUID(int=0)).rpartition("/")[0], now()
    only_looking = looking()
    locked = only_looking.locked if only_looking else ""
    start_of_day = present.astimezone(ZoneInfo(member.timezone)).replace(hour=0, minute=0, second=0, microsecond=0)

    def show(row: AnyRow) -> Entry:
        planned = row.done_at is None and row.due_at is not None
        here = f"{base}/{row.id}"
        return Entry(
            id=row.id, kind="message" if row.kind == "email" else row.kind, title=row.subject or kind_label(row.kind),
            at=row.at.isoformat(), shown=due_label(row.due_at, member) if planned else clock_time(row.at),
            meta=_meta(row, parent), text=row.body, outcome=outcome(row.outcome), planned=planned,
            late=planned and row.due_at < start_of_day,
            done_url=f"{here}/done" if planned and row.may_update else "",
            edit_url=f"{here}/edit" if row.may_update else "", locked=locked,
        )  # fmt: skip

    return show


def due_label(due_at: datetime, member: CurrentMember) -> str:
    """Return when something is due: "Today, 09:00", "Tomorrow, 14:30", "24 Nov 2025, 09:00"."""
    zone = ZoneInfo(member.timezone)
    on, today = due_at.astimezone(zone).date(), now().astimezone(zone).date()
    return _("%(day)s, %(time)s", day=day_label(on, today), time=clock_time(due_at))


def _meta(row: AnyRow, parent: str) -> str:
    """Return who, where, how long, and with whom where the page does not say it already."""
    others = {"company": row.contact_name, "contact": row.company_name}
    names = [others[parent]] if parent in others else [row.contact_name, row.company_name]
    length = _("%(n)s min", n=row.duration_minutes) if row.duration_minutes else ""
    return dotted(row.owner_name, *names, row.location, length)
