"""Entries and sort keys of before a change of the rules are renewed, in batches, without touching anything else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import text

from saas_crm.core.folding import RULES
from saas_crm.core.jobs import registry
from saas_crm.customers import actions
from saas_crm.customers.models import Company
from saas_crm.customers.queries import CustomerFilter, company_rows, contact_rows, get_company
from saas_crm.customers.schemas import CompanyWrite
from saas_crm.search import jobs as search_jobs
from saas_crm.search import renewing
from saas_crm.search.queries import find
from saas_crm.worker import execute
from tenants.db import db
from tests.support.cast import Cast
from tests.support.installation import Installation
from tests.support.mailbox import queued, run_jobs
from tests.support.making import Maker

Acting = Callable[[str], Any]
AS_BEFORE = """
    UPDATE companies SET sort_name = lower(name), name_key = lower(name);
    UPDATE contacts SET sort_name = lower(name);
    UPDATE search_entries SET folded = lower(title), grams = '{}', updated_at = '2020-01-01'
"""
STATE = """
    SELECT 'c', id, version, updated_at, xmin::text FROM companies
    UNION ALL SELECT 'p', id, version, updated_at, xmin::text FROM contacts
    UNION ALL SELECT 'd', id, version, updated_at, xmin::text FROM opportunities
    UNION ALL SELECT 'e', record_id, 1, updated_at, xmin::text FROM search_entries ORDER BY 1, 2
"""


@pytest.fixture
def find_outdated(app: Flask, installation: Installation) -> Callable[[], list[str]]:
    """Ask for workspaces that are behind, as the worker does; returns which."""

    def ask() -> list[str]:
        execute(app, registry["search.find_outdated"], {"timestamp": 0})
        return sorted(args["tenant_id"] for name, args in queued(installation) if name == "search.renew")

    return ask


@pytest.fixture(autouse=True)
def _only_acme(installation: Installation, cast: Cast) -> Iterator[None]:
    """Leave the neighbour alone, and the registry as it was."""
    with installation.place.owner() as connection:
        connection.execute("UPDATE public.tenants SET search_rules = %s WHERE slug <> 'acme'", [RULES])
        yield
        connection.execute("UPDATE public.tenants SET search_rules = 0, search_renewing_at = NULL")


@pytest.fixture
def old(acting: Acting, make: Maker, installation: Installation) -> dict[str, UUID]:
    """Records as a former release wrote them, one of them in the recycle bin."""
    company = make.company("rep", name="臺灣藍天")
    made = {"company": company.id, "latin": make.company("rep", name="Acme").id}
    made["contact"] = make.contact("rep", name="曾國華", company_id=company.id).id
    made["deal"] = make.deal("rep", name="華夏 2027").id
    made["binned"] = make.company("rep", name="藍海").id
    with acting("rep") as rep:
        actions.recycle(get_company(made["binned"], member=rep), actor=rep)
    run_jobs(installation)
    with acting("rep"):
        db.session.execute(text(AS_BEFORE))
    return made


def rules_of(installation: Installation) -> tuple[int, object]:
    with installation.place.owner() as connection:
        query = "SELECT search_rules, search_renewing_at FROM public.tenants WHERE slug = 'acme'"
        row = connection.execute(query).fetchone()
    assert row is not None
    return row[0], row[1]


def state(acting: Acting) -> list[tuple[Any, ...]]:
    with acting("rep"):
        return [tuple(row) for row in db.session.execute(text(STATE))]


def test_a_workspace_is_found_renewed_and_left_alone_then(
    acting: Acting, old: dict[str, UUID], installation: Installation, cast: Cast, find_outdated: Callable[[], list[str]]
) -> None:
    before = state(acting)
    with acting("rep") as rep:
        assert find("蓝天", rep) == []
    assert find_outdated() == [str(cast.tenants["acme"].id)]
    assert find_outdated() == [str(cast.tenants["acme"].id)], "begun already"
    assert run_jobs(installation) == ["search.renew"]
    assert rules_of(installation) == (RULES, None)
    with acting("rep") as rep:
        for query, title in (
            ("蓝天", "臺灣藍天"),
            ("lantian", "臺灣藍天"),
            ("zengguohua", "曾國華"),
            ("华夏", "華夏 2027"),
        ):
            assert title in [row.title for row in find(query, rep)], query
        assert [row.name for row in company_rows(rep, CustomerFilter()).rows] == ["Acme", "臺灣藍天"]
        assert [row.name for row in contact_rows(rep, CustomerFilter(q="蓝天")).rows] == ["曾國華"]
    after = state(acting)
    assert [row[:4] for row in after] == [row[:4] for row in before], "no edit: versions and times stay"
    assert find_outdated() == []
    with acting("owner") as owner:
        binned = db.session.get(Company, old["binned"])
        assert binned is not None
        assert binned.sort_name.startswith("lan 蓝")
        actions.restore(binned, actor=owner)


def test_a_second_pass_writes_nothing(
    acting: Acting, old: dict[str, UUID], installation: Installation, find_outdated: Callable[[], list[str]]
) -> None:
    find_outdated()
    run_jobs(installation)
    before = state(acting)
    with installation.place.owner() as connection:
        connection.execute("UPDATE public.tenants SET search_rules = 0 WHERE slug = 'acme'")
    assert len(find_outdated()) == 1
    run_jobs(installation)
    assert state(acting) == before


def test_a_large_workspace_is_done_in_slices_and_goes_on_where_one_died(
    acting: Acting, make: Maker, old: dict[str, UUID], installation: Installation,
    find_outdated: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    for number in range(5):
        make.contact("rep", name=f"陳 {number}")
    with acting("rep"):
        db.session.execute(text(AS_BEFORE))
    monkeypatch.setattr(renewing, "BATCH", 2)
    monkeypatch.setattr(search_jobs, "BATCHES", 1)
    calls = []

    def sometimes(kind: str, after: UUID | None) -> UUID | None:
        calls.append((kind, after))
        if len(calls) == 4:
            raise RuntimeError("on purpose")
        return renewing.renew_batch(kind, after)

    monkeypatch.setattr(search_jobs, "renew_batch", sometimes)
    find_outdated()
    with pytest.raises(RuntimeError):
        run_jobs(installation)
    assert rules_of(installation)[0] == 0
    _an_hour_later(installation)  # and nothing was heard of it
    assert len(find_outdated()) == 1
    assert set(run_jobs(installation)) == {"search.renew"}
    assert rules_of(installation) == (RULES, None)
    assert [kind for kind, _after in calls].count("contact") >= 3
    with acting("rep") as rep:
        assert len(find("陈", rep)) == 5


def test_who_works_meanwhile_is_neither_stopped_nor_overwritten(
    acting: Acting, old: dict[str, UUID], installation: Installation, cast: Cast,
    find_outdated: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Between comparing and holding somebody saves a new name; and somebody holds a record that is well."""
    with acting("rep") as rep:
        actions.update_company(get_company(old["latin"], member=rep), CompanyWrite(name="Acme"), actor=rep)
    outdated = renewing._outdated

    def and_then_somebody_saves(*asked: Any) -> set[UUID]:
        found = outdated(*asked)
        if old["company"] in found:
            schema = cast.tenants["acme"].schema_name
            somebody.execute(
                f"UPDATE {schema}.companies SET name = '長城', version = version + 1 WHERE id = %s", [old["company"]]
            )
        return found

    monkeypatch.setattr(renewing, "_outdated", and_then_somebody_saves)
    find_outdated()
    with installation.place.owner() as somebody, installation.place.owner() as connection, connection.transaction():
        schema = cast.tenants["acme"].schema_name
        connection.execute(f"SELECT 1 FROM {schema}.companies WHERE id = %s FOR UPDATE", [old["latin"]])
        run_jobs(installation)
    with acting("rep") as rep:
        assert [row.title for row in find("长城", rep, kinds=("company",))] == ["長城"]
        assert find("蓝天", rep, kinds=("company",)) == []


def test_few_are_under_way_and_who_is_done_lets_the_next_begin(
    installation: Installation, find_outdated: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_jobs, "WORKSPACES", 1)
    with installation.place.owner() as connection:
        connection.execute("UPDATE public.tenants SET search_rules = 0")
    assert [len(find_outdated()), len(find_outdated())] == [1, 1]
    assert run_jobs(installation) == ["search.renew", "search.renew"], "spares have no records"
    assert rules_of(installation) == (RULES, None)
    assert find_outdated() == []


def test_a_workspace_that_cannot_be_entered_keeps_nobody_waiting(
    app: Flask, installation: Installation, cast: Cast, find_outdated: Callable[[], list[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(search_jobs, "WORKSPACES", 1)
    acme, other = cast.tenants["acme"], cast.tenants["other"]
    with installation.place.owner() as connection:
        connection.execute("UPDATE public.tenants SET search_rules = 0")
        connection.execute("UPDATE public.tenants SET role_name = 't_missing' WHERE id = %s", [acme.id])
    app.extensions["directory"].forget()
    try:
        assert find_outdated() == []
        _an_hour_later(installation)
        assert find_outdated() == [str(other.id)]
    finally:
        with installation.place.owner() as connection:
            connection.execute("UPDATE public.tenants SET role_name = %s WHERE id = %s", [acme.role_name, acme.id])


def _an_hour_later(installation: Installation) -> None:
    with installation.place.owner() as connection:
        connection.execute("UPDATE public.tenants SET search_renewing_at = search_renewing_at - interval '61 minutes'")
