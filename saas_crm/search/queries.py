"""Reading the index: what a member may see of what they look for."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, case, false, func, not_, or_, select

from saas_crm.access.permissions import CurrentMember
from saas_crm.access.visibility import owned_within
from saas_crm.core.folding import fold
from saas_crm.core.search_query import SearchQuery, prepare, rank
from saas_crm.search.models import OF_PARENT, SearchEntry
from tenants.db import AnyRow, fetch

CANDIDATES = 200
MATCHES = 1_001
KINDS = ("company", "contact", "opportunity")


def find(query: str, member: CurrentMember, *, kinds: Sequence[str] = KINDS, limit: int = 20) -> list[AnyRow]:
    """Return the best matches the member may see (kind, record_id, title, subtitle), best first.

    At most CANDIDATES entries are ranked, so that a very common word costs no more than a rare one.
    """
    wanted = prepare(query)
    if not wanted.grams:
        return []
    entries = (
        select(
            SearchEntry.kind,
            SearchEntry.record_id,
            SearchEntry.title,
            _told(member),
            SearchEntry.updated_at,
        )
        .where(_matches(wanted, member), _may_see(member, kinds))
        .limit(CANDIDATES)
    )
    rows = list(fetch(entries).all())
    rows.sort(key=lambda row: (rank(wanted.folded, fold(row.title)), -row.updated_at.timestamp()))
    return rows[:limit]


def matching_ids(query: str, kind: str, member: CurrentMember | None = None) -> Select[UUID] | None:
    """Return a sub-select of the records of one kind that match, at most MATCHES; None matches nothing.

    With a `member` only what they may see counts towards MATCHES, or a common word's first thousand could all
    be somebody else's. The list that uses it starts from `visible()` all the same.
    """
    wanted = prepare(query)
    if not wanted.grams:
        return None
    reach = SearchEntry.kind == kind if member is None else _may_see(member, (kind,))
    return select(SearchEntry.record_id).where(reach, _matches(wanted, member)).limit(MATCHES)


def _matches(wanted: SearchQuery, member: CurrentMember | None) -> ColumnElement[bool]:
    """Match what the member may know of an entry: a contact is not found by the name of a company they do not see."""
    text: ColumnElement[str] = SearchEntry.folded.expression
    if member is not None and (unseen := _parent_unseen(member)) is not None:
        text = case((unseen, func.split_part(SearchEntry.folded, OF_PARENT, 1)), else_=SearchEntry.folded)
    rechecks = [text.like(pattern) for pattern in wanted.patterns]
    return and_(SearchEntry.grams.contains(list(wanted.grams)), *rechecks)


def _told(member: CurrentMember) -> ColumnElement[str]:
    """Return the second line of an entry; a contact's names the company, which is told only to who sees that."""
    unseen = _parent_unseen(member)
    if unseen is None:
        return SearchEntry.subtitle.label("subtitle")
    return case((unseen, ""), else_=SearchEntry.subtitle).label("subtitle")


def _parent_unseen(member: CurrentMember) -> ColumnElement[bool] | None:
    """Return the clause "has a company that the member does not see"; None for who sees all of them."""
    through = member.scope("company:read")
    if through == "all":
        return None
    reach = false() if through is None else owned_within(SearchEntry.parent_owner_id, member, through)
    return and_(SearchEntry.parent_id.is_not(None), not_(func.coalesce(reach, false())))


def _may_see(member: CurrentMember, kinds: Sequence[str]) -> ColumnElement[bool]:
    """The same rule as `visible()`, on the copied owners: own scope, or a contact's company's."""
    clauses = []
    for kind in kinds:
        scope = member.scope(f"{kind}:read")
        if scope is None:
            continue
        reach = owned_within(SearchEntry.owner_id, member, scope)
        through = member.scope("company:read")
        if kind == "contact" and through is not None and scope != "all":
            by_company = and_(
                SearchEntry.parent_id.is_not(None), owned_within(SearchEntry.parent_owner_id, member, through)
            )
            reach = or_(reach, by_company)
        clauses.append(and_(SearchEntry.kind == kind, reach))
    return or_(*clauses) if clauses else false()
