"""Jobs around records: emptying the recycle bin, and search entries that follow their customer."""

from __future__ import annotations

from uuid import UUID

from saas_crm.core.jobs import job
from saas_crm.core.recycling import BATCHES, purge_batch
from saas_crm.customers.following import followers
from tenants.db import db


@job("recycle_bin.purge")
def purge_recycle_bin() -> None:
    """Remove for good what has been in this tenant's recycle bin for 30 days, a batch a transaction.

    At most BATCHES of them; what is left is done on the next day's round.
    """
    for _ in range(BATCHES):
        purged = purge_batch()
        db.session.commit()
        if not purged:
            return


@job("customers.reindex_contacts", retries=4)
def renew_search_of_company(company_id: str) -> None:
    """Renew the search entries of a company's contacts, and of what else hangs on it."""
    _renew_all(UUID(company_id))


@job("customers.reindex_of_contact", retries=4)
def renew_search_of_contact(contact_id: str) -> None:
    """Renew the search entries of what hangs on a contact."""
    _renew_all(UUID(contact_id))


def _renew_all(customer_id: UUID) -> None:
    """Renew the entries of all that hangs on a customer, a batch a transaction."""
    for renew in followers():
        last: UUID | None = None
        while (last := renew(customer_id, last)) is not None:
            db.session.commit()
        db.session.commit()
