"""Restoring from an archive's file: sent in pieces by a script, or whole by a plain form, and handed to the worker."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from flask import flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from saas_crm.access.signing_up import slug_is_taken_message, slug_taken
from saas_crm.core.clock import now
from saas_crm.core.errors import InvalidInput, NotFound
from saas_crm.core.forms import from_form
from saas_crm.core.i18n import gettext as _
from saas_crm.edge.current import settings
from saas_crm.edge.declared import operators_only
from saas_crm.edge.input import input_context
from saas_crm.operators import uploads, work
from saas_crm.operators.schemas import RestoreAs, UploadTold
from web.forms import by_field, shown_again
from web.lists import asked
from web.operators import words
from web.operators.blueprint import bp
from web.operators.frame import frame
from web.operators.gate import current_operator, who
from web.operators.proof import proven

_ADDRESS = ("slug", "name")


def upload_page(values: Mapping[str, Any] | None = None, errors: Mapping[str, str] | None = None) -> str:
    """Show the form with what was typed, and the file that is here already; before it, that proof is needed."""
    running = work.latest(None, (work.RESTORE_FILE,))
    return render_template(
        "operators/upload.html", running=running, words=words, errors=errors or {},
        unanswered=running is not None and now() - running.asked_at > work.UNANSWERED,
        values=values or {name: asked(name) for name in _ADDRESS}, **file_here(), **frame("workspaces"),
    )  # fmt: skip


def file_here() -> dict[str, Any]:
    """Return what a form for a file needs to know: whether proof is given, which file is here, how large one may be."""
    return {
        "proven": current_operator().is_proven, "here": uploads.held(who()), "most": settings().restore_file_bytes,
        "most_at_once": settings().max_body_bytes,
    }  # fmt: skip


@bp.get("/restore")
@operators_only
def show_upload() -> str:
    """Show what is needed to restore from a file."""
    return upload_page()


@bp.post("/restore/proof")
@operators_only
@proven
def prove_before_upload() -> ResponseReturnValue:
    """Lead to the form once it is proven who it is: a file that is chosen before would be lost on the way."""
    slug, name = (request.form.get(field) or None for field in _ADDRESS)
    return redirect(url_for("operators.show_upload", slug=slug, name=name), 303)


@bp.post("/restore/uploads")
@operators_only
@proven
def begin_upload() -> ResponseReturnValue:
    """Begin to take a file, or go on with it; tells which pieces are here, or what is wrong, by field."""
    return begun(_checked_address)


def begun(check: Callable[[], object]) -> ResponseReturnValue:
    """Do that for a form whose other fields `check` looks at first."""
    try:
        check()
        told = from_form(UploadTold, request.form, input_context(form=True))
        found = uploads.begin(who(), told, most=settings().restore_file_bytes, piece_size=_piece_size())
    except InvalidInput as invalid:
        return jsonify(errors=by_field(invalid.errors)), 422
    first = url_for("operators.put_piece", upload_id=found.id, number=0)
    return jsonify(
        upload=found.id, to=first.removesuffix("0"), pieces=found.pieces, piece_size=found.piece_size, here=found.here
    )


@bp.post("/restore/uploads/<uuid:upload_id>/pieces/<int:number>")
@operators_only
def put_piece(upload_id: UUID, number: int) -> ResponseReturnValue:
    """Take a piece of a file that was begun with proof; the same one again changes nothing."""
    uploads.put_piece(who(), upload_id, number, request.get_data(cache=False))
    return "", 204


@bp.post("/restore")
@operators_only
@proven
@shown_again(upload_page)
def restore_file() -> ResponseReturnValue:
    """Let the worker make a new workspace of a file, once it is here and looks like an archive."""
    found = sent_file()
    uploads.check(found)
    if not uploads.ask_restore(who(), found, _checked_address()):
        flash(_("A restore of this file is under way already."), "error")
    return redirect(url_for("operators.show_upload"), 303)


def sent_file() -> uploads.Upload:
    """Return the file that came with the form, or in pieces before it; raises InvalidInput where there is none."""
    file = request.files.get("file")
    if file is not None and file.filename:
        return uploads.take(who(), file.stream, file.filename, most=settings().restore_file_bytes)
    try:
        return uploads.upload_of(who(), UUID(request.form.get("upload", "")))
    except (ValueError, NotFound):
        raise InvalidInput({"file": _("Choose the file of an archive.")}) from None


def _checked_address() -> RestoreAs:
    data = from_form(RestoreAs, request.form, input_context(form=True))
    if slug_taken(data.slug):
        raise InvalidInput({"slug": slug_is_taken_message()}, {"slug": "taken"})
    return data


def _piece_size() -> int:
    return min(uploads.PIECE, settings().max_body_bytes)
