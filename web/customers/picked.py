"""What a picker field sends: an id, or only words, or words to make a new record of."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar
from uuid import UUID

from flask import request
from pydantic import BaseModel
from werkzeug.datastructures import MultiDict

from saas_crm.access.permissions import CurrentMember
from saas_crm.access.queries import member_names
from saas_crm.core.errors import InvalidInput
from saas_crm.core.fields import clean_line
from saas_crm.core.forms import from_form, parse
from saas_crm.core.i18n import gettext as _
from saas_crm.customers.actions import create_company, create_contact
from saas_crm.customers.choosing import ids_named
from saas_crm.customers.models import Company, Contact
from saas_crm.customers.schemas import CompanyWrite, ContactWrite
from saas_crm.edge.input import input_context

NEW, NEW_COMPANY = "new:", "new-company:"
"""What stands before the words of a record to be made, where a picker's value has to say so by itself."""
CREATES = ("1", "contact", "company")
Schema = TypeVar("Schema", bound=BaseModel)
Finder = Callable[[str, CurrentMember], UUID | None]


def with_picked(member: CurrentMember, **finders: Finder) -> tuple[MultiDict[str, str], dict[str, str]]:
    """Return the submitted form with an id for each picker field of which only the words were sent.

    `finders` name the fields; each finds the id for what was written. Words that name nothing leave their field
    empty and are told in the second value, by field: `checked` tells them with all else that is wrong.
    """
    form: MultiDict[str, str] = MultiDict(request.form)
    errors: dict[str, str] = {}
    for name, find in finders.items():
        text = written(name)
        if not text or (form.get(name) and not _added(name)):
            continue
        try:
            found = find(text, member)
        except InvalidInput as invalid:  # of the record that was to be made, not of this form
            found, errors[name] = None, next(iter(invalid.errors.values()))
        form[name] = "" if found is None else str(found)
        if found is None:
            errors.setdefault(name, unknown_name())
    return form, errors


def with_known(member: CurrentMember, **finders: Finder) -> tuple[MultiDict[str, str], dict[str, str]]:
    """Return the form as `with_picked` does but make nothing: the second value has what is to be added, by field.

    For a form that was good when it was sent, and is not saved now.
    """
    new = {name: value for name in finders if (value := added(name))}
    form, _unknown = with_picked(member, **{name: find for name, find in finders.items() if name not in new})
    for name in new:
        form[name] = ""
    return form, new


def checked(schema: type[Schema], form: MultiDict[str, str], errors: Mapping[str, str]) -> Schema:
    """Return the checked form; what its pickers and its other fields have wrong is told at once: InvalidInput."""
    try:
        data = from_form(schema, form, input_context(form=True))
    except InvalidInput as invalid:
        raise InvalidInput({**invalid.errors, **errors}, invalid.codes) from None
    if errors:
        raise InvalidInput(errors)
    return data


def company_written(text: str, member: CurrentMember) -> UUID | None:
    """Find the one company with the written name; make it, where `company_id_create` says so."""
    if wants_new("company_id") and member.can("company:create"):
        return create_company(parse(CompanyWrite, {"name": text}), actor=member).id
    return _only(ids_named(Company, text, member))


def contact_written(text: str, member: CurrentMember) -> UUID | None:
    """Find the one contact with the written name; make it, where `contact_id_create` says so."""
    if wants_new("contact_id") and member.can("contact:create"):
        return create_contact(parse(ContactWrite, {"name": text}), actor=member).id
    return _only(ids_named(Contact, text, member))


def member_written(text: str, _member: CurrentMember) -> UUID | None:
    """Find the one active member with the written name."""
    wanted = text.casefold()
    return _only([row.id for row in member_names() if row.name.casefold() == wanted])


def customer_picked(name: str, member: CurrentMember, *, required: bool = False) -> dict[str, UUID | None] | None:
    """Return `company_id` and `contact_id` of a field that takes either, None when it is empty.

    Its value is "company:<id>" or "contact:<id>"; words alone name one of both; a new name makes the one of them
    that was chosen. Raises InvalidInput.
    """
    value, text = request.form.get(name, ""), written(name)
    if value and not _added(name):
        return customer_named(value, name)
    if not text:
        return None
    kind = _new_kind(name)
    if kind and member.can(f"{kind}:create"):
        return {"company_id": None, "contact_id": None, f"{kind}_id": _new_customer(kind, text, name, member)}
    companies, contacts = ids_named(Company, text, member), ids_named(Contact, text, member)
    if len(companies) + len(contacts) != 1:
        raise InvalidInput({name: unknown_name(required=required)})
    return {"company_id": _only(companies), "contact_id": _only(contacts)}


def _new_kind(name: str) -> str:
    """Return what is to be made of the words in a picker of companies and contacts, "" for nothing."""
    if not wants_new(name):
        return ""
    told = request.form.get(f"{name}_create") == "company" or request.form.get(name, "").startswith(NEW_COMPANY)
    return "company" if told else "contact"


def _new_customer(kind: str, text: str, name: str, member: CurrentMember) -> UUID:
    try:
        if kind == "company":
            return create_company(parse(CompanyWrite, {"name": text}), actor=member).id
        return create_contact(parse(ContactWrite, {"name": text}), actor=member).id
    except InvalidInput as invalid:  # of the record that was to be made, not of this form
        raise InvalidInput({name: next(iter(invalid.errors.values()))}) from None


def customer_named(value: str, name: str) -> dict[str, UUID | None]:
    """Return the ids that "company:<id>" or "contact:<id>" names. Raises InvalidInput for the field `name`."""
    kind, _sep, text = value.partition(":")
    try:
        chosen = UUID(text)
    except ValueError:
        kind = ""
    if kind not in ("company", "contact"):
        raise InvalidInput({name: _("Choose one of the values offered.")})
    return {"company_id": None, "contact_id": None, f"{kind}_id": chosen}


def written(name: str) -> str:
    """Return what was written into a picker, cleaned."""
    return str(clean_line(_added(name) or request.form.get(f"{name}_text", "")))


def wants_new(name: str) -> bool:
    """Whether the person chose to add what they wrote into a picker."""
    return bool(_added(name)) or request.form.get(f"{name}_create") in CREATES


def added(name: str) -> str:
    """Return the value that stands for "add what is written" where a picker has no room for its words.

    "" where nothing is to be added: the page with both values offers it as one of them.
    """
    if not wants_new(name) or not written(name):
        return ""
    return f"{NEW_COMPANY if _new_kind(name) == 'company' else NEW}{written(name)}"


def added_words(value: str) -> str:
    """Return the words of a value that `added` gave, "" for any other."""
    return next((value.removeprefix(mark) for mark in (NEW, NEW_COMPANY) if value.startswith(mark)), "")


def _added(name: str) -> str:
    return added_words(request.form.get(name, ""))


def unknown_name(*, required: bool = False) -> str:
    """Say that words in a picker name nothing; one that is `required` cannot be left empty instead."""
    if required:
        return _("No such name, or more than one. Choose one from the list, or add it there.")
    return _("No such name, or more than one. Choose from the list, or leave it empty.")


def _only(found: Sequence[Any]) -> UUID | None:
    return found[0] if len(found) == 1 else None
