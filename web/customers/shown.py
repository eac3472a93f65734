"""What the pages of one company and of one contact have in common."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from flask import request, url_for

from saas_crm.access.ownership import may
from saas_crm.access.permissions import CurrentMember
from saas_crm.core.i18n import gettext as _
from saas_crm.core.i18n import spoken
from saas_crm.customers import queries
from saas_crm.opportunities.queries import deals_of
from saas_crm.opportunities.rules import name_in
from tenants.db import AnyRow
from web.activities.story import Story
from web.customers.values import address_line, company_labels, contact_labels
from web.formatting import country_name
from web.lists import address, asked_choice
from web.opportunities.cards import base_url
from web.paused import may_recycle
from web.settings.access_words import access_url
from web.sharing.routes import team_of

MAP = "https://www.openstreetmap.org/search"


def story(told: Story) -> dict[str, Any]:
    """Return what `activities/_story.html` needs beside the story itself."""
    plan: dict[str, Any] = {"kind": "task", **told.parent}
    return {
        "story": told, "story_path": request.script_root + request.path, "note_url": url_for("activities.create"),
        "plan_url": url_for("activities.new", **plan),
    }  # fmt: skip


def customer(record: Any, member: CurrentMember, country: str) -> dict[str, Any]:
    """Return what may be done with a customer, and the addresses for it; "" is not allowed.

    `country` is the workspace's own, which an address need not say.
    """
    resource = record.__resource__
    blueprint, parent = ("companies" if resource == "company" else "contacts"), {f"{resource}_id": record.id}
    abroad = country_name(record.country) if record.country != country else ""
    where, logs = address_line(record, abroad), member.can("activity:create")
    return {
        "labels": company_labels() if resource == "company" else contact_labels(),
        "edit_url": url_for(f"{blueprint}.edit", **parent) if may(record, "update", member) else "",
        "recycle_url": url_for(f"{blueprint}.recycle", **parent) if may_recycle(record, member) else "",
        "activities_url": url_for("exports.index", **parent) if member.can("activity:export") else "",
        "history_url": url_for(f"{blueprint}.{resource}_history", **parent),
        "privacy_url": "" if resource == "company" else url_for("privacy.show", **parent),
        "log_url": url_for("activities.log", **parent) if logs else "",
        "log_base": url_for("activities.log") if logs else "",
        "visit_url": url_for("activities.new", kind="visit", **parent) if logs else "",
        "new_deal_url": url_for("opportunities.new", **parent) if member.can("opportunity:create") else "",
        **team_of(record, member),
        "access_url": access_url(resource, record.id, member),
        "address": where, "map_url": f"{MAP}?{urlencode({'query': where})}",
    }  # fmt: skip


PARTS = ("story", "details", "contacts", "deals")


def parts(counts: dict[str, int]) -> dict[str, Any]:
    """Return the tabs by which a phone shows one part of the page at a time; `counts` name contacts and deals."""
    words = {"story": _("Timeline"), "details": _("Details"), "contacts": _("Contacts"), "deals": _("Deals")}
    shown = [name for name in PARTS if name in ("story", "details") or name in counts]
    chosen = asked_choice("part", shown, "story")
    return {"part": chosen, "parts": [
        {"label": words[name], "href": address(part=None if name == "story" else name, after=None),
         "current": name == chosen, "count": counts.get(name)}
        for name in shown
    ]}  # fmt: skip


def contacts_of(company_id: UUID, member: CurrentMember) -> list[AnyRow]:
    """Return the contacts of a company that the member may see."""
    if not member.can("contact:read"):
        return []
    return list(queries.contacts_of(company_id, member=member))


def deals(parent: str, record_id: UUID, member: CurrentMember) -> list[dict[str, Any]]:
    """Return a customer's deals as the card shows them."""
    if not member.can("opportunity:read"):
        return []
    locale = spoken()
    return [
        {
            "href": f"{base_url()}{row.id}", "name": row.name, "amount": row.amount,
            "currency": row.currency, "stage": name_in(row.stage_name, row.stage_names, locale),
            "stage_kind": row.stage_kind, "close": row.expected_close,
        }
        for row in deals_of(parent, record_id, member=member)
    ]  # fmt: skip
