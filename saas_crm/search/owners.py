"""How the index follows when owners are changed in bulk."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Uuid, case, func, literal, select, update

from saas_crm.hand_over.models import HandOverItem
from saas_crm.hand_over.registry import OwnersMoved
from saas_crm.search.models import SearchEntry
from tenants.db import db


def follow(moved: OwnersMoved) -> None:
    """Copy the new owners to the entries of the records that moved, and to those of their children.

    Both at once: an entry is large, and a child's parent mostly moves together with it.
    """
    given = select(HandOverItem.record_id, HandOverItem.to_id).where(HandOverItem.hand_over_id == moved.hand_over_id)
    own, parents = given.subquery("own"), given.subquery("parents")
    children = (
        select(SearchEntry.record_id, parents.c.to_id)
        .join(parents, parents.c.record_id == SearchEntry.parent_id)
        .subquery("children")
    )
    both = (
        select(func.coalesce(own.c.record_id, children.c.record_id).label("record_id"), own.c.to_id.label("own"),
               children.c.to_id.label("parents"))
        .select_from(own.join(children, own.c.record_id == children.c.record_id, full=True))
        .subquery("moved")
    )  # fmt: skip
    following = update(SearchEntry).where(SearchEntry.record_id == both.c.record_id)
    db.session.connection().execute(
        following.values(
            owner_id=_owner_after(SearchEntry.owner_id, both.c.own, moved),
            parent_owner_id=_owner_after(SearchEntry.parent_owner_id, both.c.parents, moved),
        )
    )


def _owner_after(present: Any, given: Any, moved: OwnersMoved) -> Any:
    """Return whom a copy names afterwards: it changes only where it names who owned the record before."""
    mine = literal(moved.from_id, Uuid)
    former, latter = (given, mine) if moved.undone else (mine, given)
    return case(((present == former) & given.is_not(None), latter), else_=present)
