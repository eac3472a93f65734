"""Whose records a member may see: whom the filters of lists offer."""

from __future__ import annotations

import json
from functools import lru_cache

from sqlalchemy import Text, cast, func, or_, select

from saas_crm.access.models import Member
from saas_crm.access.permissions import CurrentMember
from saas_crm.access.queries import name_key
from saas_crm.access.visibility import READERS, Reader, reader, within_reach
from tenants.db import AnySelect, fetch
from tenants.kept import kept_queries

KEPT = 50
"""Sets of names that are kept in order: of 500 members one has some 100 kB, and most readers share theirs."""


def owner_names(member: CurrentMember, resource: str) -> tuple[tuple[str, str], ...]:
    """Return id (as text) and name of the active members whose records a member reaches, and of themselves, by name.

    What a member sees besides, through a customer or a share, brings no further names: others are not made known by it.
    The database tells them all in one text, because a filter may offer five hundred: the same text is the same tuple.
    """
    return _in_order(fetch(_names_for(reader(member, f"{resource}:read"), resource))[0].told)


@lru_cache(KEPT)
def _in_order(told: str) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(((key, name) for key, name in json.loads(told)), key=lambda one: name_key(one[1])))


@kept_queries(READERS)
def _names_for(asking: Reader, resource: str) -> AnySelect:
    theirs = or_(Member.id == asking.member.id, within_reach(Member.id, asking.member, f"{resource}:read"))
    each = func.json_agg(func.json_build_array(Member.id, Member.name))
    return select(func.coalesce(cast(each, Text), "[]").label("told")).where(Member.status == "active", theirs)
