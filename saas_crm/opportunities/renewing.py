"""How deals follow a change of the rules of searching."""

from __future__ import annotations

from collections.abc import Sequence

from saas_crm.core.numbering.registry import Numbered
from saas_crm.opportunities.indexing import entries, hold_customers
from saas_crm.opportunities.models import Opportunity
from saas_crm.search.actions import put_all
from saas_crm.search.renewing import Renewable
from tenants.db import db


def _renew_entries(deals: Sequence[Opportunity]) -> None:
    put_all(db.session(), entries(deals), touch=False)


NUMBERED = Numbered(Opportunity, _renew_entries, usual="D-{YYYY}-{0000}")
DEALS = Renewable(Opportunity, entries, hold=hold_customers)
