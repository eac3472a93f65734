"""Inviting a colleague from the set-up, and what those who invite may choose from."""

from __future__ import annotations

from collections.abc import Sequence

from flask import g, request

from saas_crm.access.invitations import invite
from saas_crm.access.permissions import CurrentMember
from saas_crm.access.queries import roles
from saas_crm.access.schemas import InvitationWrite
from saas_crm.access.throttle import TooManyAttempts
from saas_crm.core.errors import InvalidInput
from saas_crm.core.forms import from_form
from saas_crm.edge.current import current_member, settings, signed_in_user
from saas_crm.edge.input import input_context
from tenants.db import AnyRow
from web.account.sign_in import wait_message
from web.billing.seat_asking import check_seats, want
from web.settings.role_names import role_name


def invite_from_form() -> str:
    """Send the invitation the form asks for; returns the address. Raises Forbidden, InvalidInput and SeatsNeeded."""
    data = from_form(InvitationWrite, request.form, input_context(form=True))
    agreed = check_seats(1)
    try:
        invite(
            data.email, data.role_id, actor=current_member(), tenant=g.tenant, base_url=settings().base_url,
            verified=signed_in_user().email_verified,
        )  # fmt: skip
    except TooManyAttempts as too_many:
        raise InvalidInput({"": wait_message(too_many.seconds)}) from None
    want(agreed)
    return data.email


def role_choices(member: CurrentMember, known: Sequence[AnyRow] | None = None) -> list[tuple[str, str]]:
    """Return the roles this member may give, the everyday one first; only owners make owners."""
    found = roles() if known is None else known
    return all_roles([role for role in found if role.key != "owner" or member.role_key == "owner"])


def all_roles(known: Sequence[AnyRow]) -> list[tuple[str, str]]:
    """Return id and name of roles, the everyday one first."""
    everyday = {"rep": 0, "manager": 1, "viewer": 2, "admin": 3, "owner": 4}
    ordered = sorted(known, key=lambda role: everyday.get(role.key or "", 5))
    return [(str(role.id), role_name(role.key, role.name)) for role in ordered]
