"""Whose records a member may see: whom the filters of lists offer."""

from __future__ import annotations

from sqlalchemy import Text, cast, or_, select

from saas_crm.access.models import Member
from saas_crm.access.permissions import CurrentMember
from saas_crm.access.queries import by_name
from saas_crm.access.visibility import READERS, Reader, reader, within_reach
from tenants.db import AnySelect, fetch
from tenants.kept import kept_queries


def owner_names(member: CurrentMember, resource: str) -> list[tuple[str, str]]:
    """Return id (as text) and name of the active members whose records a member reaches, and of themselves, by name.

    What a member sees besides, through a customer or a share, brings no further names: others are not made known by it.
    """
    rows = fetch(_names_for(reader(member, f"{resource}:read"), resource))
    return [(row.id, row.name) for row in sorted(rows, key=by_name)]


@kept_queries(READERS)
def _names_for(asking: Reader, resource: str) -> AnySelect:
    theirs = or_(Member.id == asking.member.id, within_reach(Member.id, asking.member, f"{resource}:read"))
    return select(cast(Member.id, Text).label("id"), Member.name).where(Member.status == "active", theirs)
