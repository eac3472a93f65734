"""Deleting a workspace at once, also one that waits out its grace; and the certificates of those that are deleted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from saas_crm.core.clock import now
from saas_crm.core.errors import InvalidInput, NotFound
from saas_crm.core.forms import from_form
from saas_crm.core.i18n import gettext as _
from saas_crm.edge.declared import operators_only
from saas_crm.edge.input import input_context
from saas_crm.operators import work
from saas_crm.operators.acts import acts
from saas_crm.operators.certificates import certificate_of, certificates
from saas_crm.operators.kept_backups import kept_backups
from saas_crm.operators.registry import causes
from saas_crm.operators.rules import is_address_typed
from saas_crm.operators.schemas import DeleteNow
from tenants.db import AnyRow
from tenants.runtime import runtime_settings
from tenants.standing import DELETION
from web.forms import shown_again
from web.lists import address, asked_id
from web.operators import words
from web.operators.backups import name_of, under_way
from web.operators.blueprint import bp
from web.operators.frame import frame
from web.operators.gate import who
from web.operators.proof import proven
from web.operators.workspaces import known, place_of

PAGE = 50
ACTS_SHOWN = 20


def deletion_page(slug: str, values: Mapping[str, Any] | None = None, errors: Mapping[str, str] | None = None) -> str:
    """Show what would be gone, and the form for it; raises NotFound."""
    found = known(slug)
    pending = next((one for one in causes(found.id) if one.cause == DELETION), None)
    return render_template(
        "operators/deletion.html", found=found, name=name_of(found), kept=kept_backups(found.id), pending=pending,
        bills=runtime_settings().bills, values=values or {}, errors=errors or {}, **under_way(found),
        **frame("workspaces"),
    )  # fmt: skip


@bp.get("/workspaces/<slug>/deletion")
@operators_only
def show_deletion(slug: str) -> str:
    """Show what deleting a workspace at once means."""
    return deletion_page(slug)


@bp.post("/workspaces/<slug>/deletion")
@operators_only
@proven
@shown_again(deletion_page)
def delete_workspace(slug: str) -> ResponseReturnValue:
    """Let the worker delete a workspace at once; its address has to be typed, and why."""
    found = known(slug)
    data = _said(found)
    if not work.ask_once(who(), work.DELETE, place_of(found), work.ALONE, address=found.slug, reason=data.reason):
        flash(_("This workspace is being restored or deleted already."), "error")
    asked = work.latest(found.id, (work.DELETE,))
    if asked is None:
        return redirect(url_for("operators.show", slug=found.slug), 303)
    return redirect(url_for("operators.show_deleting", work_id=asked.id), 303)


def _said(found: AnyRow) -> DeleteNow:
    """Return what was said; raises InvalidInput with all that is wrong, by field."""
    typed = is_address_typed(request.form.get("typed", ""), found.slug)
    wrong = {} if typed else {"typed": _("Type the address of the workspace just as it is shown.")}
    try:
        data = from_form(DeleteNow, request.form, input_context(form=True))
    except InvalidInput as invalid:
        raise InvalidInput({**wrong, **invalid.errors}) from None
    if wrong:
        raise InvalidInput(wrong)
    return data


@bp.get("/deletions/<uuid:work_id>")
@operators_only
def show_deleting(work_id: UUID) -> ResponseReturnValue:
    """Show how far a deletion is, and lead to its certificate once there is one."""
    found = work.work_of(work_id)
    if found is None or found.kind != work.DELETE:
        raise NotFound
    if found.asked.get("certificate"):
        return redirect(url_for("operators.show_certificate", certificate_id=found.asked["certificate"]), 303)
    return render_template(
        "operators/deleting.html", running=found, unanswered=now() - found.asked_at > work.UNANSWERED, words=words,
        slug=found.asked.get("address", ""), **frame("workspaces"),
    )  # fmt: skip


@bp.get("/certificates")
@operators_only
def list_certificates() -> str:
    """List the workspaces that were deleted, the latest first, by page, by command or when their day had come."""
    rows = certificates(before=asked_id("before"), limit=PAGE)
    return render_template(
        "operators/certificates.html", rows=rows[:PAGE],
        next_url=address(before=str(rows[PAGE - 1].id)) if len(rows) > PAGE else "", **frame("acts"),
    )  # fmt: skip


@bp.get("/certificates/<uuid:certificate_id>")
@operators_only
def show_certificate(certificate_id: UUID) -> str:
    """Show what is left of a deleted workspace: its certificate, and what operators did with it."""
    found = certificate_of(certificate_id)
    if found is None:
        raise NotFound
    return render_template(
        "operators/certificate.html", made=found, words=words, tables=sorted(found.rows.items()),
        acts=acts(tenant_id=found.tenant_id, limit=ACTS_SHOWN)[:ACTS_SHOWN], **frame("acts"),
    )  # fmt: skip
