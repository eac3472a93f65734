"""Which records the audit log is asked about by words: those that the search finds, and those it does not know."""

from __future__ import annotations

from uuid import UUID

from saas_crm.access.audit_search import records_called
from saas_crm.access.permissions import CurrentMember
from saas_crm.search.queries import find

FOUND_BY_WORDS = 100
"""So many living records at most whose entries a search of the log shows."""


def records_of(words: str, member: CurrentMember) -> tuple[UUID, ...]:
    """Return the records that the member may know with these words in their names, or found by them otherwise."""
    living = [row.record_id for row in find(words, member, limit=FOUND_BY_WORDS)]
    return (*living, *records_called(words, member))
