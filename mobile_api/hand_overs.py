"""Handing over what a member owns to others, and taking it back."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Response
from pydantic import BaseModel, ConfigDict, Field

from mobile_api.lists import Listing, answer_list, cursor_after, listing, start
from mobile_api.openapi import list_of, sparse
from mobile_api.records import Identified, made, shown, taken_id
from mobile_api.registry import api
from saas_crm.edge.current import current_member, settings
from saas_crm.edge.declared import requires
from saas_crm.hand_over import actions, queries
from saas_crm.hand_over.schemas import HandOverWrite
from tenants.context import current_tenant
from tenants.db import AnyRow

_EXAMPLES: list[Any] = [
    {"from_id": "0199d1a0-0000-7000-8000-000000000001", "to_ids": ["0199d1a0-0000-7000-8000-000000000002"]},
    {"from_id": "0199d1a0-0000-7000-8000-000000000001", "by": "team", "then": "freeze"},
    {"from_id": "0199d1a0-0000-7000-8000-000000000001", "by": "picked",
     "picks": [{"customer_id": "0199d1a0-0000-7000-8000-00000000000a",
                "to_id": "0199d1a0-0000-7000-8000-000000000002"}]},
]  # fmt: skip


class HandOverRead(BaseModel):
    """What was handed over, by whom."""

    id: UUID
    version: int
    created_at: datetime
    from_id: UUID
    from_name: str
    made_by_id: UUID
    made_by_name: str
    note: str
    undone_at: datetime | None


class HandOverPart(BaseModel):
    """What one of those who took over got."""

    to_id: UUID
    to_name: str
    records: dict[str, int] = Field(description="How many of each resource.", examples=[{"company": 12, "contact": 30}])


class HandOverDetail(HandOverRead):
    """One hand-over, with who got how much."""

    parts: list[HandOverPart]


class HandOverMade(Identified, HandOverWrite):
    """A new hand-over."""

    model_config = ConfigDict(json_schema_extra={"examples": _EXAMPLES})


class HandOverUndone(BaseModel):
    """What taking it back did."""

    returned: int = Field(description="How many records went back.")
    stayed: int = Field(description="How many stayed: they had changed hands since, or were gone.")


HandOverListing = listing(Listing, HandOverRead, queries.ORDERS, "-created_at")
_NAMES = tuple(HandOverRead.model_fields)


@api.operation(
    "GET", "/hand-overs", tag="hand-overs", query_model=HandOverListing, responses={200: list_of(sparse(HandOverRead))}
)
@requires("hand_over:read")
def list_hand_overs(query: Listing) -> Response:
    """List hand-overs."""
    after = start(query, "hand-overs", queries.ORDERS)
    page = queries.hand_overs(current_member(), after=after, limit=query.limit, sort=query.sort)
    return answer_list([_read(row, query.fields) for row in page.rows], cursor_after(page, query, "hand-overs"))


@api.operation("GET", "/hand-overs/<uuid:hand_over_id>", tag="hand-overs", responses={200: HandOverDetail}, etag=True)
@requires("hand_over:read")
def show_hand_over(hand_over_id: UUID) -> Response:
    """Show a hand-over, with who got how much."""
    return shown(_detail(queries.hand_over(hand_over_id, member=current_member())))


@api.operation(
    "POST", "/hand-overs", tag="hand-overs", request_model=HandOverMade, responses={201: HandOverRead}, etag=True,
    idempotent=True, problems=(409,),
)  # fmt: skip
@requires("hand_over:create")
def make_hand_over(body: HandOverMade) -> Response:
    """Hand over all that a member owns, all or nothing.

    Companies with their contacts, deals and planned activities stay together, with one successor; past activities
    stay with who did them. No stage and no date changes. Everybody who takes over gets a mail. It can be taken back
    for 30 days. The answer comes when all is done: some seconds for thousands of customers.
    """
    hand_over_id = taken_id(body)
    done = actions.hand_over(
        body, actor=current_member(), tenant=current_tenant(), base_url=settings().base_url, hand_over_id=hand_over_id
    )
    row = queries.made(done.id)
    return made(_read(row), f"hand-overs/{done.id}")


@api.operation(
    "POST", "/hand-overs/<uuid:hand_over_id>/undo", tag="hand-overs", responses={200: HandOverUndone}, idempotent=True,
    problems=(422,),
)  # fmt: skip
@requires("hand_over:create")
def undo_hand_over(hand_over_id: UUID) -> Response:
    """Take a hand-over back, for 30 days.

    What still belongs to whom it was given goes back; what has changed hands since stays. To a member who has been
    removed nothing goes back (422).
    """
    queries.reached(hand_over_id, member=current_member())
    undone = actions.undo(hand_over_id, actor=current_member(), tenant=current_tenant(), base_url=settings().base_url)
    return shown({"returned": undone.returned, "stayed": undone.stayed})


def _read(row: AnyRow, fields: list[str] | None = None) -> dict[str, Any]:
    return {name: getattr(row, name) for name in _NAMES if not fields or name == "id" or name in fields}


def _detail(row: AnyRow) -> dict[str, Any]:
    counts = queries.counts_of([row.id])[row.id]
    names = queries.names_of_members(counts)
    parts = [{"to_id": to_id, "to_name": names[to_id].name, "records": one} for to_id, one in counts.items()]
    return {**_read(row), "parts": sorted(parts, key=lambda part: str(part["to_id"]))}
