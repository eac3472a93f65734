"""Is this customer known already? Asked while typing, by e-mail, phone, domain and near-same name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select

from saas_crm.access.field_rules import may_know
from saas_crm.access.permissions import CurrentMember
from saas_crm.access.visibility import visible
from saas_crm.core.emails import company_domain
from saas_crm.core.fields import website_domain
from saas_crm.customers.models import Company, Contact
from saas_crm.customers.names import is_near_same, name_key, openings
from saas_crm.search.queries import find
from tenants.db import fetch

SHOWN = 5


@dataclass(frozen=True, slots=True)
class Twin:
    """A record that may be the same one, and by what it was recognised: email, phone, domain or name."""

    kind: str
    id: UUID
    name: str
    reason: str


def company_twins(
    member: CurrentMember, *, name: str = "", phone: str = "", email: str = "", website: str = "",
    but: UUID | None = None,
) -> list[Twin]:  # fmt: skip
    """Return companies that may be the one being typed: the surest reasons first, at most five.

    Empty input matches nothing, nor does a field that the member's role does not show; `but` leaves out the record that
    is being edited.
    """
    phone, email, website = _known(member, "company", phone=phone, email=email, website=website)
    domain = website_domain(website) or (company_domain(email) if email else None)
    if not may_know(member, "company", "domain"):
        domain = None
    reasons: list[tuple[str, Any]] = []
    if email:
        reasons.append(("email", Company.email == email))
    if phone:
        reasons.append(("phone", Company.phone == phone))
    if domain:
        reasons.append(("domain", Company.domain == domain))
    if key := name_key(name):
        reasons.append(("name", Company.name_key == key))
    found = _exact(Company, member, reasons)
    return _few([*found, *_near("company", name, member)], but)


def contact_twins(
    member: CurrentMember,
    *,
    name: str = "",
    email: str = "",
    phones: tuple[str, ...] = (),
    but: UUID | None = None,
) -> list[Twin]:
    """Return contacts that may be the one being typed, by e-mail, either phone number, or near-same name."""
    reasons: list[tuple[str, Any]] = []
    (email,) = _known(member, "contact", email=email)
    if email:
        reasons.append(("email", Contact.email == email))
    numbers = [number for number in phones if number]
    columns = [getattr(Contact, name) for name in ("phone", "mobile") if may_know(member, "contact", name)]
    if numbers and columns:
        reasons.append(("phone", or_(*(column.in_(numbers) for column in columns))))
    return _few([*_exact(Contact, member, reasons), *_near("contact", name, member)], but)


def _known(member: CurrentMember, resource: str, **typed: str) -> tuple[str, ...]:
    """Return what was typed, without what is in fields that the member may not know."""
    return tuple(value if may_know(member, resource, name) else "" for name, value in typed.items())


def _exact(model: Any, member: CurrentMember, reasons: list[tuple[str, Any]]) -> list[Twin]:
    found = []
    for reason, clause in reasons:
        query = select(model.id, model.name).where(clause, model.deleted_at.is_(None), visible(model, member))
        rows = fetch(query.limit(SHOWN)).all()
        found += [Twin(model.__resource__, row.id, row.name, reason) for row in rows]
    return found


def _near(kind: str, name: str, member: CurrentMember) -> list[Twin]:
    """Ask the search index for names that share the opening of a long word, then compare them whole."""
    found: dict[UUID, Twin] = {}
    for opening in openings(name):
        for row in find(opening, member, kinds=(kind,), limit=50):
            if is_near_same(name, row.title):
                found.setdefault(row.record_id, Twin(kind, row.record_id, row.title, "name"))
    return list(found.values())


def _few(found: list[Twin], but: UUID | None) -> list[Twin]:
    unique = {twin.id: twin for twin in reversed(found) if twin.id != but}
    return list(reversed(unique.values()))[:SHOWN]
