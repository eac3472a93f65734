"""The same thing at the same moment, from many threads, through the whole application."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from flask import Flask
from sqlalchemy import func, select

from saas_crm.core.audit import AuditEntry
from saas_crm.customers.models import Company
from tenants.db import db, new_id
from tests.support.cast import Cast
from tests.support.clients import browser_of, phone_of
from tests.support.installation import Installation
from tests.support.making import Maker

THREADS = 5


def at_once(work: Callable[[int], Any], times: int = THREADS) -> list[Any]:
    """Run the same work in several threads that start together, and return what each answered."""
    barrier = threading.Barrier(times)
    answers: list[Any] = [None] * times

    def run(number: int) -> None:
        barrier.wait()
        answers[number] = work(number)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_of_editors_with_the_same_version_one_wins_and_the_others_are_told(
    app: Flask, cast: Cast, make: Maker, acting: Callable[..., Any]
) -> None:
    company = make.company("rep", name="Before", city="Graz")
    browsers = [browser_of(app, cast["rep"]) for _ in range(THREADS)]

    def save(number: int) -> int:
        data = {"name": "Before", "city": f"City {number}", "version": str(company.version)}
        return browsers[number].post(f"/acme/companies/{company.id}", data=data).status_code

    statuses = at_once(save)
    assert sorted(statuses) == [303, *[409] * (THREADS - 1)]
    with acting("rep"):
        now = db.session.get_one(Company, company.id)
        assert now.version == company.version + 1
        assert now.city == f"City {statuses.index(303)}"
        changes = db.session.scalars(
            select(AuditEntry.changes).where(AuditEntry.record_id == company.id, AuditEntry.action == "update")
        ).all()
    assert changes == [{"city": ["Graz", now.city]}], "what the losers wrote left no trace"


def test_of_programs_with_the_same_tag_one_wins(app: Flask, cast: Cast, make: Maker) -> None:
    company = make.company("rep", name="Before")
    phones = [phone_of(app, cast["rep"]) for _ in range(THREADS)]
    tag = phones[0].get(f"/companies/{company.id}").headers["ETag"]

    def save(number: int) -> int:
        headers = {"If-Match": tag, "Content-Type": "application/merge-patch+json"}
        return (
            phones[number].patch(f"/companies/{company.id}", json={"city": f"C{number}"}, headers=headers).status_code
        )

    assert sorted(at_once(save)) == [200, *[412] * (THREADS - 1)]


def test_a_key_chosen_by_the_phone_is_used_once(app: Flask, cast: Cast, acting: Callable[..., Any]) -> None:
    company_id = new_id()
    phones = [phone_of(app, cast["rep"]) for _ in range(THREADS)]

    def create(number: int) -> int:
        return phones[number].post("/companies", json={"id": str(company_id), "name": f"Sent {number}"}).status_code

    assert sorted(at_once(create)) == [201, *[409] * (THREADS - 1)]
    with acting("rep"):
        assert db.session.scalar(select(func.count()).select_from(Company)) == 1


def test_the_same_record_for_two_members_at_once_is_neither_lost_nor_doubled(
    app: Flask, cast: Cast, make: Maker, acting: Callable[..., Any]
) -> None:
    """Without a version, as by an old form, the last one wins; every change is in the audit."""
    company = make.company("rep", name="Before", city="Graz")
    phones = [phone_of(app, cast[who]) for who in ("rep", "manager", "owner", "admin", "rep")]

    def save(number: int) -> int:
        headers = {"Content-Type": "application/merge-patch+json"}
        return (
            phones[number].patch(f"/companies/{company.id}", json={"city": f"C{number}"}, headers=headers).status_code
        )

    statuses = at_once(save)
    assert set(statuses) <= {200, 409, 412}
    with acting("rep"):
        now = db.session.get_one(Company, company.id)
        assert now.version == company.version + statuses.count(200)


def test_a_record_somebody_holds_is_waited_for_and_then_given_up(
    app_with: Callable[..., Flask], cast: Cast, make: Maker, installation: Installation
) -> None:
    app = app_with(database_statement_timeout_ms=300)
    company = make.company("rep", name="Held")
    schema = cast.tenants["acme"].schema_name
    phone = phone_of(app, cast["rep"])
    headers = {"Content-Type": "application/merge-patch+json"}
    with psycopg.connect(installation.place.owner_url) as holder:
        holder.execute(f"SELECT id FROM {schema}.companies WHERE id = %s FOR UPDATE", [company.id])
        answer = phone.patch(f"/companies/{company.id}", json={"city": "x"}, headers=headers)
        assert answer.status_code == 503
        browser = browser_of(app, cast["rep"])
        data = {"name": "Held", "city": "x", "version": str(company.version)}
        assert browser.post(f"/acme/companies/{company.id}", data=data).status_code == 503
        assert phone.get(f"/companies/{company.id}").status_code == 200, "reading waits for nobody"
        holder.rollback()
    assert phone.patch(f"/companies/{company.id}", json={"city": "x"}, headers=headers).status_code == 200


def test_when_all_connections_are_busy_it_says_so(
    app_with: Callable[..., Flask], cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = app_with(database_pool_size=1)
    with app.app_context():
        pool: Any = db.engine.pool
        monkeypatch.setattr(pool, "_timeout", 0.2)
        held = [db.engine.connect() for _ in range(2)]
    assert browser_of(app, cast["rep"]).get("/acme/companies").status_code == 503
    answer = phone_of(app, cast["rep"]).get("/companies")
    assert answer.status_code == 503
    assert answer.content_type == "application/problem+json"
    for connection in held:
        connection.close()
    assert browser_of(app, cast["rep"]).get("/acme/companies").status_code == 200
