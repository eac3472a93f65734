"""Pages: searching everything at once."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, url_for

from saas_crm.core.i18n import gettext as _
from saas_crm.core.search_query import prepare
from saas_crm.edge.current import current_member
from saas_crm.edge.declared import members_only
from saas_crm.search.queries import find
from web.forms import wants_part
from web.lists import asked

bp = Blueprint("search", __name__)
KINDS = {
    "company": ("companies.index", "companies.show", "company_id"),
    "contact": ("contacts.index", "contacts.show", "contact_id"),
    "opportunity": ("board.index", "opportunities.show", "opportunity_id"),
}
FEW, MANY = 12, 60


@bp.get("/search")
@members_only
def index() -> str:
    """Show what the member may see of what they look for, by kind; htmx gets the results alone."""
    member, query = current_member(), asked("q")
    panel = wants_part("global-results")
    kinds = [kind for kind in KINDS if member.can(f"{kind}:read")]
    rows = find(query, member, kinds=kinds, limit=FEW if panel else MANY) if query else []
    found: dict[str, Any] = {"query": query, "groups": _groups(rows, query), "too_common": _too_common(query)}
    if panel:
        return render_template("search/_panel.html", all_url=url_for("search.index", q=query), **found)
    if wants_part("results"):
        return render_template("search/_results.html", **found)
    return render_template("search/index.html", **found)


def _too_common(query: str) -> bool:
    return bool(query) and prepare(query).too_common


def _groups(rows: list[Any], query: str) -> list[dict[str, Any]]:
    """Group the matches by kind, the kind of the best match first."""
    titles = {"company": _("Companies"), "contact": _("Contacts"), "opportunity": _("Deals")}
    groups: dict[str, dict[str, Any]] = {}
    for row in rows:
        listing, show, name = KINDS[row.kind]
        more: dict[str, Any] = {"q": query} | ({"view": "list"} if row.kind == "opportunity" else {})
        group = groups.setdefault(row.kind, {
            "kind": row.kind, "title": titles[row.kind], "rows": [], "all_url": url_for(listing, **more),
        })  # fmt: skip
        href = url_for(show, **{name: row.record_id})
        group["rows"].append({"href": href, "title": row.title, "sub": row.subtitle})
    return list(groups.values())
