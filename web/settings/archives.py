"""The whole workspace as one file: asked for, made by a job, downloaded by who asked."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from saas_crm.access.queries import members
from saas_crm.core.audit import record_act
from saas_crm.core.errors import InvalidInput
from saas_crm.core.i18n import gettext as _
from saas_crm.core.i18n import sentences
from saas_crm.edge.current import current_member, settings
from saas_crm.edge.declared import requires, while_read_only
from saas_crm.edge.proof import proven
from saas_crm.operators.kept_backups import kept_backups
from saas_crm.workspaces import archives
from tenants.db import db
from web.forms import saved

bp = Blueprint("settings_archives", __name__)


@bp.get("/settings/archives")
@requires("workspace:update")
def index() -> str:
    """List the archives that are kept, and how to ask for one."""
    member = current_member()
    archives.check_may(member)
    found, kept = archives.archives_of(g.tenant), kept_backups(g.tenant.id)  # before the workspace's own tables
    names = {row.id: row.name for row in members(include_frozen=True)} if found else {}
    here = settings()
    return render_template(
        "settings/archives.html", archives=found, names=names, mine=member.id, days=archives.KEPT.days,
        nightly=here if here.backup_url else None, kept=kept,
        waiting=any(row.made_at is None and row.error is None for row in found),
    )  # fmt: skip


@bp.post("/settings/archives")
@requires("workspace:update")
@while_read_only
@proven
def ask() -> ResponseReturnValue:
    """Let an archive be made."""
    try:
        archives.ask_archive(settings().database_url, g.tenant, actor=current_member())
    except InvalidInput as refused:
        flash(sentences(*refused.errors.values()), "error")
        return redirect(url_for("settings_archives.index"), 303)
    return saved(url_for("settings_archives.index"), _("The archive is being made. A mail tells when it is ready."))


@bp.get("/settings/archives/<uuid:archive_id>/file")
@requires("workspace:update")
@proven
def download(archive_id: UUID) -> Response:
    """Give an archive to who asked for it; the log has a line before a byte leaves."""
    found = archives.archive_for(g.tenant, archive_id, actor=current_member())
    record_act(db.session(), "take_archive", "workspace", g.tenant.id)
    name = f"{g.tenant.slug}-{found.made_at:%Y-%m-%d}.zip"
    response = Response(archives.pieces_of(archive_id), mimetype="application/zip")
    response.content_length = found.size
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    return response


@bp.post("/settings/archives/<uuid:archive_id>/removal")
@requires("workspace:update")
@while_read_only
def remove(archive_id: UUID) -> ResponseReturnValue:
    """Remove an archive before its time."""
    archives.remove_archive(g.tenant, archive_id, actor=current_member())
    return saved(url_for("settings_archives.index"), _("The archive is removed."))
