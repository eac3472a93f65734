"""The recycle bin as a member sees it, and who changed a record last."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from saas_crm.access.history import last_change, values_since
from saas_crm.access.recycled import get_recycled, kinds_for, recycled
from saas_crm.core.errors import NotFound
from saas_crm.customers import actions
from saas_crm.customers.queries import get_company
from saas_crm.customers.schemas import CompanyWrite
from tests.support.making import Maker

Acting = Callable[[str], Any]


def test_the_bin_pages_over_all_kinds(acting: Acting, make: Maker) -> None:
    companies = [make.company("rep", name=f"C{at}") for at in range(5)]
    with acting("rep") as rep:
        for company in companies:
            actions.recycle(get_company(company.id, member=rep), actor=rep)
    names, after = [], None
    with acting("rep") as rep:
        while True:
            page = recycled(rep, after=after, limit=2)
            names += [row.label for row in page.rows]
            after = page.after
            if after is None:
                break
    assert sorted(names) == ["C0", "C1", "C2", "C3", "C4"]


def test_only_who_may_delete_sees_it(acting: Acting, make: Maker) -> None:
    company = make.company("rep")
    with acting("rep") as rep:
        assert kinds_for(rep) == ["company", "contact", "opportunity", "activity"]
        with pytest.raises(NotFound):
            get_recycled("company", company.id, member=rep)
        actions.recycle(get_company(company.id, member=rep), actor=rep)
        assert get_recycled("company", company.id, member=rep).id == company.id
    with acting("teammate") as teammate:
        assert recycled(teammate).rows == []
        with pytest.raises(NotFound):
            get_recycled("company", company.id, member=teammate)
    with acting("viewer") as viewer:
        assert kinds_for(viewer) == []
        assert recycled(viewer).rows == []


def test_history_names_who_changed_what_last(acting: Acting, make: Maker) -> None:
    company = make.company("rep", name="First", city="Linz")
    for who, name, city in (("owner", "Second", "Wien"), ("manager", "Third", "Wien")):
        with acting(who) as member:
            found = get_company(company.id, member=member)
            actions.update_company(found, CompanyWrite(name=name, city=city), actor=member)
    with acting("rep") as rep:
        company = get_company(company.id, member=rep)
        changed = last_change(company)
        assert changed is not None
        assert changed[0] == "Mona Manager"
        assert values_since(company, company.version - 1) == {"name": "Second"}
        assert values_since(company, company.version - 2) == {"name": "First", "city": "Linz"}
        assert values_since(company, company.version - 99) is None
        assert values_since(company, company.version) == {}
