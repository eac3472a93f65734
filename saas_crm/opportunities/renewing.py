"""How deals follow a change of the rules of searching."""

from __future__ import annotations

from collections.abc import Sequence

from saas_crm.opportunities.actions import entry
from saas_crm.opportunities.models import Opportunity
from saas_crm.search.actions import Findable
from saas_crm.search.renewing import Renewable


def _entries(deals: Sequence[Opportunity]) -> list[Findable]:
    return [entry(deal) for deal in deals]


DEALS = Renewable(Opportunity, _entries)
