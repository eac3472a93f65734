"""How the search entries of what hangs on a customer follow the customer's name.

Who owns a company is copied at once (`search.parent_changed_owner`); a name may stand in thousands of entries, so jobs
renew them. Rooms above, whose records hang on customers too, register how theirs are renewed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from saas_crm.core import events
from saas_crm.core.jobs import defer
from saas_crm.customers.indexing import reindex_contacts
from saas_crm.customers.models import Company, Contact
from saas_crm.search import actions as search
from tenants.db import db

Renew = Callable[[UUID, UUID | None], UUID | None]
"""Renews the next batch of what hangs on a customer, after an id; returns the last one's, None when all are done."""

_renewed: list[Renew] = [reindex_contacts]


@dataclass(frozen=True, slots=True)
class CustomersGone:
    """Customers went for good: by their kind, the records found through them until now, which let go of them."""

    children: dict[str, list[UUID]]


def followed_by(renew: Renew) -> None:
    """Register how the entries of one kind of record follow a customer; twice is the same as once."""
    if renew not in _renewed:
        _renewed.append(renew)


def renew_followers(customer: Company | Contact) -> None:
    """Have the entries of what hangs on a customer renewed, by a job of this transaction: there may be thousands."""
    if isinstance(customer, Company):
        defer(db.session(), "customers.reindex_contacts", company_id=str(customer.id))
    else:
        defer(db.session(), "customers.reindex_of_contact", contact_id=str(customer.id))


def followers() -> Sequence[Renew]:
    """Return how the entries of each kind of record that hangs on customers are renewed."""
    return tuple(_renewed)


def forget(customer_ids: Sequence[UUID]) -> None:
    """Let the search entries of what hung on them forget customers that go for good."""
    events.publish(CustomersGone(search.parents_gone(db.session(), customer_ids)))
