"""Pages: companies."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, g, render_template, request, url_for
from flask.typing import ResponseReturnValue

from saas_crm.access.ownership import check_may
from saas_crm.core.errors import AlreadyExists
from saas_crm.core.i18n import gettext as _
from saas_crm.customers import actions, queries
from saas_crm.customers.models import Company
from saas_crm.customers.queries import CustomerFilter
from saas_crm.customers.schemas import CompanyWrite
from saas_crm.edge.current import current_member
from saas_crm.edge.declared import requires
from web.activities.story import story_of
from web.conflicts import conflict_page
from web.customers import forms, shown
from web.customers.listing import choices_of, filters_of, listed, results
from web.customers.picked import checked, member_written, with_known, with_picked
from web.customers.values import company_labels, company_values
from web.forms import form_id, form_version, saved, saved_before, shown_again, wants_part
from web.merging import Merged
from web.numbers import number_of

bp = Blueprint("companies", __name__, url_prefix="/companies")


@bp.get("")
@requires("company:read")
def index() -> ResponseReturnValue:
    """List the companies the member sees: search, filters, order, pages by key."""
    listing = listed(Company)
    if wants_part("results", "rows"):
        return results("companies/_results.html", listing)
    may_add = current_member().can("company:create")
    return render_template("companies/index.html", may_add=may_add, **listing, **filters_of(Company, listing))


@bp.get("/<uuid:company_id>")
@requires("company:read")
def show(company_id: UUID) -> str:
    """Show one company: who it is, its people and deals, what is planned and what happened."""
    member = current_member()
    company = queries.get_company(company_id, member=member)
    story = shown.story(story_of("company", company_id, member=member))
    if wants_part("story", "timeline"):
        return render_template("activities/_story_part.html", **story)
    people, deals = shown.contacts_of(company_id, member), shown.deals("company", company_id, member)
    return render_template(
        "companies/show.html", company=company, contacts=people, deals=deals, **number_of(company),
        **shown.parts({"contacts": len(people), "deals": len(deals)}), **story,
        **shown.customer(company, member, g.tenant.country),
        new_contact_url=url_for("contacts.new", company_id=company_id) if member.can("contact:create") else "",
    )  # fmt: skip


@bp.get("/filters")
@requires("company:read")
def filters() -> str:
    """Answer what the list can be narrowed to, when the filters are opened."""
    return render_template("companies/_filters.html", **choices_of(Company, CustomerFilter(), "name"))


def _new(values: dict[str, Any] | None = None, errors: dict[str, str] | None = None) -> str:
    blank = {**forms.presets(), "name": request.args.get("name", "")[:200]}
    return _form(None, values if values is not None else blank, errors)


def _edit(company_id: UUID, values: dict[str, Any] | None = None, errors: dict[str, str] | None = None) -> str:
    company = queries.get_company(company_id, member=current_member())
    check_may(company, "update", current_member())
    stored = company_values(company) | {"owner_id_text": company.owner.name if company.owner else ""}
    return _form(company, values if values is not None else stored, errors)


def _form(company: Company | None, values: dict[str, Any], errors: dict[str, str] | None) -> str:
    return render_template(
        "companies/form.html", company=company, values=values, errors=errors or {}, labels=company_labels(),
        **forms.choices(Company, company),
    )  # fmt: skip


def _conflict(company_id: UUID) -> str | Merged:
    company = queries.get_company(company_id, member=current_member())
    here = url_for("companies.show", company_id=company_id)
    form, _none = with_known(current_member(), owner_id=member_written)
    return conflict_page(
        company, CompanyWrite, company_values, company_labels(), action=here, back_url=here, shown=forms.readable,
        form=form,
    )  # fmt: skip


def _read() -> CompanyWrite:
    return checked(CompanyWrite, *with_picked(current_member(), owner_id=member_written))


@bp.get("/new")
@requires("company:create")
def new() -> str:
    """Show the empty form."""
    return _new()


@bp.post("")
@requires("company:create")
@shown_again(_new)
def create() -> ResponseReturnValue:
    """Make a company; the same form sent twice leads to the same company."""
    company_id = form_id()
    here = url_for("companies.show", company_id=company_id)
    try:
        actions.create_company(_read(), actor=current_member(), company_id=company_id)
    except AlreadyExists:
        return saved_before(here)
    return saved(here, _("Company added."))


@bp.get("/<uuid:company_id>/edit")
@requires("company:update")
def edit(company_id: UUID) -> str:
    """Show the form with what is stored."""
    return _edit(company_id)


@bp.post("/<uuid:company_id>")
@requires("company:update")
@shown_again(_edit, conflict=_conflict)
def update(company_id: UUID) -> ResponseReturnValue:
    """Save a company."""
    company = queries.get_company(company_id, member=current_member())
    data = _read()
    forms.check_owner_given(data)
    actions.update_company(company, data, actor=current_member(), version=form_version())
    return saved(url_for("companies.show", company_id=company_id), _("Saved."))


@bp.post("/<uuid:company_id>/recycle")
@requires("company:delete")
def recycle(company_id: UUID) -> ResponseReturnValue:
    """Put a company into the recycle bin."""
    company = queries.get_company(company_id, member=current_member())
    actions.recycle(company, actor=current_member())
    undo = url_for("recycle_bin.restore", kind="company", record_id=company_id)
    return saved(url_for("companies.index"), _("Moved to the recycle bin."), undo=undo)


@bp.get("/twins")
@requires("company:create")
def twins() -> str:
    """Answer companies that may be the one being typed."""
    return render_template("companies/_twins.html", twins=forms.company_twins())
