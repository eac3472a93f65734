"""A workspace's nightly backups, and bringing one back: as a new workspace, or in the place of the present data."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from saas_crm.access.signing_up import slug_is_taken_message, slug_taken
from saas_crm.core.clock import now
from saas_crm.core.errors import InvalidInput, NotFound
from saas_crm.core.forms import from_form
from saas_crm.core.i18n import gettext as _
from saas_crm.edge.declared import operators_only
from saas_crm.edge.input import input_context
from saas_crm.operators import work
from saas_crm.operators.rules import moment_of, restored_slug
from saas_crm.operators.schemas import RestoreAs
from saas_crm.workspaces.rules import is_name_typed
from tenants.db import AnyRow
from web.forms import shown_again
from web.operators import words
from web.operators.blueprint import bp
from web.operators.frame import frame
from web.operators.gate import who
from web.operators.proof import proven
from web.operators.workspaces import known, place_of


@bp.get("/workspaces/<slug>/backups")
@operators_only
def list_backups(slug: str) -> str:
    """List the backups as the worker found them last, which alone can look where they lie."""
    found = known(slug)
    looked = work.latest(found.id, (work.BACKUPS,))
    return render_template(
        "operators/backups.html", found=found, looked=looked, backups=_listed(looked), **under_way(found),
        **frame("workspaces"),
    )  # fmt: skip


@bp.post("/workspaces/<slug>/backups")
@operators_only
def look_for_backups(slug: str) -> ResponseReturnValue:
    """Let the worker look which backups there are."""
    found = known(slug)
    work.ask_once(who(), work.BACKUPS, place_of(found), (work.BACKUPS,))
    return redirect(url_for("operators.list_backups", slug=slug), 303)


def backup_page(
    slug: str, stamp: str, values: Mapping[str, Any] | None = None, errors: Mapping[str, str] | None = None
) -> str:
    """Show one backup and what can be done with it; raises NotFound where nothing is ever named so."""
    found, moment = known(slug), moment_of(stamp)
    if moment is None:
        raise NotFound
    return render_template(
        "operators/backup.html", found=found, stamp=stamp, moment=moment, errors=errors or {},
        values=values or {"slug": restored_slug(slug)}, name=name_of(found), **under_way(found), **frame("workspaces"),
    )  # fmt: skip


@bp.get("/workspaces/<slug>/backups/<stamp>")
@operators_only
def show_backup(slug: str, stamp: str) -> str:
    """Show one backup."""
    return backup_page(slug, stamp)


@bp.post("/workspaces/<slug>/backups/<stamp>/copy")
@operators_only
@proven
@shown_again(backup_page)
def restore_as_new(slug: str, stamp: str) -> ResponseReturnValue:
    """Let the worker make a new workspace of a backup."""
    found = _with_backup(slug, stamp)
    data = from_form(RestoreAs, request.form, input_context(form=True))
    if slug_taken(data.slug):
        raise InvalidInput({"slug": slug_is_taken_message()}, {"slug": "taken"})
    return _asked(found, work.RESTORE_AS, backup=stamp, slug=data.slug, name=data.name)


@bp.post("/workspaces/<slug>/backups/<stamp>/restoration")
@operators_only
@proven
@shown_again(backup_page)
def restore_over(slug: str, stamp: str) -> ResponseReturnValue:
    """Let the worker put a backup in the place of the present data; the workspace's name has to be typed."""
    found = _with_backup(slug, stamp)
    check_in_place(found)
    return _asked(found, work.RESTORE_IN_PLACE, backup=stamp)


def _with_backup(slug: str, stamp: str) -> AnyRow:
    if moment_of(stamp) is None:
        raise NotFound
    return known(slug)


def _asked(found: AnyRow, kind: str, **asked: str) -> ResponseReturnValue:
    """Ask for it unless a restore of this workspace waits or runs, and lead to where one sees how far it is."""
    if not work.ask_once(who(), kind, place_of(found), work.ALONE, **asked):
        flash(_("This workspace is being restored or deleted already."), "error")
    return redirect(url_for("operators.list_backups", slug=found.slug), 303)


def under_way(found: AnyRow) -> dict[str, Any]:
    """Return what was asked for last of a workspace as a whole, as `_work.html` shows it."""
    running = work.latest(found.id, work.ALONE)
    waits = running is not None and now() - running.asked_at > work.UNANSWERED
    return {"running": running, "unanswered": waits, "words": words}


def _listed(looked: AnyRow | None) -> list[tuple[str, datetime, int]]:
    """Return name, moment and size of each backup; of a row of another release what this one understands."""
    found = looked.asked.get("found", []) if looked is not None else []
    return [(each["stamp"], moment, each["size"]) for each in found if (moment := moment_of(each["stamp"]))]


def check_in_place(found: AnyRow) -> None:
    """Raise InvalidInput for former data, which nothing takes the place of, and where the name is not typed."""
    if found.status == "closed":
        raise InvalidInput({"": _("This is the former data of a workspace that was restored. It stays closed.")})
    if not is_name_typed(request.form.get("typed", ""), name_of(found)):
        raise InvalidInput({"typed": _("Type the name of the workspace just as it is shown.")})


def name_of(found: AnyRow) -> str:
    """Return what a workspace is called; its address where it has no name."""
    return str(found.name or found.slug)
