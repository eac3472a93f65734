"""What the page of one deal shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from flask import request, url_for

from saas_crm.access.ownership import may
from saas_crm.access.permissions import CurrentMember
from saas_crm.core.clock import now, today_in
from saas_crm.core.fiscal import CALENDAR, quarter_of
from saas_crm.core.i18n import gettext as _
from saas_crm.opportunities import queries
from saas_crm.opportunities.models import Opportunity
from saas_crm.opportunities.people import people_of
from saas_crm.opportunities.pipelines import StageView, stages
from saas_crm.opportunities.rules import days_between, is_stale, name_in, weighted
from tenants.db import AnyRow
from tenants.veils import unveiled
from web.activities.story import Story
from web.formatting import money
from web.numbers import number_of
from web.opportunities.cards import time_in_stage
from web.opportunities.words import reason_label
from web.paused import may_recycle
from web.periods import period_name
from web.settings.access_words import access_url
from web.sharing.routes import share_url


@dataclass(frozen=True, slots=True)
class Party:
    """A company or person in a deal; without an address and number when the reader may not see them."""

    name: str
    sub: str
    href: str
    numbers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the stage history."""

    title: str
    at: Any
    who: str
    amount: str


def page_of(deal: Opportunity, member: CurrentMember) -> dict[str, Any]:
    """Return what the page shows of a visible deal, and the addresses for what may be done; "" is not allowed."""
    here: dict[str, Any] = {"opportunity_id": deal.id}
    present, updates = now(), may(deal, "update", member)
    chance = deal.stage.probability if deal.status == "open" else 100 * (deal.status == "won")
    return {
        "deal": deal,
        "amount": money(deal.amount, deal.currency),
        "weighted": money(weighted(deal.amount, chance), deal.currency) if deal.status == "open" else "",
        "chance": chance,
        "late": _is_late(deal, member),
        "close_in": _quarter(deal, member),
        **number_of(deal),
        "stale": time_in_stage(days_between(deal.stage_since, present))
        if is_stale(deal.status, deal.last_activity_at, present)
        else "",
        "reason": reason_label(deal.close_reason),
        "stages": _path(deal, member),
        "history": _history(deal, member),
        **_parties(deal, member),
        "share_url": share_url(deal, member),
        "share_label": _("Change"),
        "activities_url": url_for("exports.index", **here) if member.can("activity:export") else "",
        "history_url": url_for("opportunities.deal_history", **here),
        "edit_url": url_for("opportunities.edit", **here) if updates else "",
        "move_url": url_for("opportunities.move", **here) if updates else "",
        "closure_url": url_for("opportunities.closure", **here) if updates else "",
        "recycle_url": url_for("opportunities.recycle", **here) if may_recycle(deal, member) else "",
        "access_url": access_url("opportunity", deal.id, member),
        "log_url": url_for("activities.log", **here) if member.can("activity:create") else "",
    }


def _quarter(deal: Opportunity, member: CurrentMember) -> str:
    """Return the quarter in which a deal is expected, "" where years are the calendar's, whose quarters all know."""
    begins = member.ways.fiscal_month
    if begins == CALENDAR or deal.expected_close is None:
        return ""
    return period_name(quarter_of(deal.expected_close, begins))


def story_part(told: Story) -> dict[str, Any]:
    """Return what `activities/_story.html` needs beside the story itself."""
    return {
        "story": told,
        "story_path": request.script_root + request.path,
        "note_url": url_for("activities.create"),
        "plan_url": url_for("activities.new", kind="task", **cast("dict[str, Any]", told.parent)),
    }


def _is_late(deal: Opportunity, member: CurrentMember) -> bool:
    close = deal.expected_close
    return close is not None and deal.status == "open" and close < today_in(member.timezone)


def _path(deal: Opportunity, member: CurrentMember) -> list[StageView]:
    """Return the stages in use, and the deal's own also when it is not."""
    found = stages(member, pipeline_id=deal.pipeline_id, archived=True)
    return [stage for stage in found if not stage.archived or stage.id == deal.stage_id]


def _parties(deal: Opportunity, member: CurrentMember) -> dict[str, Any]:
    by_part: dict[str, list[Party]] = {"company": [], "contact": [], "further": []}
    for row in people_of(deal, member):
        if not row.seen:
            continue
        by_part[row.part].append(_party(row))
    contact, company = by_part["contact"], by_part["company"]
    to_call = [(number, party.name) for party in (*contact, *company) if (number := unveiled(*party.numbers))]
    return {
        "company": company[0] if company else None,
        "contact": contact[0] if contact else None,
        "further": by_part["further"],
        "call": to_call[0] if to_call else None,
    }


def _party(row: AnyRow) -> Party:
    endpoint = "companies.show" if row.part == "company" else "contacts.show"
    key = "company_id" if row.part == "company" else "contact_id"
    numbers = tuple(dict.fromkeys(number for number in (row.mobile, row.phone, row.company_phone) if number))
    return Party(row.name, row.job_title, url_for(endpoint, **{key: row.id}), numbers)


def _history(deal: Opportunity, member: CurrentMember) -> list[Step]:
    return [_step(row, deal, member.locale) for row in queries.stage_history(deal.id)]


def _step(row: AnyRow, deal: Opportunity, locale: str) -> Step:
    to = name_in(row.to_name, row.to_names, locale)
    if row.from_name is None:
        title = _("Opened in %(stage)s", stage=to)
    else:
        title = _("%(former)s → %(stage)s", former=name_in(row.from_name, row.from_names, locale), stage=to)
    return Step(title, row.at, row.member_name or "", money(row.amount, deal.currency) if row.amount else "")
