"""Who is led to the pages where one pays."""

from __future__ import annotations

from saas_crm.access.permissions import CurrentMember


def may_pay(member: CurrentMember) -> bool:
    """Whether they may change billing, and see the pages on which that is done: roles of before may have only one."""
    return member.can("billing:update") and member.can("billing:read")
