"""The form of a deal: what it offers, what it sends, and both values when two people saved at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from typing import Any
from uuid import UUID

from flask import render_template, url_for

from saas_crm.access.ownership import check_may
from saas_crm.access.permissions import CurrentMember
from saas_crm.access.queries import member_names
from saas_crm.core.errors import InvalidInput
from saas_crm.core.forms import parse
from saas_crm.core.i18n import gettext as _
from saas_crm.customers.actions import create_contact
from saas_crm.customers.choosing import ids_named, name_of
from saas_crm.customers.models import Company, Contact
from saas_crm.customers.schemas import ContactWrite
from saas_crm.edge.current import current_member
from saas_crm.opportunities import queries
from saas_crm.opportunities.models import Opportunity
from saas_crm.opportunities.people import contact_names, people_of
from saas_crm.opportunities.pipelines import stages
from saas_crm.opportunities.schemas import OpportunityWrite
from tenants.context import current_tenant
from web.conflicts import conflict_page
from web.customers.picked import checked, company_written, member_written, wants_new, with_known, with_picked
from web.formatting import day
from web.lists import asked, asked_id
from web.locked import locked_fields, rule_notes
from web.merging import Merged
from web.opportunities.values import deal_labels, reader_of, stored_values

Values = dict[str, Any]
LISTS = ("contact_ids",)


def new_form(values: Values | None = None, errors: dict[str, str] | None = None) -> str:
    """Return the empty form, or the refused one; what the address names (a customer, a stage) is filled in."""
    return _form(None, values or _blank(), errors)


def edit_form(opportunity_id: UUID, values: Values | None = None, errors: dict[str, str] | None = None) -> str:
    """Return the form with what is stored, or the refused one. Raises NotFound and Forbidden."""
    member = current_member()
    deal = queries.get_opportunity(opportunity_id, member=member)
    check_may(deal, "update", member)
    return _form(deal, values or _stored(deal), errors)


def conflict_form(opportunity_id: UUID) -> str | Merged:
    """Return what both changes amount to, or the page that lets the reader choose where they meet."""
    member = current_member()
    deal = queries.get_opportunity(opportunity_id, member=member)
    here = url_for("opportunities.show", opportunity_id=opportunity_id)
    labels = {name: label for name, label in deal_labels().items() if name != "contact_add"}
    form, new = with_known(
        member, company_id=company_written, contact_id=_known_contact, owner_id=member_written,
        contact_add=_known_contact,
    )  # fmt: skip
    if further := form.get("contact_add"):
        form.add("contact_ids", further)
    return conflict_page(
        deal, OpportunityWrite, reader_of(deal), labels, action=here, back_url=here, shown=_readable, form=form, new=new
    )  # fmt: skip


def submitted(member: CurrentMember) -> OpportunityWrite:
    """Return the checked form, with an id for every picker of which only words came. Raises InvalidInput.

    A new contact is made at the company chosen beside them.
    """
    form, wrong = with_picked(member, company_id=company_written, owner_id=member_written)
    company_id = form.get("company_id", "")

    def contact(text: str, member: CurrentMember) -> UUID | None:
        if wants_new("contact_id") and member.can("contact:create"):
            person = parse(ContactWrite, {"name": text, "company_id": company_id})
            return create_contact(person, actor=member).id
        return _known_contact(text, member)

    people, unknown = with_picked(member, contact_id=contact, contact_add=_known_contact)
    if "contact_id" in people:
        form["contact_id"] = people["contact_id"]
    if further := people.get("contact_add"):
        form.add("contact_ids", further)
    return checked(OpportunityWrite, form, wrong | unknown)


def check_owner_given(data: OpportunityWrite) -> None:
    """Refuse a form that would leave a deal without an owner. Raises InvalidInput."""
    if "owner_id" in data.model_fields_set and data.owner_id is None:
        raise InvalidInput({"owner_id": _("This is needed.")})


def _known_contact(text: str, member: CurrentMember) -> UUID | None:
    found = ids_named(Contact, text, member)
    return found[0] if len(found) == 1 else None


def _form(deal: Opportunity | None, values: Values, errors: dict[str, str] | None) -> str:
    member = current_member()
    contacts = _contact_names(values.get("contact_ids") or [], deal, member)
    return render_template(
        "opportunities/form.html", deal=deal, values=values, errors=errors or {}, labels=deal_labels(),
        stage_options=_open_stages(member, deal), currency=deal.currency if deal else current_tenant().currency,
        contacts=contacts, may_assign=member.can("opportunity:assign"),
        owner_hint="" if deal else _("You, if nobody is named."),
        locked=locked_fields("opportunity", deal_labels(), stored_values(deal) if deal else None, _readable),
        notes=rule_notes("opportunity", new=deal is None),
        picks=[kind for kind in ("company", "contact") if member.can(f"{kind}:read")],
    )  # fmt: skip


def _open_stages(member: CurrentMember, deal: Opportunity | None) -> list[tuple[str, str]]:
    """Return the stages the form offers; a closed deal is opened again on its page, not here."""
    if deal is not None and deal.status != "open":
        return []
    found = stages(member, pipeline_id=deal.pipeline_id if deal else None)
    return [(str(stage.id), stage.name) for stage in found if stage.kind == "open"]


def _blank() -> Values:
    member, values = current_member(), {"name": asked("name"), "stage_id": asked_id("stage")}
    for kind, model in (("company", Company), ("contact", Contact)):
        record_id = asked_id(f"{kind}_id")
        if record_id and member.can(f"{kind}:read") and (name := name_of(model, record_id, member)):
            values |= {f"{kind}_id": record_id, f"{kind}_id_text": name}
    return values


def _stored(deal: Opportunity) -> Values:
    values: Values = dict(stored_values(deal))
    values["contact_ids"] = [part for part in values["contact_ids"].split(",") if part]
    for name, other in (("company_id", deal.company), ("contact_id", deal.contact), ("owner_id", deal.owner)):
        values[f"{name}_text"] = other.name if other else ""
    return values


def _contact_names(ids: list[str], deal: Opportunity | None, member: CurrentMember) -> list[tuple[str, str]]:
    """Return ids and names of the further contacts: those of the deal, and those chosen that the member sees.

    Who is in the deal unseen stays in it unless taken out; their name is not told.
    """
    if not ids and deal is None:
        return []
    unseen = _("A contact you cannot see")
    names = {str(row.id): row.name or unseen for row in people_of(deal, member)} if deal else {}
    missing = [contact_id for contact_id in _ids(ids) if str(contact_id) not in names]
    if missing:
        names |= {str(row.id): row.name for row in contact_names(missing, member)}
    return [(contact_id, names[contact_id]) for contact_id in dict.fromkeys(ids) if contact_id in names]


def _ids(texts: list[str]) -> list[UUID]:
    found = []
    for text in texts:
        try:
            found.append(UUID(text))
        except ValueError:
            continue
    return found


def _readable(name: str, value: str) -> str:
    """Return a form value as a person reads it: names for ids."""
    member = current_member()
    readers: dict[str, Callable[[], str]] = {
        "owner_id": lambda: _name_among(member_names(), value),
        "stage_id": lambda: _name_among(stages(member, archived=True), value),
        "company_id": lambda: name_of(Company, UUID(value), member),
        "contact_id": lambda: name_of(Contact, UUID(value), member),
        "contact_ids": lambda: ", ".join(row.name for row in contact_names(_ids(value.split(",")), member)),
        "expected_close": lambda: day(date.fromisoformat(value)),
    }
    return readers[name]() if value and name in readers else value


def _name_among(rows: Iterable[Any], wanted: str) -> str:
    return next((row.name for row in rows if str(row.id) == wanted), "")
