"""How the index follows when owners are changed in bulk."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Uuid, literal, update

from saas_crm.hand_over.models import HandOverItem
from saas_crm.hand_over.registry import OwnersMoved
from saas_crm.search.models import SearchEntry
from tenants.db import db


def follow(moved: OwnersMoved) -> None:
    """Copy the new owners to the entries of the records that moved, and to those of their children."""
    given: Any = HandOverItem.to_id
    mine = literal(moved.from_id, Uuid)
    former, latter = (given, mine) if moved.undone else (mine, given)
    for record, owner in (
        (SearchEntry.record_id, SearchEntry.owner_id),
        (SearchEntry.parent_id, SearchEntry.parent_owner_id),
    ):
        following = update(SearchEntry).where(
            HandOverItem.hand_over_id == moved.hand_over_id, HandOverItem.record_id == record, owner == former
        )
        db.session.connection().execute(following.values({owner.key: latter}))
