"""The list of workspaces, and one of them: figures, standing, version, failed jobs, what operators did."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import render_template

from saas_crm.access.queries import members
from saas_crm.core.errors import NotFound
from saas_crm.edge.declared import operators_only
from saas_crm.operators import registry, work
from saas_crm.operators.acts import Place, acts
from saas_crm.operators.registry import ORDERS, Filters
from saas_crm.operators.visits import consent_of
from tenants.db import AnyRow, tenant_scope
from tenants.migrations.lines import head
from tenants.runtime import runtime_settings
from web.lists import address, after_key, asked, asked_choice, next_url, sorting
from web.operators import terms, words
from web.operators.blueprint import bp
from web.operators.frame import frame
from web.operators.paid import Paid, arranged, currencies_sold, intervals_sold, paid_by, plans_sold

STATES = ("active", "paused", "behind", "errors")
ACTS_SHOWN = 10
FORMS = {
    "suspend": {"kind", "reason", "ask", "until"}, "consent": {"why"},
    "plan": {"plan", "seats", "interval", "currency", "paid_until", "invoice"},
}  # fmt: skip
"""The forms of a workspace's page, and the fields of each."""


@bp.get("", strict_slashes=False)
@operators_only
def index() -> str:
    """List the workspaces."""
    sort = asked_choice("sort", ORDERS, "slug")
    bills = runtime_settings().bills
    plans = words.plan_choices() if bills else []
    filters = Filters(asked("q"), asked_choice("state", STATES), asked_choice("plan", [key for key, _ in plans]))
    scope = f"operator:{sort}"
    found = registry.list_workspaces(filters, sort, after_key(scope, ORDERS[sort]))
    return render_template(
        "operators/workspaces.html", rows=found.rows, next_url=next_url(found, scope), filters=filters, sort=sort,
        totals=registry.totals(), running=work.latest(None, (work.MIGRATE, work.FIGURES)),
        sorting=sorting, clear=address(q=None, state=None, plan=None, after=None) if filters != Filters() else "",
        narrowed=lambda state: address(state=state, after=None), is_behind=registry.is_behind, words=words,
        bills=bills, plans=plans, **frame("workspaces"),
    )  # fmt: skip


@bp.get("/workspaces/<slug>")
@operators_only
def show(slug: str) -> str:
    """Show one workspace."""
    return workspace_page(slug)


def workspace_page(slug: str, values: Mapping[str, Any] | None = None, errors: Mapping[str, str] | None = None) -> str:
    """Show a workspace, with a form that was refused; raises NotFound."""
    found = known(slug)
    jobs, consent, people = registry.failed_jobs(found.id), *_who_may_be_seen(found)
    paid: Paid | None = paid_by(found.id) if runtime_settings().bills else None
    return render_template(
        "operators/workspace.html", found=found, causes=registry.causes(found.id), jobs=jobs, words=words,
        behind=registry.is_behind(found.schema_version), head=head("tenant"), bills=paid is not None, paid=paid,
        terms=terms,
        running=work.latest(found.id, (work.MIGRATE, work.RETRY_JOBS, work.FIGURES, *work.ALONE)),
        acts=acts(tenant_id=found.id, limit=ACTS_SHOWN)[:ACTS_SHOWN], errors=errors or {}, consent=consent,
        values={"kind": "closed", **(arranged(paid) if paid else {}), **(values or {})},
        people=people, opened=_opened(errors or {}), plans_sold=plans_sold, intervals_sold=intervals_sold,
        currencies_sold=currencies_sold, **frame("workspaces"),
    )  # fmt: skip


def _opened(errors: Mapping[str, str]) -> str:
    """Return which of the page's forms stands open: the one that was refused, or is asked for in the address."""
    for form, names in FORMS.items():
        if names & set(errors):
            return form
    return asked_choice("part", FORMS) or ("suspend" if errors else "")


def _who_may_be_seen(found: AnyRow) -> tuple[AnyRow | None, list[tuple[str, str]]]:
    """Return the consent that the workspace gives now, and as whom one could look in by it."""
    tenant = registry.speaker(found)
    consent = consent_of(tenant) if found.status != "closed" else None
    if consent is None:
        return None, []
    with tenant_scope(tenant):
        return consent, [(str(row.id), f"{row.name} · {row.role_name}") for row in members()]


def known(slug: str) -> AnyRow:
    """Return a workspace as the registry and its figures have it; raises NotFound."""
    found = registry.workspace(slug) if "\x00" not in slug else None
    if found is None:
        raise NotFound
    return found


def place_of(found: AnyRow) -> Place:
    """Return the same as acts name it."""
    return Place(found.id, found.slug)
