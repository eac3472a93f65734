"""What is due, as lines of Today."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import url_for

from saas_crm.access.permissions import CurrentMember
from saas_crm.activities.rules import bucket
from saas_crm.core.clock import now
from saas_crm.core.i18n import gettext as _
from tenants.db import AnyRow
from tenants.veils import unveiled
from web.activities.story import day_label
from web.activities.words import kind_label
from web.formatting import clock_time, day, dotted, money, relative, weekday
from web.opportunities.cards import base_url


@dataclass(frozen=True, slots=True)
class Task:
    """One line, ready to be shown; `call` is (number to dial, name, address of + Log)."""

    id: UUID
    title: str
    href: str
    kind: str
    meta: str
    due: str
    due_at: str
    late: bool
    done: bool
    done_url: str
    call: tuple[str, str, str] | None
    bucket: str


def task_of(row: AnyRow, member: CurrentMember) -> Task:
    """Return one activity as a line of Today."""
    return tasks_of([row], member)[0]


def quiet_deal(row: AnyRow) -> Task:
    """Return a deal that went quiet as a line of Today."""
    return Task(
        id=row.id, title=row.name, href=f"{base_url()}{row.id}", kind="deal",
        meta=dotted(row.company_name or row.contact_name, money(row.amount, row.currency)),
        due=_("last contact %(when)s", when=relative(row.last_activity_at)), due_at=row.last_activity_at.isoformat(),
        late=False, done=False, done_url="", call=None, bucket="",
    )  # fmt: skip


def tasks_of(rows: Any, member: CurrentMember) -> list[Task]:
    """Return activities as lines of Today; addresses are made once and not for each line."""
    zone = ZoneInfo(member.timezone)
    today = now().astimezone(zone).date()
    bases = {
        "activity": url_for("activities.show", activity_id=UUID(int=0)).rpartition("/")[0],
        "company": url_for("companies.index"), "contact": url_for("contacts.index"),
        "log": url_for("activities.log") if member.can("activity:create") else "",
    }  # fmt: skip
    return [_task(row, zone, today, bases) for row in rows]


def _task(row: AnyRow, zone: ZoneInfo, today: date, bases: dict[str, str]) -> Task:
    on = (row.due_at or row.at).astimezone(zone).date()
    when = bucket(on, today=today) if row.due_at else "later"
    done, here = row.done_at is not None, f"{bases['activity']}/{row.id}"
    name, number = row.contact_name or row.company_name or "", unveiled(row.mobile, row.phone, row.company_phone)
    return Task(
        id=row.id, title=row.subject or kind_label(row.kind), href=_page(row, bases) or here,
        kind="message" if row.kind == "email" else row.kind,
        meta=dotted(row.contact_name, row.company_name, row.location),
        due=clock_time(row.due_at) if when == "today" else _due(on, today),
        due_at=(row.due_at or row.at).isoformat(), late=when == "overdue" and not done, done=done,
        done_url=f"{here}/{'reopen' if done else 'done'}" if row.may_update else "",
        call=(number, name, _log(row, bases["log"])) if number else None,
        bucket=when,
    )  # fmt: skip


def _due(on: date, today: date) -> str:
    """Return when something is due: a few weeks off, a day of the week says more than a year."""
    return day_label(on, today, weekday if abs((on - today).days) <= 31 else day)


def _page(row: AnyRow, bases: dict[str, str]) -> str:
    if row.contact_name:
        return f"{bases['contact']}/{row.contact_id}"
    return f"{bases['company']}/{row.company_id}" if row.company_name else ""


def _log(row: AnyRow, base: str) -> str:
    if not base:
        return ""
    parent = "contact" if row.contact_name else "company"
    return f"{base}?{parent}_id={getattr(row, f'{parent}_id')}"
