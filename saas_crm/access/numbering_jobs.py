"""Numbers for what was there before there were numbers: a job, a batch a transaction."""

from __future__ import annotations

from typing import Any

from saas_crm.access.numbering import known_kind, present_rule
from saas_crm.access.permissions import CurrentMember
from saas_crm.core.jobs import job
from saas_crm.core.numbering.giving import number_batch
from tenants.context import current_tenant
from tenants.db import db


@job("numbering.existing", retries=4, for_member=True)
def number_what_is_there(resource: str, *, actor: CurrentMember) -> None:
    """Give numbers to records without one in the order they were made, until a whole pass finds none.

    It ends at once where the rule was switched off meanwhile, and goes on by the present one where it was changed.
    Begun again, it goes on where it stopped.
    """
    actor.require("workspace:update")
    known, after, found = known_kind(resource), None, 0
    while True:
        rule, fiscal_month = present_rule(resource)
        if rule is None or not rule.on:
            return
        begins: dict[str, Any] = {"begins": rule.begins(fiscal_month), "timezone": current_tenant().timezone}
        after, given = number_batch(known, rule, after=after, **begins)
        db.session.commit()
        db.session.expunge_all()
        found += given
        if after is None:
            if not found:
                return
            found = 0
