"""Invitations: seats offered by e-mail."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from flask import Response, g, request
from pydantic import BaseModel, Field

from mobile_api.lists import Listing, listed, listing, start
from mobile_api.openapi import list_of, sparse
from mobile_api.problems import ApiProblem, problem
from mobile_api.records import Identified, agreed_version, gone, made, shown, taken_id
from mobile_api.registry import api
from mobile_api.seats import SeatsConfirmed, agreed_seats, want
from mobile_api.shapes import Fields, Shape
from saas_crm.access import invitations as actions
from saas_crm.access.models import Invitation
from saas_crm.access.queries import user_by_id
from saas_crm.access.records import INVITATION_ORDERS, invitation_record, invitations
from saas_crm.access.schemas import InvitationWrite
from saas_crm.access.throttle import TooManyAttempts
from saas_crm.edge.current import current_member, settings
from saas_crm.edge.declared import requires
from saas_crm.edge.proof import proven
from tenants.one_at_a_time import let_go


class InvitationRead(BaseModel):
    """A seat that is offered and not yet taken."""

    id: UUID
    version: int
    created_at: datetime
    email: str = Field(examples=["ann@example.com"])
    role_id: UUID
    team_id: UUID | None
    invited_by_id: UUID
    expires_at: datetime


class NewInvitation(Identified, InvitationWrite):
    """A new invitation."""

    confirm_seats: SeatsConfirmed = None


INVITATION = Shape(InvitationRead, {name: getattr(Invitation, name) for name in InvitationRead.model_fields})
InvitationListing = listing(Listing, InvitationRead, INVITATION_ORDERS, "-created_at")


@api.operation(
    "GET", "/invitations", tag="invitations", query_model=InvitationListing,
    responses={200: list_of(sparse(InvitationRead))},
)  # fmt: skip
@requires("member:create")
def list_invitations(query: Listing) -> Response:
    """List the invitations nobody has answered or withdrawn, expired ones too."""
    names, columns = INVITATION.select(query.fields)
    page = invitations(
        current_member(), columns=columns, sort=query.sort, after=start(query, "invitations", INVITATION_ORDERS),
        limit=query.limit,
    )  # fmt: skip
    return listed(page, names, INVITATION, query, "invitations")


@api.operation(
    "POST", "/invitations", tag="invitations", request_model=NewInvitation, responses={201: InvitationRead},
    etag=True, idempotent=True,
)  # fmt: skip
@requires("member:create")
@proven
def invite(body: NewInvitation) -> Response:
    """Invite somebody: they get a mail with a link that is good for seven days.

    Only owners invite owners. After very many one has to wait (429). Where that takes more seats than are paid: 409
    (`seat-needed`), with the cost for who may change billing; nothing is sent until it is confirmed.
    """
    agreed = agreed_seats(body.confirm_seats)
    try:
        invitation = actions.invite(
            body.email, body.role_id, actor=current_member(), tenant=g.tenant, base_url=settings().base_url,
            team_id=body.team_id, verified=_verified(), invitation_id=taken_id(body),
        )  # fmt: skip
    except TooManyAttempts as too_many:
        raise _wait(too_many) from too_many
    want(agreed)
    return made(INVITATION.of(invitation), f"invitations/{invitation.id}")


@api.operation(
    "GET", "/invitations/<uuid:invitation_id>", tag="invitations", responses={200: InvitationRead}, etag=True
)
@requires("member:create")
def show_invitation(invitation_id: UUID) -> Response:
    """Show an invitation that is open."""
    return shown(_invitation(invitation_id))


@api.operation(
    "POST", "/invitations/<uuid:invitation_id>/mail", tag="invitations", responses={200: InvitationRead}, etag=True,
    idempotent=True,
)  # fmt: skip
@requires("member:create")
def mail_invitation(invitation_id: UUID) -> Response:
    """Mail a new link for an open invitation, good for another seven days; the old link stops working.

    After very many one has to wait (429).
    """
    try:
        invitation = actions.resend(
            invitation_id, actor=current_member(), tenant=g.tenant, base_url=settings().base_url, verified=_verified()
        )
    except TooManyAttempts as too_many:
        raise _wait(too_many) from too_many
    return shown(INVITATION.of(invitation))


def _verified() -> bool:
    """Whether who speaks has confirmed their own address."""
    let_go(keep="Idempotency-Key" not in request.headers)  # a key is held, and waits for the whole
    user = user_by_id(current_member().user_id)
    return user is not None and user.email_verified_at is not None


def _wait(too_many: TooManyAttempts) -> ApiProblem:
    return ApiProblem(problem("too-many-requests"), {"Retry-After": str(too_many.seconds)})


@api.operation(
    "DELETE", "/invitations/<uuid:invitation_id>", tag="invitations", responses={204: None}, if_match=True,
    idempotent=True,
)  # fmt: skip
@requires("member:create")
def withdraw_invitation(invitation_id: UUID) -> Response:
    """Withdraw an invitation; its link no longer works."""
    found = actions.get_open(invitation_id)
    version = agreed_version(found, lambda: _invitation(invitation_id))
    actions.withdraw(invitation_id, actor=current_member(), version=version)
    return gone()


def _invitation(invitation_id: UUID) -> Fields:
    names, columns = INVITATION.select()
    return INVITATION.shown(names, invitation_record(invitation_id, current_member(), columns))
