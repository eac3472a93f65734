"""Sample data of a new workspace: there with one click, gone with another, and nothing else with it."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from saas_crm.activities.models import Activity
from saas_crm.core.clock import now
from saas_crm.core.errors import Forbidden
from saas_crm.customers.models import Company, Contact
from saas_crm.demo.samples import SIZES, has_sample_data, load_sample_data, remove_sample_data
from saas_crm.opportunities.models import Opportunity, OpportunityTotal, StageChange
from saas_crm.search.models import SearchEntry
from saas_crm.search.queries import find
from tenants.context import current_tenant
from tenants.db import db

TABLES = (Company, Contact, Opportunity, Activity, StageChange, SearchEntry)


def counts() -> dict[str, int]:
    return {model.__tablename__: db.session.scalar(select(func.count()).select_from(model)) for model in TABLES}


def open_total() -> object:
    return db.session.scalar(select(func.coalesce(func.sum(OpportunityTotal.count), 0)))


@pytest.mark.parametrize(("who", "currency", "known"), [("owner", "USD", "Harbor Lane"), ("outsider", "CNY", "东湖")])
def test_in_the_workspaces_language_and_currency(acting, who: str, currency: str, known: str) -> None:
    with acting(who) as member:
        assert not has_sample_data(current_tenant())
        made = load_sample_data(actor=member, tenant=current_tenant())
        assert has_sample_data(current_tenant())
        assert made == sum(value for name, value in counts().items() if name not in ("stage_changes", "search_entries"))
        assert db.session.scalar(select(func.count()).select_from(Company)) == SIZES.companies
        assert set(db.session.scalars(select(Opportunity.currency))) == {currency}
        assert set(db.session.scalars(select(Company.owner_id))) == {member.id}
        assert [row.kind for row in find(known, member, kinds=["company"])] == ["company"]
        assert open_total() == db.session.scalar(select(func.count()).select_from(Opportunity))


def test_loading_twice_makes_them_once(acting) -> None:
    with acting("owner") as owner:
        load_sample_data(actor=owner, tenant=current_tenant())
        first = counts()
    with acting("admin") as admin:
        load_sample_data(actor=admin, tenant=current_tenant())
        assert counts() == first


def test_removing_takes_exactly_them(acting, make) -> None:
    make.company("rep", name="Ours Ltd")
    make.deal("rep", name="Our deal")
    with acting("owner") as owner:
        before, total = counts(), open_total()
        load_sample_data(actor=owner, tenant=current_tenant())
    with acting("admin") as admin:
        gone = remove_sample_data(actor=admin, tenant=current_tenant())
        assert gone.kept == 0
        assert gone.removed > 50
        assert counts() == before
        assert open_total() == total
        assert not has_sample_data(current_tenant())
        assert find("Ours", admin)


def test_what_somebodys_own_work_hangs_on_stays(acting, make) -> None:
    with acting("owner") as owner:
        load_sample_data(actor=owner, tenant=current_tenant())
        company_id = db.session.scalars(select(Company.id).order_by(Company.name).limit(1)).one()
    make.activity("owner", kind="note", body="I tried this", company_id=company_id)
    with acting("owner") as owner:
        gone = remove_sample_data(actor=owner, tenant=current_tenant())
        assert gone.kept == 1
        assert db.session.scalars(select(Company.id)).all() == [company_id]
        assert db.session.scalar(select(Activity.body)) == "I tried this"
        assert db.session.scalar(select(func.count()).select_from(SearchEntry)) == 1


def test_renamed_and_recycled_samples_go_too(acting) -> None:
    with acting("owner") as owner:
        load_sample_data(actor=owner, tenant=current_tenant())
        one, other = db.session.scalars(select(Company).limit(2)).all()
        one.name = "Renamed"
        other.deleted_at = now()
    with acting("owner") as owner:
        assert remove_sample_data(actor=owner, tenant=current_tenant()).kept == 0
        assert counts()["companies"] == 0


@pytest.mark.parametrize("who", ["manager", "rep", "viewer"])
def test_only_those_who_run_the_workspace_may(acting, who: str) -> None:
    with acting(who) as member:
        with pytest.raises(Forbidden):
            load_sample_data(actor=member, tenant=current_tenant())
        with pytest.raises(Forbidden):
            remove_sample_data(actor=member, tenant=current_tenant())
