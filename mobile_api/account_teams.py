"""With whom a company, a contact or an opportunity is shared."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal
from uuid import UUID

from flask import Response
from pydantic import BaseModel, Field

from mobile_api.lists import answer_list
from mobile_api.openapi import list_of
from mobile_api.records import gone, made
from mobile_api.registry import api
from mobile_api.shapes import Fields
from saas_crm.access.schemas import ShareWrite
from saas_crm.access.sharing import account_team, share_record, unshare_record
from saas_crm.core.errors import NotFound
from saas_crm.customers.queries import get_company, get_contact
from saas_crm.edge.current import current_member
from saas_crm.edge.declared import requires
from saas_crm.opportunities.queries import get_opportunity


class AccountTeamMemberRead(BaseModel):
    """A member who sees a record whatever their scope."""

    member_id: UUID
    name: str
    level: Literal["read", "edit"] = Field(description="Whether they may edit it, too.")


def _team(record_id: UUID) -> list[Fields]:
    return [{name: getattr(row, name) for name in AccountTeamMemberRead.model_fields}
            for row in account_team(record_id)]  # fmt: skip


def _one(record_id: UUID, member_id: UUID) -> Fields:
    for row in _team(record_id):
        if row["member_id"] == member_id:
            return row
    raise NotFound


def _add_operations(plural: str, resource: str, load: Callable[..., Any]) -> None:
    path = f"/{plural}/<uuid:record_id>/account-team"

    @api.operation(
        "GET", path, operation_id=f"list_{resource}_account_team", tag=plural,
        responses={200: list_of(AccountTeamMemberRead)},
    )  # fmt: skip
    @requires(f"{resource}:read")
    def list_team(record_id: UUID) -> Response:
        """List the account team: with whom it is shared.

        All of them at once: there are at most 50.
        """
        load(record_id, member=current_member())
        return answer_list(_team(record_id))

    @api.operation(
        "POST", path, operation_id=f"share_{resource}", tag=plural, request_model=ShareWrite,
        responses={201: AccountTeamMemberRead}, idempotent=True,
    )  # fmt: skip
    @requires(f"{resource}:share")
    def share(record_id: UUID, body: ShareWrite) -> Response:
        """Share it with a member, or change what they may do.

        They see it and what hangs on it whatever their scope; with `edit` they may change it, too.
        """
        record = load(record_id, member=current_member())
        share_record(record, body, actor=current_member())
        return made(_one(record_id, body.member_id), f"{plural}/{record_id}/account-team")

    @api.operation(
        "DELETE", f"{path}/<uuid:member_id>", operation_id=f"unshare_{resource}", tag=plural, responses={204: None},
        idempotent=True,
    )  # fmt: skip
    @requires(f"{resource}:read")
    def unshare(record_id: UUID, member_id: UUID) -> Response:
        """Take a member off the account team; one may always leave oneself."""
        unshare_record(load(record_id, member=current_member()), member_id, actor=current_member())
        return gone()


_add_operations("companies", "company", get_company)
_add_operations("contacts", "contact", get_contact)
_add_operations("opportunities", "opportunity", get_opportunity)
