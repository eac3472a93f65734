"""Pages: what erasing a person will do, doing it, and the certificate that remains."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Response, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from saas_crm.core.errors import AlreadyExists
from saas_crm.core.forms import from_form
from saas_crm.core.i18n import gettext as _
from saas_crm.customers.holding import twins
from saas_crm.edge.current import current_member
from saas_crm.edge.declared import requires, while_read_only
from saas_crm.edge.input import input_context
from saas_crm.privacy import erasing, erasures
from saas_crm.privacy.keeping import duties_of, free_from
from saas_crm.privacy.schemas import ErasureWrite
from tenants.db import AnyRow
from web.formatting import moment
from web.forms import saved, saved_before, shown_again
from web.lists import after_key, next_url
from web.privacy import words
from web.privacy.bp import bp
from web.privacy.paper import Paper, pdf_answer


def erasing_page(
    contact_id: UUID, values: Mapping[str, Any] | None = None, errors: Mapping[str, str] | None = None
) -> str:
    """Show what would be removed, what stays and why, or why it cannot be yet."""
    member = current_member()
    person = erasing.person_to_erase(contact_id, actor=member)
    duties, would = duties_of(person), erasing.preview_of(person)
    return render_template(
        "privacy/erase.html", contact_id=contact_id, name=person.name, errors=errors or {},
        values=values or {"reason": "request"}, reasons=list(words.reasons().items()),
        duties=[words.duty_words(duty) for duty in duties], free=free_from(duties),
        groups=words.parts_by_fate(would.parts, words.fates()), passages=would.passages,
        twins=[_twin(row) for row in twins(person, member)], back=_back(contact_id, lives=person.lives),
    )  # fmt: skip


def _twin(row: AnyRow) -> tuple[str, str]:
    if row.gone:
        name = _("%(name)s (in the recycle bin)", name=row.name)
        return name, url_for("privacy.preview", contact_id=row.id)
    return row.name, url_for("contacts.show", contact_id=row.id)


def _back(contact_id: UUID, *, lives: bool) -> tuple[str, str]:
    if lives:
        return _("Privacy"), url_for("privacy.show", contact_id=contact_id)
    return _("Recycle bin"), url_for("recycle_bin.index")


@bp.get("/contacts/<uuid:contact_id>/erasure")
@requires("privacy:delete")
def preview(contact_id: UUID) -> str:
    """Show what erasing a contact will do; nothing is changed."""
    return erasing_page(contact_id)


@bp.post("/contacts/<uuid:contact_id>/erasure")
@requires("privacy:delete")
@shown_again(erasing_page)
def erase(contact_id: UUID) -> ResponseReturnValue:
    """Erase a contact for good; sent twice, it leads to the same certificate."""
    data = from_form(ErasureWrite, request.form, input_context(form=True))
    try:
        erasure_id = erasing.erase(contact_id, data, actor=current_member())
    except AlreadyExists as done:
        return saved_before(url_for("privacy.certificate", erasure_id=str(done)))
    return saved(url_for("privacy.certificate", erasure_id=erasure_id), _("Erased. This certificate remains."))


@bp.get("/settings/privacy/erasures")
@requires("privacy:read")
def certificates() -> str:
    """List the certificates of who was erased."""
    page = erasures.erasures(current_member(), after=after_key("erasures", erasures.ORDERS["-created_at"]))
    rows = [
        {"href": url_for("privacy.certificate", erasure_id=row.id), "row": row, "reason": words.reasons()[row.reason],
         "name": words.certificate_name(row.number, row.created_at)}
        for row in page.rows
    ]  # fmt: skip
    return render_template("privacy/certificates.html", rows=rows, next_url=next_url(page, "erasures"))


def _certificate(erasure_id: UUID, **more: Any) -> str:
    found = erasures.erasure(erasure_id, member=current_member())
    return render_template(
        "privacy/certificate.html", found=found, reason=words.reasons()[found.reason],
        name=words.certificate_name(found.number, found.created_at),
        groups=words.parts_by_fate(found.parts, words.past_fates()), **more,
    )  # fmt: skip


@bp.get("/settings/privacy/erasures/<uuid:erasure_id>")
@requires("privacy:read")
def certificate(erasure_id: UUID) -> str:
    """Show a certificate."""
    return _certificate(erasure_id)


@bp.post("/settings/privacy/erasures/<uuid:erasure_id>/check")
@requires("privacy:read")
@while_read_only
def check(erasure_id: UUID) -> ResponseReturnValue:
    """Tell whether a certificate is that of who has a name, address or number; what was typed is kept nowhere."""
    found = erasures.erasure(erasure_id, member=current_member())
    typed = request.form.get("identifier", "")[:254].replace("\x00", "").strip()
    if not typed:
        return redirect(url_for("privacy.certificate", erasure_id=erasure_id), 303)
    return _certificate(erasure_id, checked=typed, matches=erasures.is_about(found, typed))


@bp.get("/settings/privacy/erasures/<uuid:erasure_id>.pdf")
@requires("privacy:read")
def certificate_file(erasure_id: UUID) -> Response:
    """Answer with a certificate to print."""
    found = erasures.erasure(erasure_id, member=current_member())
    return pdf_answer(_printed(found), f"erasure-{words.certificate_name(found.number, found.created_at)}")


def _printed(found: AnyRow) -> Paper:
    paper = Paper(_("Certificate of erasure"), g.tenant.name)
    paper.lines([
        (_("Number"), words.certificate_name(found.number, found.created_at)),
        (_("When"), moment(found.created_at)), (_("By"), found.member_name),
        (_("Reason"), words.reasons()[found.reason]), (_("Record"), str(found.contact_id)),
    ])  # fmt: skip
    for group in words.parts_by_fate(found.parts, words.past_fates()):
        paper.heading(group["title"])
        for line in group["lines"]:
            paper.paragraph(line["text"], line["hint"])
    paper.heading(_("Fingerprints"))
    paper.paragraph(_("They tell nothing about the person. Who has an address can have it checked against them."))
    paper.paragraph(" ".join(found.fingerprints))
    return paper
