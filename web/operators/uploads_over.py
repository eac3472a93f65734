"""Putting an archive's file in the place of a workspace's present data: sent as any other, asked for by its name."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from saas_crm.core.errors import InvalidInput
from saas_crm.core.i18n import gettext as _
from saas_crm.edge.declared import operators_only
from saas_crm.operators import uploads
from tenants.archive.manifest import TenantEntry
from tenants.db import AnyRow
from web.forms import shown_again
from web.lists import asked
from web.operators.backups import check_in_place, name_of, under_way
from web.operators.blueprint import bp
from web.operators.frame import frame
from web.operators.gate import who
from web.operators.proof import proven
from web.operators.uploads import begun, file_here, sent_file
from web.operators.workspaces import known, place_of

OTHER = "other"
"""The box to tick where a file is the archive of another workspace; it is shown once that is known."""


def page(slug: str, values: Mapping[str, Any] | None = None, errors: Mapping[str, str] | None = None) -> str:
    """Show the form with what was typed, and the file that is here already; before it, that proof is needed."""
    found = known(slug)
    return render_template(
        "operators/upload_over.html", found=found, name=name_of(found), errors=errors or {},
        values=values or {"typed": asked("typed")}, **under_way(found), **file_here(), **frame("workspaces"),
    )  # fmt: skip


@bp.get("/workspaces/<slug>/restore")
@operators_only
def show_upload_over(slug: str) -> str:
    """Show what is needed to put a file in the place of a workspace."""
    return page(slug)


@bp.post("/workspaces/<slug>/restore/proof")
@operators_only
@proven
def prove_before_upload_over(slug: str) -> ResponseReturnValue:
    """Lead to the form once it is proven who it is."""
    typed = request.form.get("typed") or None
    return redirect(url_for("operators.show_upload_over", slug=known(slug).slug, typed=typed), 303)


@bp.post("/workspaces/<slug>/restore/uploads")
@operators_only
@proven
def begin_upload_over(slug: str) -> ResponseReturnValue:
    """Begin to take a file, or go on with it; tells which pieces are here, or what is wrong, by field."""
    return begun(partial(check_in_place, known(slug)))


@bp.post("/workspaces/<slug>/restore")
@operators_only
@proven
@shown_again(page)
def restore_file_over(slug: str) -> ResponseReturnValue:
    """Let the worker put a file in the place of the present data, once it is here and looks like an archive."""
    found, file = known(slug), sent_file()
    check_in_place(found)
    _check_whose(found, uploads.check(file))
    if not uploads.ask_restore_over(who(), file, place_of(found)):
        flash(_("This workspace is being restored or deleted already."), "error")
    return redirect(url_for("operators.list_backups", slug=found.slug), 303)


def _check_whose(found: AnyRow, archived: TenantEntry) -> None:
    """Raise InvalidInput where the archive is of another workspace and it was not ticked that this is meant.

    One that was moved here from another installation has another id as well, so it cannot be refused for good.
    """
    if archived.id == found.id or request.form.get(OTHER):
        return
    raise InvalidInput({OTHER: _(
        "This is the archive of another workspace: %(name)s (/%(slug)s). Its people would come into this one.",
        name=archived.name, slug=archived.slug,
    )})  # fmt: skip
