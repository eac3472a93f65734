"""What a picker field sends: an id, or only words, or words to make a new record of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import request
from werkzeug.datastructures import ImmutableMultiDict, MultiDict

from saas_crm.access.permissions import CurrentMember
from saas_crm.access.queries import member_names
from saas_crm.core.errors import InvalidInput
from saas_crm.core.fields import clean_line
from saas_crm.core.forms import parse
from saas_crm.core.i18n import gettext as _
from saas_crm.customers.actions import create_company
from saas_crm.customers.choosing import ids_named
from saas_crm.customers.models import Company, Contact
from saas_crm.customers.schemas import CompanyWrite

Finder = Callable[[str, CurrentMember], Any]


def with_picked(member: CurrentMember, **finders: Finder) -> MultiDict[str, str]:
    """Return the submitted form with an id for each picker field of which only the words were sent.

    `finders` name the fields; each finds the id for what was written. A word that names nothing is an error
    beside its field: InvalidInput. With `<name>_create` a company or contact is made of it.
    """
    form = MultiDict(request.form)
    errors: dict[str, str] = {}
    for name, find in finders.items():
        text = str(clean_line(form.get(f"{name}_text", "")))
        if form.get(name) or not text:
            continue
        found = find(text, member)
        if found is None:
            errors[name] = _("Nobody and nothing has this name. Choose from the list, or leave it empty.")
        else:
            form[name] = str(found)
    if errors:
        raise InvalidInput(errors)
    return form


def company_written(name: str) -> Finder:
    """Find the one company with the written name; make it, where the form's `<name>_create` says so."""

    def find(text: str, member: CurrentMember) -> UUID | None:
        if may_add(request.form, name) and member.can("company:create"):
            return create_company(parse(CompanyWrite, {"name": text}), actor=member).id
        return _only(ids_named(Company, text, member))

    return find


def contact_written(text: str, member: CurrentMember) -> UUID | None:
    """Find the one contact with the written name."""
    return _only(ids_named(Contact, text, member))


def member_written(text: str, _member: CurrentMember) -> UUID | None:
    """Find the one active member with the written name."""
    wanted = text.casefold()
    return _only([row.id for row in member_names() if row.name.casefold() == wanted])


def may_add(form: ImmutableMultiDict[str, str], name: str) -> bool:
    """Whether the person chose to add what they wrote into a picker."""
    return form.get(f"{name}_create") == "1"


def _only(found: Any) -> UUID | None:
    return found[0] if len(found) == 1 else None
