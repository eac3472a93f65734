"""Pages: Today, the answer to "what now?", and what lets a phone install the workspace."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from flask import Blueprint, Response, current_app, g, jsonify, render_template, url_for

from saas_crm.access.permissions import CurrentMember
from saas_crm.activities.queries import due_for
from saas_crm.core.clock import now
from saas_crm.core.i18n import gettext as _
from saas_crm.core.i18n import html_lang, spoken
from saas_crm.customers.choosing import at_hand
from saas_crm.customers.models import Company, Contact
from saas_crm.edge.current import current_member
from saas_crm.edge.declared import members_only, public
from saas_crm.edge.viewing import viewing
from saas_crm.opportunities.queries import stale_for
from web.manifest import manifest as app_manifest
from web.today.tasks import Task, quiet_deal, tasks_of

bp = Blueprint("today", __name__)
BUCKETS = ("overdue", "today", "tomorrow", "later")


@bp.get("/")
@members_only
def index() -> str:
    """Show what is overdue, due today and this week, and the deals that went quiet: the member's own."""
    member = current_member()
    tasks = tasks_of(due_for(member, now=now()), member) if member.can("activity:read") else []
    quiet = _quiet(member)
    groups = {name: [task for task in tasks if task.bucket == name] for name in BUCKETS}
    locked = not g.tenant.is_open or not member.seated
    return render_template(
        "today/index.html", today=now(), groups=groups, quiet=quiet, titles=_titles(), figures=_figures(groups, quiet),
        first_steps=[] if tasks or quiet or locked else _first_steps(member),
        reads_only=not (tasks or quiet or member.can("activity:create")), locked=locked,
        two_factor_by=member.second_factor_due if viewing() is None else None,
        plan_url=url_for("activities.new", kind="task") if member.can("activity:create") else "",
    )  # fmt: skip


@bp.get("/manifest.webmanifest")
@public("workspace")
def manifest() -> Response:
    """Answer the description that lets a phone install this workspace as an app."""
    asset = cast("Callable[[str], str]", current_app.jinja_env.globals["asset"])
    start = url_for("today.index")
    described = app_manifest(name=g.tenant.name, start_url=start, lang=html_lang(spoken()), asset=asset)
    response = jsonify(described)
    response.mimetype = "application/manifest+json"
    return response


def _titles() -> dict[str, tuple[str, str]]:
    return {
        "overdue": (_("Overdue"), "clock"), "today": (_("Today"), "sun"), "tomorrow": (_("Tomorrow"), "calendar"),
        "later": (_("This week"), "calendar"),
    }  # fmt: skip


def _figures(groups: dict[str, list[Task]], quiet: list[Task]) -> list[tuple[str, int, str]]:
    visits = sum(task.kind == "visit" for task in groups["today"])
    return [
        (_("Overdue"), len(groups["overdue"]), "#overdue"), (_("Due today"), len(groups["today"]), "#today"),
        (_("Visits today"), visits, "#today"), (_("Quiet deals"), len(quiet), "#quiet"),
    ]  # fmt: skip


def _quiet(member: CurrentMember) -> list[Task]:
    if not member.can("opportunity:read"):
        return []
    return [quiet_deal(row) for row in stale_for(member, now=now())]


def _first_steps(member: CurrentMember) -> list[dict[str, str]]:
    """Return what a newcomer may do first; nothing once there are customers."""
    kinds = {"company": Company, "contact": Contact}
    if any(at_hand(model, member, limit=1) for kind, model in kinds.items() if member.can(f"{kind}:read")):
        return []
    steps = [
        ("company:create", "companies.new", _("Add your first customer"), "building-2"),
        ("opportunity:create", "opportunities.new", _("Write down a deal"), "handshake"),
        ("workspace:update", "account.show_setup", _("Load sample data"), "zap"),
        ("member:create", "settings_members.index", _("Invite colleagues"), "user-plus"),
    ]
    return [
        {"href": url_for(endpoint), "label": label, "icon": icon}
        for permission, endpoint, label, icon in steps
        if member.can(permission)
    ]
