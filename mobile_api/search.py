"""One search over everything that has a name."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from flask import Response
from pydantic import BaseModel, Field

from mobile_api.lists import Sought, answer_list
from mobile_api.openapi import list_of
from mobile_api.registry import api
from saas_crm.core.forms import Input
from saas_crm.edge.current import current_member
from saas_crm.edge.declared import members_only
from saas_crm.search.queries import KINDS, find

Kind = Literal["company", "contact", "opportunity"]


class Hit(BaseModel):
    """A record that was found."""

    kind: Kind
    id: UUID
    title: str
    subtitle: str


class SearchQuery(Input):
    """What to look for, and among what."""

    q: Sought = ""
    kinds: list[Kind] = Field(
        default_factory=list, min_length=1, description="Among which kinds, separated by commas; else among all.",
        json_schema_extra={"uniqueItems": True},
    )  # fmt: skip
    limit: int = Field(default=25, ge=1, le=200, description="How many at most.")


@api.operation("GET", "/search", tag="search", query_model=SearchQuery, responses={200: list_of(Hit)})
@members_only
def search(query: SearchQuery) -> Response:
    """Search companies, contacts and opportunities.

    The best matches come first; there is no next page.
    """
    found = find(query.q, current_member(), kinds=query.kinds or KINDS, limit=query.limit)
    return answer_list(
        [{"kind": row.kind, "id": row.record_id, "title": row.title, "subtitle": row.subtitle} for row in found]
    )
