"""Jobs of the index: workspaces whose entries were written under former rules are found and renewed.

A workspace is renewed in slices, each a job of its own that begins where the former one ended; a slice that dies is
run again, and a workspace that nothing was heard of for an hour begins anew. Few are under way at a time, and who is
done lets the next begin: mails wait in the same queue, and never behind more than those few slices.
"""

from __future__ import annotations

from uuid import UUID

from saas_crm.core.folding import RULES
from saas_crm.core.jobs import defer, job
from saas_crm.core.rounds import in_each
from saas_crm.search.renewing import kinds, renew_batch
from tenants.context import current_tenant
from tenants.db import db
from tenants.outdated import begin_renewing, note_renewed, note_renewing

WORKSPACES = 4
"""Workspaces under way at a time."""
BATCHES = 5
"""Transactions a slice: 1,000 records."""


@job("search.find_outdated", cron="*/10 * * * *")
def find_outdated() -> None:
    """Begin renewing workspaces whose entries are behind; a new one has none and is done at once."""
    in_each(begin_renewing(RULES, WORKSPACES), _begin, what="renewing the search")


def _begin() -> None:
    defer(db.session(), "search.renew", kind=next(iter(kinds)), after=None)


@job("search.renew", retries=4)
def renew(kind: str, after: str | None) -> None:
    """Renew a slice of a workspace's records, a batch a transaction, and leave the rest to a next job."""
    at: str | None = kind
    last = UUID(after) if after else None
    for _ in range(BATCHES):
        if at is None:
            break
        last = renew_batch(at, last)
        db.session.commit()
        if last is None:
            at = _following(at)
    if at is None:
        note_renewed(current_tenant().id, RULES)
        find_outdated()
        return
    note_renewing(current_tenant().id)
    defer(db.session(), "search.renew", kind=at, after=str(last) if last else None)


def _following(kind: str) -> str | None:
    order = list(kinds)
    return next(iter(order[order.index(kind) + 1 :]), None)
