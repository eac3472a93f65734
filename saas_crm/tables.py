"""All tables of the product in one place, so that metadata is complete wherever it is needed."""

from __future__ import annotations

from sqlalchemy import MetaData

from billing import models as _billing
from saas_crm.access import models as _access
from saas_crm.access import seat_models as _seats
from saas_crm.access import shared_models as _shared
from saas_crm.access import sign_in_models as _sign_ins
from saas_crm.access.email_change import models as _email_changes
from saas_crm.access.factors import models as _factors
from saas_crm.activities import models as _activities
from saas_crm.core import audit as _audit
from saas_crm.core import idempotency as _idempotency
from saas_crm.core import usage as _usage
from saas_crm.core.numbering import models as _numbering
from saas_crm.customers import models as _customers
from saas_crm.hand_over import models as _hand_over
from saas_crm.operators import consent_models as _support
from saas_crm.operators import models as _operators
from saas_crm.opportunities import models as _opportunities
from saas_crm.privacy import models as _privacy
from saas_crm.search import models as _search
from tenants import models as _tenants
from tenants.db import SHARED, db

ROOMS = (
    _access, _billing, _shared, _sign_ins, _factors, _activities, _audit, _email_changes, _idempotency, _numbering,
    _customers, _hand_over, _operators, _opportunities, _seats, _support, _privacy, _search, _tenants, _usage,
)  # fmt: skip


def metadata(line: str) -> MetaData:
    """Return the tables of the `shared` or the `tenant` line."""
    return db.metadatas[SHARED if line == "shared" else None]
