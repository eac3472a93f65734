"""What has been in the recycle bin for 30 days is gone for good, and the audit says what went."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, insert, select, update

from saas_crm.activities.models import Activity
from saas_crm.core import recycling
from saas_crm.core.audit import AuditEntry
from saas_crm.core.clock import now
from saas_crm.core.jobs import defer
from saas_crm.customers import actions
from saas_crm.customers.models import Company, Contact
from saas_crm.customers.queries import get_company
from saas_crm.opportunities.models import Opportunity
from saas_crm.search.queries import find
from tenants.db import db, new_id
from tests.support.making import Maker

Acting = Callable[[str], Any]
Jobs = Callable[[], list[str]]


def throw_away(acting: Acting, model: Any, *ids: Any, days: int = 31) -> None:
    """Say that records were deleted some days ago, and defer the daily purge."""
    with acting("owner"):
        moment = now() - timedelta(days=days)
        db.session.execute(update(model).where(model.id.in_(ids)).values(deleted_at=moment))
        defer(db.session(), "recycle_bin.purge")


def left(acting: Acting, model: Any) -> set[Any]:
    with acting("owner"):
        return set(db.session.scalars(select(model.id)))


def test_only_what_is_old_enough_goes_and_the_audit_names_it(acting: Acting, make: Maker, jobs: Jobs) -> None:
    old, fresh, living = (make.company("rep").id for _ in range(3))
    throw_away(acting, Company, fresh, days=29)
    throw_away(acting, Company, old)
    assert "recycle_bin.purge" in jobs()
    assert left(acting, Company) == {fresh, living}
    with acting("owner"):
        [row] = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "purge")).all()
    assert (row.resource, row.record_id, row.through) == ("company", old, "job")
    assert list(row.changes) == ["name"]


def test_a_company_goes_although_something_of_it_lives(acting: Acting, make: Maker, jobs: Jobs) -> None:
    company = make.company("colleague", name="Gone Ltd").id
    with acting("owner"):
        pass
    contact = make.contact("owner", owner="rep", name="Eva", company_id=str(company)).id
    deal = make.deal("owner", company_id=str(company)).id
    activity = make.activity("owner", company_id=str(company)).id
    with acting("owner") as owner:
        actions.recycle(get_company(company, member=owner), actor=owner)
    throw_away(acting, Company, company)
    jobs()
    assert left(acting, Company) == set()
    with acting("owner"):
        for model, record_id in ((Contact, contact), (Opportunity, deal), (Activity, activity)):
            record = db.session.get(model, record_id)
            assert (record.company_id, record.version) == (None, 2)
            change = db.session.scalar(select(AuditEntry.changes).where(
                AuditEntry.record_id == record_id, AuditEntry.action == "update"))  # fmt: skip
            assert change == {"company_id": [str(company), None]}
    with acting("rep") as rep:
        assert [row.title for row in find("eva", rep)] == ["Eva"]
    with acting("colleague") as colleague:
        assert find("eva", colleague) == [], "the company that let them see her is gone"


def test_many_go_in_batches(acting: Acting, make: Maker, jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recycling, "BATCH", 3)
    ids = [make.company("rep").id for _ in range(8)]
    throw_away(acting, Company, *ids)
    jobs()
    assert left(acting, Company) == set()
    with acting("owner"):
        query = select(func.count()).select_from(AuditEntry).where(AuditEntry.action == "purge")
        assert db.session.scalar(query) == 8


def test_a_company_goes_that_very_much_hangs_on(acting: Acting, make: Maker, jobs: Jobs) -> None:
    """More than one statement takes parameters: 65,535, eight of them for each line of the audit."""
    company = make.company("rep").id
    first = make.activity("owner", company_id=str(company)).id
    many = 8_200
    with acting("owner"):
        of_first = select(Activity.__table__).where(Activity.id == first)
        row = dict(db.session.execute(of_first).mappings().one())
        db.session.execute(insert(Activity), [{**row, "id": new_id()} for _ in range(many)])
    throw_away(acting, Company, company)
    jobs()
    assert left(acting, Company) == set()
    with acting("owner"):
        let_go = select(func.count()).select_from(Activity).where(Activity.company_id.is_(None))
        noted = select(func.count()).select_from(AuditEntry).where(AuditEntry.changes.has_key("company_id"))
        assert db.session.scalar(let_go) == many + 1
        assert db.session.scalar(noted.where(AuditEntry.action == "update")) == many + 1


def test_what_somebody_holds_waits_for_the_next_time(
    acting: Acting, make: Maker, jobs: Jobs, installation: Any, cast: Any
) -> None:
    held, other = make.company("rep").id, make.company("rep").id
    throw_away(acting, Company, held, other)
    schema = cast.tenants["acme"].schema_name
    with installation.place.owner() as connection, connection.transaction():
        connection.execute(f"SELECT 1 FROM {schema}.companies WHERE id = %s FOR UPDATE", [held])
        jobs()
    assert left(acting, Company) == {held}
