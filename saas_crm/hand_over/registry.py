"""Which records have owners and are handed over: each room registers its own, in `app.py`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, true

if TYPE_CHECKING:
    from saas_crm.hand_over.briefs import Teller

Counted = Literal["customers", "deals", "activities"]


@dataclass(frozen=True, slots=True)
class HandedOver:
    """One kind of record that goes along when somebody hands over what they own.

    `model` is a Record with an `owner_id`. `name` is the column it is called by. `customer` is the id of the customer
    it belongs to, and its own where it belongs to none: what has the same customer stays together. `counts` says as
    what it is counted. `open` are the records that always go, `closed` those that go when that is chosen; where
    neither says so, a record stays with who owns it. `briefed`: each of them has a page of its own for the successor.
    `hold` is called before owners change, and `settle` after it with all whose records came or went, where sums
    depend on owners.
    """

    model: type[Any]
    name: Any
    customer: ColumnElement[UUID] | Any
    counts: Counted
    open: ColumnElement[bool] | None = None
    closed: ColumnElement[bool] | None = None
    briefed: bool = False
    hold: Callable[[], None] | None = None
    settle: Callable[[Sequence[UUID]], None] | None = None
    tells: Teller | None = None

    def goes(self, *, closed: bool) -> ColumnElement[bool]:
        """Return the clause "it goes along", with the closed ones or without."""
        always = true() if self.open is None else self.open
        return or_(always, self.closed) if closed and self.closed is not None else and_(always)


handed_over: dict[str, HandedOver] = {}


def hands_over(resource: str, kind: HandedOver) -> None:
    """Register a kind of record under its resource name; parents before children, as everybody locks them."""
    handed_over[resource] = kind


@dataclass(frozen=True, slots=True)
class OwnersMoved:
    """Owners were changed in bulk: copies of them elsewhere follow, in the same transaction.

    The items of the hand-over name the records; each went from `from_id` to its item's `to_id`, or, where `undone`,
    went back as far as it was still theirs.
    """

    hand_over_id: UUID
    from_id: UUID
    undone: bool


def resources() -> Sequence[str]:
    """Return the names of all that is handed over, in order."""
    return tuple(handed_over)
