"""Rules for single fields, given to a built-in role for a test."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

from sqlalchemy import select

from saas_crm.access.models import Role
from saas_crm.access.permissions import CurrentMember
from tenants.db import db

CLOSED = {
    "contact.phone": "masked", "contact.mobile": "hidden", "contact.email": "masked", "contact.birthday": "hidden",
    "contact.address": "hidden", "contact.job_title": "read-only", "company.phone": "hidden",
    "company.address": "hidden", "opportunity.amount": "hidden",
}  # fmt: skip


def close_fields(
    acting: Callable[[str], AbstractContextManager[CurrentMember]],
    rules: dict[str, str] | None = None,
    key: str = "rep",
) -> None:
    """Let a role have these rules, beside what it may."""
    with acting("owner"):
        role = db.session.scalars(select(Role).where(Role.key == key)).one()
        role.permissions = {**role.permissions, **(CLOSED if rules is None else rules)}
