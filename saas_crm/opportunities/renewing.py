"""How deals follow a change of the rules of searching."""

from __future__ import annotations

from saas_crm.opportunities.indexing import entries, hold_customers
from saas_crm.opportunities.models import Opportunity
from saas_crm.search.renewing import Renewable

DEALS = Renewable(Opportunity, entries, hold=hold_customers)
