"""Step-up by the API: password and code again for the token of a device, which may be a lost phone's."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from flask import Response, g, request
from pydantic import Field, StringConstraints

from mobile_api.records import gone
from mobile_api.registry import api
from saas_crm.access.api_tokens import note_token_proof
from saas_crm.access.factors.checking import CodeRefused, check_code
from saas_crm.access.factors.standing import factors_of
from saas_crm.access.queries import user_by_id
from saas_crm.access.schemas import Secret
from saas_crm.access.sign_in import SignInRefused, authenticate
from saas_crm.core.errors import InvalidInput
from saas_crm.core.forms import Input
from saas_crm.core.i18n import gettext as _
from saas_crm.edge.current import current_member
from saas_crm.edge.declared import members_only, while_read_only
from saas_crm.edge.origin import request_origin
from saas_crm.edge.security import SIGN_IN, note
from tenants.one_at_a_time import let_go


class Proof(Input):
    """What only the person knows."""

    password: Secret
    code: Annotated[str, StringConstraints(max_length=64)] | None = Field(
        default=None, examples=["123456"],
        description="Who has two-factor sign-in sends a code of their app, or a recovery code, besides.",
    )  # fmt: skip


@api.operation("POST", "/tokens/proof", tag="tokens", request_model=Proof, responses={204: None})
@members_only
@while_read_only
def prove_token(body: Proof) -> Response:
    """Prove who you are with the password, and a code where you have two-factor sign-in.

    For ten minutes this token may do what takes a proof. Guesses wait as those at signing in do (429).
    """
    let_go(keep=True)
    try:
        _check(current_member().user_id, body, request.remote_addr or "")
    except CodeRefused:
        note(SIGN_IN)
        raise InvalidInput({"code": _("This code does not fit, or was used before.")}, {"code": "wrong"}) from None
    except SignInRefused:
        note(SIGN_IN)
        raise InvalidInput({"password": _("This is not your present password.")}, {"password": "wrong"}) from None
    note_token_proof(g.token_id)
    return gone()


def _check(user_id: UUID, body: Proof, address: str) -> None:
    """Take the password and, where there is a second factor, the code; raises SignInRefused and InvalidInput."""
    user, origin = user_by_id(user_id), request_origin()
    authenticate(user.email if user else "", body.password, address, origin=origin)
    if not factors_of(user_id).on:
        return
    if not body.code:
        raise InvalidInput({"code": _("A code of the authenticator app is needed besides")}, {"code": "missing"})
    check_code(user_id, body.code, address, origin=origin)
