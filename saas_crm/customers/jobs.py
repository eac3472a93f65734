"""Jobs around records: emptying the recycle bin."""

from __future__ import annotations

from saas_crm.core.jobs import job
from saas_crm.core.recycling import purge_old


@job("recycle_bin.purge")
def purge_recycle_bin() -> None:
    """Remove for good what has been in this tenant's recycle bin for 30 days."""
    purge_old()
