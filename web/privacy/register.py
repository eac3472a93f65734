"""Pages: the register of processing, for the workspace and, by a link, for whom it concerns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Response, g, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from saas_crm.core.errors import AlreadyExists
from saas_crm.core.forms import from_form
from saas_crm.core.i18n import gettext as _
from saas_crm.edge.current import current_member
from saas_crm.edge.declared import leads_everybody_on, public, requires
from saas_crm.edge.input import input_context
from saas_crm.privacy import register, settings
from saas_crm.privacy.defaults import FIELDS, defaults
from saas_crm.privacy.schemas import ProcessingWrite
from web.forms import form_id, form_version, saved, saved_before, shown_again
from web.privacy.bp import bp
from web.privacy.paper import Paper, pdf_answer

Values = Mapping[str, Any]


def labels() -> dict[str, str]:
    """Return what the parts of an entry are called."""
    return {
        "name": _("What is done"), "purpose": _("What for"), "people": _("Whose data"), "data": _("Which data"),
        "recipients": _("Who gets them"), "retention": _("How long they are kept"), "legal_basis": _("On what ground"),
    }  # fmt: skip


def _shown(found: register.Entry) -> dict[str, Any]:
    named = labels()
    return {
        "id": found.id, "name": found.name,
        "parts": [(named[name], getattr(found, name)) for name in FIELDS[1:] if getattr(found, name)],
        "href": url_for("privacy.edit_entry", processing_id=found.id),
    }  # fmt: skip


@bp.get("/settings/privacy/register")
@requires("privacy:read")
def show_register() -> str:
    """Show the register."""
    may_edit = current_member().can("privacy:update")
    entries = register.entries()
    missing = [(key, texts["name"]) for key, texts in defaults().items() if key not in {one.id for one in entries}]
    return render_template(
        "privacy/register.html", entries=[_shown(one) for one in entries], may_edit=may_edit,
        missing=missing if may_edit else [],
    )  # fmt: skip


@bp.get("/settings/privacy/register.pdf")
@requires("privacy:read")
def register_file() -> Response:
    """Answer with the register to print."""
    return pdf_answer(_printed(settings.decided().responsible), "register")


def _printed(responsible: str) -> Paper:
    paper = Paper(_("What we do with personal data"), g.tenant.name)
    paper.lines([(_("Whom to turn to"), responsible)])
    for one in register.entries():
        paper.heading(one.name)
        paper.lines(_shown(one)["parts"])
    return paper


def entry_page(
    processing_id: UUID | None = None, values: Values | None = None, errors: Mapping[str, str] | None = None
) -> str:
    """Show the form of an entry."""
    found = register.entry(processing_id) if processing_id else None
    stored = {name: getattr(found, name) for name in FIELDS} if found else {}
    usual = found is not None and found.id in defaults() and found.version > 0
    return render_template(
        "privacy/entry.html", found=found, values=values or {**stored, "version": found.version if found else ""},
        errors=errors or {}, labels=labels(), usual=usual,
    )  # fmt: skip


@bp.get("/settings/privacy/register/new")
@requires("privacy:update")
def new_entry() -> str:
    """Show an empty entry."""
    return entry_page()


@bp.get("/settings/privacy/register/<uuid:processing_id>")
@requires("privacy:update")
def edit_entry(processing_id: UUID) -> str:
    """Show an entry to change it."""
    return entry_page(processing_id)


def _read() -> ProcessingWrite:
    return from_form(ProcessingWrite, request.form, input_context(form=True))


def _back(message: str) -> Response:
    return saved(url_for("privacy.show_register"), message)


@bp.post("/settings/privacy/register")
@requires("privacy:update")
@shown_again(entry_page)
def add_entry() -> ResponseReturnValue:
    """Add an entry; sent twice, it is added once."""
    try:
        register.add(_read(), actor=current_member(), entry_id=form_id())
    except AlreadyExists:
        return saved_before(url_for("privacy.show_register"))
    return _back(_("Entry added."))


def _changed_meanwhile(processing_id: UUID) -> str:
    said = {
        "": _("Somebody else changed this entry meanwhile. What you wrote is still here; saving it replaces theirs.")
    }
    present = register.entry(processing_id)
    return entry_page(processing_id, {**request.form.to_dict(), "version": present.version}, said)


@bp.post("/settings/privacy/register/<uuid:processing_id>")
@requires("privacy:update")
@shown_again(entry_page, conflict=_changed_meanwhile)
def change_entry(processing_id: UUID) -> ResponseReturnValue:
    """Change an entry."""
    register.change(processing_id, _read(), actor=current_member(), version=form_version())
    return _back(_("Saved."))


@bp.post("/settings/privacy/register/<uuid:processing_id>/removal")
@requires("privacy:update")
def remove_entry(processing_id: UUID) -> ResponseReturnValue:
    """Take an entry off the register."""
    register.remove(processing_id, actor=current_member())
    return _back(_("Entry removed."))


@bp.post("/settings/privacy/register/<uuid:processing_id>/usual")
@requires("privacy:update")
def usual_entry(processing_id: UUID) -> ResponseReturnValue:
    """Let an entry be as every workspace begins with it."""
    register.back_to_usual(processing_id, actor=current_member())
    return _back(_("The entry is as it came."))


@bp.get("/privacy-register/<token>")
@public("workspace")
@leads_everybody_on
def open_register(token: str) -> Response:
    """Show the register to who has the link."""
    found = settings.by_link(token)
    response = make_response(render_template(
        "privacy/public.html", entries=[_shown(one) for one in register.entries()], responsible=found.responsible,
    ))  # fmt: skip
    response.headers["X-Robots-Tag"] = "noindex"
    return response
