"""Signing in: a token for each device, which the member and an admin can take back."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Literal
from uuid import UUID

from flask import Response, g, request
from pydantic import BaseModel, BeforeValidator, Field, StringConstraints

from mobile_api.lists import Listing, listed, listing, start
from mobile_api.openapi import list_of, sparse
from mobile_api.records import gone, made, shown
from mobile_api.registry import api
from mobile_api.shapes import Fields, Shape
from saas_crm.access.api_tokens import TokenMay, issue_token, revoke_token
from saas_crm.access.entry_rules import DEVICE
from saas_crm.access.factors.checking import SecondStepNeeded, check_code
from saas_crm.access.factors.standing import factors_of
from saas_crm.access.known_browsers import tell_of_device
from saas_crm.access.models import ApiToken
from saas_crm.access.queries import member_of_user
from saas_crm.access.records import TOKEN_ORDERS, token, tokens, told_of_token
from saas_crm.access.schemas import SignIn
from saas_crm.access.sign_in import SignInRefused, authenticate
from saas_crm.core.audit import act_as
from saas_crm.core.clock import now
from saas_crm.core.errors import InvalidInput
from saas_crm.core.fields import clean_line
from saas_crm.core.i18n import gettext as _
from saas_crm.edge.current import current_member
from saas_crm.edge.declared import public, requires, while_read_only
from saas_crm.edge.entry import SignInOver
from saas_crm.edge.origin import request_actor, request_origin
from tenants.db import db
from tenants.one_at_a_time import let_go
from tenants.versions import lacks_tables

DEVICE_DAYS = (DEVICE.hours or 0) // 24


class TokenRequest(SignIn):
    """Who wants a token, and on which device."""

    code: Annotated[str, StringConstraints(max_length=64)] | None = Field(
        default=None, examples=["123456"],
        description="Who has two-factor sign-in sends a code of their app, or a recovery code, besides.",
    )  # fmt: skip
    name: Annotated[str, StringConstraints(min_length=1, max_length=80), BeforeValidator(clean_line)] = Field(
        description="What the device is called in the list of tokens.", examples=["Ann's phone"]
    )
    kind: Literal["device", "personal", "integration"] = Field(
        default="device",
        description="A device ends after 90 days without use, after a year in any case, and sooner where the "
        "workspace says so; the others after their `days`, which they need.",
    )
    role_id: UUID | None = Field(
        default=None, description="The token may do no more than this role, which may do no more than the member."
    )
    read_only: bool = Field(default=False, description="Whether it may only read.")
    days: Literal[30, 90, 365] | None = Field(default=None, description="After so many days it ends by itself.")


class TokenRead(BaseModel):
    """A token, without its secret."""

    id: UUID
    name: str
    member_id: UUID
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None = Field(description="When it ends in any case.")
    kind: str = Field(description="`device`, `personal` or `integration`.")
    role_id: UUID | None = Field(description="It may do no more than this role, nor than its member.")
    read_only: bool
    address: str | None = Field(
        description="The network address of its last use that was noted, or of the sign-in.", examples=["203.0.113.7"]
    )
    current: bool = Field(description="Whether it is the one that asks.")


class TokenMade(TokenRead):
    """A new token with its secret, which is shown only now."""

    token: str = Field(description="Send it as `Authorization: Bearer …`.", examples=["crm_4pYq…"])


class TokenFilters(Listing):
    """Whose tokens, and what of them."""

    member_id: UUID | None = None


def _whether_current(record: Fields) -> None:
    if "current" in record:
        record["current"] = record["current"] == g.get("token_id")


TOKEN = Shape(
    TokenRead,
    {name: ApiToken.id.label("itself") if name == "current" else getattr(ApiToken, name)
     for name in TokenRead.model_fields},
    finish=_whether_current,
)  # fmt: skip
TokenListing = listing(TokenFilters, TokenRead, TOKEN_ORDERS, "-created_at")


@api.operation(
    "POST", "/tokens", operation_id="sign_in", tag="tokens", request_model=TokenRequest, responses={201: TokenMade},
    problems=(401,),
)  # fmt: skip
@public("workspace")
@while_read_only
def sign_in(body: TokenRequest) -> Response:
    """Sign in on a device.

    Whether the address is unknown, the password is wrong or the person is no member here: the answer is the
    same 401, after the same time. After several failures one has to wait (429). Who has two-factor sign-in and sends
    no `code` gets a 401 of the type `second-factor-needed`, and sends all of it again with one.
    """
    if body.kind != "device" and body.days is None:
        raise InvalidInput({"days": _("A token for a program needs an end. Choose one.")}, {"days": "missing"})
    user_id = authenticate(body.email, body.password, request.remote_addr or "", origin=request_origin())
    member = member_of_user(user_id)
    if member is None:
        raise SignInRefused
    if member.entry.sso_only:
        raise SignInOver("sso")
    let_go()
    if factors_of(user_id).on:
        if not body.code:
            raise SecondStepNeeded
        check_code(user_id, body.code, request.remote_addr or "", origin=request_origin())
    act_as(db.session(), request_actor(member.id, "api"))
    narrow = body.kind != "device" or body.role_id is not None or body.read_only
    may = TokenMay(body.kind, body.role_id, body.read_only) if narrow else None
    days = body.days or (DEVICE_DAYS if body.kind == "device" else None)
    ends = now() + timedelta(days=days) if days else None
    issued, secret = issue_token(member, body.name, expires_at=ends, may=may, address=request.remote_addr)
    tell_of_device(user_id, body.name, request_origin())
    address = None if lacks_tables(g.tenant) else request.remote_addr
    told = TOKEN.of(
        issued, current=None, kind=body.kind, role_id=body.role_id, read_only=body.read_only, address=address
    )
    response = made({**told, "current": False, "token": secret}, f"tokens/{issued.id}")
    del response.headers["ETag"]
    response.headers["Cache-Control"] = "no-store"
    return response


@api.operation("GET", "/tokens", tag="tokens", query_model=TokenListing, responses={200: list_of(sparse(TokenRead))})
@requires("token:read")
def list_tokens(query: TokenFilters) -> Response:
    """List tokens: the member's own, for an admin everybody's."""
    names, columns = TOKEN.select(query.fields)
    page = tokens(
        current_member(), columns=tuple(map(told_of_token, columns)), sort=query.sort,
        after=start(query, "tokens", TOKEN_ORDERS), limit=query.limit, member_id=query.member_id,
    )  # fmt: skip
    return listed(page, names, TOKEN, query, "tokens")


@api.operation("GET", "/tokens/<uuid:token_id>", tag="tokens", responses={200: TokenRead}, etag=True)
@requires("token:read")
def show_token(token_id: UUID) -> Response:
    """Show a token."""
    names, columns = TOKEN.select()
    return shown(TOKEN.shown(names, token(token_id, current_member(), tuple(map(told_of_token, columns)))))


@api.operation("DELETE", "/tokens/<uuid:token_id>", tag="tokens", responses={204: None}, idempotent=True)
@requires("token:delete")
@while_read_only
def sign_out(token_id: UUID) -> Response:
    """Take a token back: the device is signed out at once.

    One's own, for an admin anybody's.
    """
    revoke_token(token_id, actor=current_member())
    return gone()
