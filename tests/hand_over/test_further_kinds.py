"""Rooms that are built later join the hand-over by one registration each: shown with a kind made here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from uuid import UUID, uuid4

import pytest
from psycopg import sql
from sqlalchemy import select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from saas_crm.core.audit import AuditEntry
from saas_crm.hand_over import actions
from saas_crm.hand_over.owned import owned_by
from saas_crm.hand_over.registry import HandedOver, handed_over, hands_over
from tenants.context import current_tenant
from tenants.db import db
from tests.conftest import Stage
from tests.hand_over.estate import BASE, Acting, owners
from tests.support.making import Maker


class Base(DeclarativeBase):
    """Of this file alone: the product's tables are counted elsewhere."""


class Visit(Base):
    """A kind of record that the product does not know."""

    __tablename__ = "probe_visits"
    __resource__ = "visit"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    owner_id: Mapped[UUID]
    company_id: Mapped[UUID]
    name: Mapped[str]
    version: Mapped[int]
    updated_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]


@pytest.fixture
def visits(stage: Stage) -> Iterator[None]:
    """A table of visits in the workspace, and the one line by which a room registers its kind."""
    table = sql.Identifier(stage.cast.tenants["acme"].schema_name, Visit.__tablename__)
    columns = "id uuid PRIMARY KEY, owner_id uuid, company_id uuid, name text, version int, updated_at timestamptz"
    with stage.installation.place.owner() as connection:
        connection.execute(sql.SQL("CREATE TABLE {} (" + columns + ", deleted_at timestamptz)").format(table))
        role = sql.Identifier(stage.cast.tenants["acme"].role_name)
        connection.execute(sql.SQL("GRANT ALL ON {} TO {}").format(table, role))
        connection.commit()
        hands_over("visit", HandedOver(Visit, name=Visit.name, customer=Visit.company_id, counts="activities"))
        yield
        del handed_over["visit"]
        connection.execute(sql.SQL("DROP TABLE {}").format(table))
        connection.commit()


@pytest.mark.usefixtures("visits")
def test_a_further_kind_goes_along_is_noted_and_comes_back(
    give: Callable[..., UUID], acting: Acting, make: Maker
) -> None:
    company = make.company("rep", name="Ada Ltd")
    rep, owner = make.member_id("rep"), make.member_id("owner")
    visit = Visit(id=uuid4(), owner_id=rep, company_id=company.id, name="Came by", version=1)
    others = Visit(id=uuid4(), owner_id=make.member_id("teammate"), company_id=company.id, name="Also", version=1)
    with acting("owner"):
        assert owned_by([rep])[rep]["visit"] == 0
        for one in (visit, others):
            made = {name: getattr(one, name) for name in ("id", "owner_id", "company_id", "name", "version")}
            db.session.execute(Visit.__table__.insert().values(made))
        db.session.commit()
    hand_over_id = give("owner")
    assert owners(acting, visit, others) == [owner, make.member_id("teammate")]
    with acting("owner") as member:
        found = db.session.scalars(select(AuditEntry).where(AuditEntry.record_id == visit.id)).one()
        assert (found.resource, found.changes) == ("visit", {"owner_id": [str(rep), str(owner)]})
        actions.undo(hand_over_id, actor=member, tenant=current_tenant(), base_url=BASE)
    assert owners(acting, visit) == [rep]
