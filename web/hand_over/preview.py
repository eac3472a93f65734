"""A look at a plan before it is carried out: everybody's load, and the customers one by one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import render_template, request
from werkzeug.datastructures import MultiDict

from saas_crm.access.permissions import CurrentMember
from saas_crm.core.i18n import gettext as _
from saas_crm.core.i18n import ngettext
from saas_crm.hand_over.owned import names_of
from saas_crm.hand_over.planning import Plan, plan_of
from saas_crm.hand_over.rules import UNDO_DAYS, Bundle
from saas_crm.hand_over.schemas import HandOverWrite, Pick
from tenants.db import AnyRow
from web.context import photo_url
from web.formatting import dotted
from web.lists import MAX_QUERY, asked_id

SHOWN = 50
"""How many customers are shown one by one; a search finds the others."""
MOST_PICKED = 500
"""How many customers are given to somebody at once by a search."""
OFFERED = 30
"""To how many members a single customer can be given there; of more, those who take over and the same team."""


def picks_of(form: MultiDict[str, str]) -> list[dict[str, str]]:
    """Return the single customers that were picked for somebody: fields `pick`, each "customer:member"."""
    pairs = (one.partition(":") for one in form.getlist("pick") if one)
    return [{"customer_id": customer, "to_id": to} for customer, _colon, to in pairs]


def preview(data: HandOverWrite, member: CurrentMember, *, record_id: str) -> str:
    """Show what will happen."""
    q = request.form.get("q", "")[:MAX_QUERY].replace("\x00", "").strip()
    plan = plan_of(data, member)
    living = {one.customer: one for one in plan.bundles if not one.is_empty}
    if "all" in request.form and (to_id := asked_id("all_to", request.form)):
        data = _all_to(data, to_id, [row.id for row in names_of(living, member, q=q, limit=MOST_PICKED)])
        plan = plan_of(data, member)
    found = names_of(living, member, q=q, limit=SHOWN)
    offered = _offered(plan, data)
    picked = {pick.customer_id: pick.to_id for pick in data.picks}
    shown = {row.id for row in found}
    return render_template(
        "hand_over/preview.html", data=data, plan=plan, person=plan.source, q=q, total=len(living), record_id=record_id,
        leaving=sum(bundle.customers for one, bundle in living.items() if one in plan.division), seats=_seats(plan),
        shown=SHOWN, days=UNDO_DAYS,
        rows=[_row(row, living[row.id], plan, offered, picked) for row in found],
        all_to=[(str(one.id), one.name) for one in offered], most=MOST_PICKED,
        kept_picks=[f"{customer}:{to}" for customer, to in picked.items() if customer not in shown],
    )  # fmt: skip


def _all_to(data: HandOverWrite, to_id: UUID, found: Sequence[UUID]) -> HandOverWrite:
    """Return the same with all customers that were found picked for one member."""
    others = [pick for pick in data.picks if pick.customer_id not in set(found)]
    return data.model_copy(update={"picks": [*others, *(Pick(customer_id=one, to_id=to_id) for one in found)]})


def _offered(plan: Plan, data: HandOverWrite) -> Sequence[AnyRow]:
    """Return to whom single customers can be given on this page."""
    people = list(plan.people.values())
    if len(people) <= OFFERED:
        return people
    near = {*data.to_ids, *(pick.to_id for pick in data.picks), *plan.gains}
    first = [found for found in people if found.id in near]
    team = [found for found in people if found.id not in near and found.team_id == plan.source.team_id]
    return [*first, *team][: max(OFFERED, len(first))]


def _seats(plan: Plan) -> list[dict[str, Any]]:
    seats = []
    for member_id, person in plan.people.items():
        gained = plan.gains.get(member_id)
        if gained is None and member_id not in plan.loads:
            continue
        had, gained = plan.loads[member_id], gained or Bundle(member_id, customers=0)
        customers = had.get("company", 0) + had.get("contact", 0)
        seats.append({
            "name": person.name, "team": person.team_name or "",
            "photo": photo_url(person.user_id, person.photo_digest),
            "customers": (customers, customers + gained.customers),
            "deals": (had.get("opportunity", 0), had.get("opportunity", 0) + gained.deals),
            "activities": (had.get("activity", 0), had.get("activity", 0) + gained.activities),
        })  # fmt: skip
    return seats


def _row(
    row: AnyRow, bundle: Bundle, plan: Plan, offered: Sequence[AnyRow], picked: dict[UUID, UUID]
) -> dict[str, Any]:
    usual = plan.people.get(plan.default.get(row.id, plan.source.id), plan.source)
    stays = [(f"{row.id}:{plan.source.id}", _("stays with %(name)s", name=plan.source.name))]
    others = [(f"{row.id}:{found.id}", found.name) for found in offered if found.id != usual.id]
    return {
        "id": str(row.id), "name": row.name or _("Planned activity"), "kind": row.resource, "sub": _numbers(bundle),
        "usual": usual.name if usual.id != plan.source.id else _("stays with %(name)s", name=usual.name),
        "options": [*others, *(stays if usual.id != plan.source.id else [])],
        "chosen": f"{row.id}:{picked[row.id]}" if row.id in picked else "",
    }  # fmt: skip


def _numbers(bundle: Bundle) -> str:
    contacts, deals = bundle.customers - 1, bundle.deals + bundle.closed
    return dotted(
        ngettext("%(num)s contact", "%(num)s contacts", contacts) if contacts > 0 else "",
        ngettext("%(num)s deal", "%(num)s deals", deals) if deals else "",
        ngettext("%(num)s planned activity", "%(num)s planned activities", bundle.activities)
        if bundle.activities else "",
    )  # fmt: skip
