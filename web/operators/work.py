"""What is asked of the worker: migrating one, some or all, failed jobs again, figures anew; and how far it is."""

from __future__ import annotations

from uuid import UUID

from flask import flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from saas_crm.core.clock import now
from saas_crm.core.errors import NotFound
from saas_crm.core.i18n import gettext as _
from saas_crm.edge.declared import operators_only
from saas_crm.operators.work import BACKUPS, DELETE, FIGURES, MIGRATE, RETRY_JOBS, UNANSWERED, ask, work_of
from web.forms import local_path
from web.operators import words
from web.operators.blueprint import bp
from web.operators.gate import HOME, who
from web.operators.proof import proven
from web.operators.workspaces import known, place_of

MOST = 1_000
"""Workspaces that one form may name."""


@bp.get("/work/<uuid:work_id>")
@operators_only
def show_work(work_id: UUID) -> ResponseReturnValue:
    """Tell how far something is: a part of the page that asked, which is loaded anew when its list is there.

    Once a workspace is deleted its certificate takes the place of the page.
    """
    found = work_of(work_id)
    if found is None:
        raise NotFound
    response = make_response(render_template(
        "operators/_work.html", running=found, unanswered=now() - found.asked_at > UNANSWERED, words=words
    ))  # fmt: skip
    if found.kind == BACKUPS and found.state == "done":
        response.headers["HX-Refresh"] = "true"
    if found.kind == DELETE and found.asked.get("certificate"):
        response.headers["HX-Redirect"] = url_for(
            "operators.show_certificate", certificate_id=found.asked["certificate"]
        )
    return response


@bp.post("/migration")
@operators_only
@proven
def migrate() -> ResponseReturnValue:
    """Bring the workspaces that were ticked to this release, or all that are behind."""
    slugs = sorted({slug for slug in request.form.getlist("slug") if "\x00" not in slug})[:MOST]
    if request.form.get("which") != "all" and not slugs:
        flash(_("Tick the workspaces that are to be migrated."), "error")
        return redirect(HOME, 303)
    if request.form.get("which") == "all":
        ask(who(), MIGRATE)
    else:
        ask(who(), MIGRATE, slugs=slugs)
    return _asked()


@bp.post("/workspaces/<slug>/migration")
@operators_only
def migrate_one(slug: str) -> ResponseReturnValue:
    """Bring one workspace to this release, or try it again."""
    found = known(slug)
    ask(who(), MIGRATE, place_of(found), slugs=[found.slug])
    return _asked()


@bp.post("/workspaces/<slug>/jobs")
@operators_only
def retry_jobs(slug: str) -> ResponseReturnValue:
    """Queue a workspace's failed jobs again: one, or all."""
    found = known(slug)
    job = request.form.get("job", "")
    named = {"ids": [int(job)]} if job.isascii() and job.isdigit() and len(job) < 18 else {}
    ask(who(), RETRY_JOBS, place_of(found), **named)
    return _asked()


@bp.post("/figures")
@operators_only
def refresh() -> ResponseReturnValue:
    """Count all workspaces anew."""
    ask(who(), FIGURES)
    return _asked()


@bp.post("/workspaces/<slug>/figures")
@operators_only
def refresh_one(slug: str) -> ResponseReturnValue:
    """Count one workspace anew."""
    found = known(slug)
    ask(who(), FIGURES, place_of(found), slugs=[found.slug])
    return _asked()


def _asked() -> ResponseReturnValue:
    """Lead back to the page that asked, where one sees how far it is."""
    slug = (request.view_args or {}).get("slug")
    back = url_for("operators.show", slug=slug) if slug else local_path(request.form.get("next")) or HOME
    return redirect(back, 303)
