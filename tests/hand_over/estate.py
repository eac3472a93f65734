"""What one member has, to be handed over: some of everything."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any
from uuid import UUID

from sqlalchemy import select

from saas_crm.access.permissions import CurrentMember
from tenants.db import db
from tests.support.making import Maker

Acting = Callable[[str], AbstractContextManager[CurrentMember]]
BASE = "https://crm.example"
PLANNED = {"kind": "task", "due_at": "2030-05-06T09:00"}


class Estate:
    """What the rep has: a company with all that may hang on it, a person on their own, and loose ends."""

    def __init__(self, make: Maker) -> None:
        self.company = make.company("rep", name="Ada Ltd", tags="key")
        at = {"company_id": str(self.company.id)}
        self.contact = make.contact("rep", name="Ada Lovelace", **at)
        self.deal = make.deal("rep", name="Engine", amount="100", expected_close="2030-03-01", **at)
        self.won = make.deal("rep", name="Sold", amount="7", outcome="won", **at)
        self.task = make.activity("rep", subject="Ring back", **PLANNED, **at)
        self.call = make.activity("rep", subject="They called", **at)
        self.person = make.contact("rep", name="Bob Alone")
        self.their_deal = make.deal("rep", name="For Bob", amount="5", contact_id=str(self.person.id))
        self.foreign = make.company("teammate", name="Not his")
        self.foreign_deal = make.deal("rep", name="His at hers", company_id=str(self.foreign.id))
        self.chore = make.activity("rep", subject="Tidy up", **PLANNED)

    @property
    def moving(self) -> list[Any]:
        return [
            self.company, self.contact, self.deal, self.won, self.task, self.person, self.their_deal,
            self.foreign_deal, self.chore,
        ]  # fmt: skip


def owners(acting: Acting, *records: Any) -> list[UUID | None]:
    with acting("owner"):
        return [db.session.scalar(select(type(one).owner_id).where(type(one).id == one.id)) for one in records]


@contextmanager
def as_it_was(acting: Acting, model: Any, record_id: UUID) -> Iterator[None]:
    """Nothing but owner, version and "updated" changes of a record."""
    same = [c for c in model.__table__.c if c.key not in ("owner_id", "version", "updated_at")]

    def row() -> Any:
        with acting("owner"):
            return db.session.execute(select(*same).where(model.id == record_id)).one()

    before = row()
    yield
    assert row() == before
