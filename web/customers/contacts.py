"""Pages: contacts, people at a company or on their own."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from saas_crm.access.ownership import check_may
from saas_crm.core.errors import AlreadyExists, InvalidInput
from saas_crm.core.i18n import gettext as _
from saas_crm.customers import actions, queries
from saas_crm.customers.choosing import name_of
from saas_crm.customers.models import Company, Contact
from saas_crm.customers.queries import CustomerFilter
from saas_crm.customers.schemas import ContactWrite
from saas_crm.edge.current import current_member
from saas_crm.edge.declared import requires
from saas_crm.privacy.consents import refused
from web.activities.story import story_of
from web.conflicts import conflict_page
from web.customers import forms, shown
from web.customers.listing import choices_of, filters_of, listed, results
from web.customers.picked import checked, company_written, member_written, with_known, with_picked
from web.customers.values import contact_labels, contact_values
from web.forms import form_id, form_version, saved, saved_before, shown_again, wants_part
from web.lists import asked, asked_id
from web.merging import Merged
from web.privacy.words import warnings

bp = Blueprint("contacts", __name__, url_prefix="/contacts")


@bp.get("")
@requires("contact:read")
def index() -> ResponseReturnValue:
    """List the contacts the member sees: search, filters, order, pages by key."""
    listing = listed(Contact)
    if wants_part("results", "rows"):
        return results("contacts/_results.html", listing)
    may_add = current_member().can("contact:create")
    return render_template("contacts/index.html", may_add=may_add, **listing, **filters_of(Contact, listing))


@bp.get("/<uuid:contact_id>")
@requires("contact:read")
def show(contact_id: UUID) -> str:
    """Show one contact: who it is, their deals, what is planned and what happened."""
    member = current_member()
    contact = queries.get_contact(contact_id, member=member)
    story = shown.story(story_of("contact", contact_id, member=member))
    if wants_part("story", "timeline"):
        return render_template("activities/_story_part.html", **story)
    deals = shown.deals("contact", contact_id, member)
    return render_template(
        "contacts/show.html", contact=contact, company=contact.company, unwanted=warnings(refused(contact_id)),
        deals=deals, **shown.parts({"deals": len(deals)}), **shown.customer(contact, member, g.tenant.country), **story,
    )  # fmt: skip


@bp.get("/filters")
@requires("contact:read")
def filters() -> str:
    """Answer what the list can be narrowed to, when the filters are opened."""
    return render_template("contacts/_filters.html", **choices_of(Contact, CustomerFilter(), "name"))


def _new(values: dict[str, Any] | None = None, errors: dict[str, str] | None = None) -> str:
    if values is None:
        company_id = asked_id("company_id")
        at = name_of(Company, company_id, current_member())
        values = {**forms.presets(), "name": asked("name"), "company_id": company_id if at else ""}
        values["company_id_text"] = at
    return _form(None, values, errors)


def _edit(contact_id: UUID, values: dict[str, Any] | None = None, errors: dict[str, str] | None = None) -> str:
    member = current_member()
    contact = queries.get_contact(contact_id, member=member)
    check_may(contact, "update", member)
    if values is None:
        values = {
            **contact_values(contact), "owner_id_text": contact.owner.name if contact.owner else "",
            "company_id_text": name_of(Company, contact.company_id, member),
        }  # fmt: skip
    return _form(contact, values, errors)


def _form(contact: Contact | None, values: dict[str, Any], errors: dict[str, str] | None) -> str:
    return render_template(
        "contacts/form.html", contact=contact, values=values, errors=errors or {}, labels=contact_labels(),
        **forms.choices(Contact, contact),
    )  # fmt: skip


def _conflict(contact_id: UUID) -> str | Merged:
    contact = queries.get_contact(contact_id, member=current_member())
    here = url_for("contacts.show", contact_id=contact_id)
    form, new = with_known(current_member(), owner_id=member_written, company_id=company_written)
    return conflict_page(
        contact, ContactWrite, contact_values, contact_labels(), action=here, back_url=here, shown=forms.readable,
        form=form, new=new,
    )  # fmt: skip


def _read() -> ContactWrite:
    return checked(ContactWrite, *with_picked(current_member(), owner_id=member_written, company_id=company_written))


@bp.get("/new")
@requires("contact:create")
def new() -> str:
    """Show the empty form, at a company where `company_id` names one."""
    return _new()


@bp.post("")
@requires("contact:create")
@shown_again(_new)
def create() -> ResponseReturnValue:
    """Make a contact; the same form sent twice leads to the same contact."""
    contact_id = form_id()
    here = url_for("contacts.show", contact_id=contact_id)
    try:
        actions.create_contact(_read(), actor=current_member(), contact_id=contact_id)
    except AlreadyExists:
        return saved_before(here)
    return saved(here, _("Contact added."))


@bp.get("/<uuid:contact_id>/edit")
@requires("contact:update")
def edit(contact_id: UUID) -> str:
    """Show the form with what is stored."""
    return _edit(contact_id)


@bp.post("/<uuid:contact_id>")
@requires("contact:update")
@shown_again(_edit, conflict=_conflict)
def update(contact_id: UUID) -> ResponseReturnValue:
    """Save a contact."""
    contact = queries.get_contact(contact_id, member=current_member())
    data = _read()
    forms.check_owner_given(data)
    actions.update_contact(contact, data, actor=current_member(), version=form_version())
    return saved(url_for("contacts.show", contact_id=contact_id), _("Saved."))


@bp.post("/<uuid:contact_id>/recycle")
@requires("contact:delete")
def recycle(contact_id: UUID) -> ResponseReturnValue:
    """Put a contact into the recycle bin."""
    contact = queries.get_contact(contact_id, member=current_member())
    try:
        actions.recycle(contact, actor=current_member())
    except InvalidInput as held:
        flash(held.errors[""], "error")
        return redirect(url_for("contacts.show", contact_id=contact_id), 303)
    undo = url_for("recycle_bin.restore", kind="contact", record_id=contact_id)
    return saved(url_for("contacts.index"), _("Moved to the recycle bin."), undo=undo)


@bp.get("/twins")
@requires("contact:create")
def twins() -> str:
    """Answer contacts that may be the one being typed."""
    return render_template("companies/_twins.html", twins=forms.contact_twins())
