"""Everything about one person in one export: what each room holds of them, for reading and for programs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from saas_crm.access.permissions import CurrentMember
from saas_crm.core.audit import record_act
from saas_crm.core.errors import NotFound
from saas_crm.privacy.registry import Rows, check_knows_all, find_person, holdings
from tenants.db import db

SECTIONS = ("contact", "consents", "holds", "deals", "activities", "mentions", "history")
"""In this order, later rooms' after them."""


def personal_data(contact_id: UUID, *, actor: CurrentMember, kind: str) -> Mapping[str, Rows]:
    """Return everything about a person the actor sees, by section, and note that it left as `kind` of file.

    All of it, whoever owns it: what is left out would make the answer to the person a wrong one. Raises Forbidden,
    NotFound and TooManyAttempts.
    """
    actor.require("privacy:export")
    actor.require("contact:read")
    check_knows_all(actor, "privacy:export")
    person = find_person(contact_id, actor, export=True)
    if person is None:
        raise NotFound
    found: dict[str, Rows] = {}
    for holding in holdings.values():
        for name, told in holding.tells(person).items():
            found[name] = [*found.get(name, ()), *told]
    rows = sum(len(one) for one in found.values())
    record_act(db.session(), "export", "contact", contact_id, {"rows": [None, rows], "format": [None, kind]})
    db.session.flush()
    order: dict[str, Any] = dict.fromkeys((*SECTIONS, *found))
    return {name: found[name] for name in order if name in found}
