"""Queries in the driver's own words: the same answers, errors, tenant and counting as SQLAlchemy's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import bindparam, func, literal_column, select
from sqlalchemy.exc import DBAPIError, MultipleResultsFound, OperationalError

from saas_crm.customers.models import Company
from tenants.context import TenantMismatch, TenantRequired, speaking
from tenants.db import db, fetch, tenant_scope
from tenants.kept import Found, Kept, before_run, kept_queries
from tests.support.cast import Cast
from tests.support.installation import Installation
from tests.support.making import Maker

_NAMED = select(Company.id, Company.name, Company.tags, Company.created_at).where(
    Company.name == bindparam("wanted"), Company.lifecycle == "potential"
)


def test_it_finds_what_sqlalchemy_finds(app: Flask, cast: Cast, make: Maker) -> None:
    made = make.company("rep", name="Ada 100% %s %(wanted)s", tags="blue, green")
    with app.app_context(), tenant_scope(cast.tenants["acme"]):
        values = {"wanted": "Ada 100% %s %(wanted)s"}
        kept, other = fetch(Kept(_NAMED), values).one_or_none(), fetch(_NAMED, values).one_or_none()
    assert kept is not None
    assert tuple(kept) == tuple(other)
    assert (kept.id, kept.name, sorted(kept.tags)) == (made.id, made.name, ["blue", "green"])


def test_it_sees_what_the_session_has_not_written_yet(app: Flask, cast: Cast) -> None:
    with app.app_context(), tenant_scope(cast.tenants["acme"]):
        db.session.add(Company(name="Unwritten", sort_name="unwritten", name_key="unwritten", lifecycle="potential"))
        assert fetch(Kept(_NAMED), {"wanted": "Unwritten"}).one_or_none() is not None
        db.session.rollback()
        assert fetch(Kept(_NAMED), {"wanted": "Unwritten"}).all() == []


def test_it_serves_one_tenant_alone(app: Flask, cast: Cast, make: Maker) -> None:
    make.company("rep", name="Ada")
    query = Kept(_NAMED)
    with app.app_context():
        with pytest.raises(TenantRequired):
            fetch(query, {"wanted": "Ada"})
        for _ in range(8):  # often enough to be prepared on the connection
            for slug, found in (("acme", 1), ("other", 0)):
                with tenant_scope(cast.tenants[slug]):
                    assert len(fetch(query, {"wanted": "Ada"})) == found
        with tenant_scope(cast.tenants["acme"]):
            fetch(query, {"wanted": "Ada"})
            with speaking(cast.tenants["other"]), pytest.raises(TenantMismatch):
                fetch(query, {"wanted": "Ada"})


def test_a_value_left_out_is_not_taken_for_none(app: Flask, cast: Cast) -> None:
    with app.app_context(), tenant_scope(cast.tenants["acme"]), pytest.raises(KeyError, match="wanted"):
        fetch(Kept(_NAMED))


def test_an_error_is_sqlalchemys_and_names_no_value(app: Flask, cast: Cast) -> None:
    broken = Kept(select((literal_column("1") / func.length(bindparam("given"))).label("x")))
    with app.app_context(), tenant_scope(cast.tenants["acme"]):
        with pytest.raises(DBAPIError, match="division by zero") as told:
            fetch(broken, {"given": ""})
        assert not told.value.connection_invalidated
        with pytest.raises(DBAPIError) as told:
            fetch(Kept(select(bindparam("given") + literal_column("1"))), {"given": "a secret"})
        assert "a secret" not in str(told.value)


def test_a_lost_connection_is_told_and_dropped(
    app_with: Callable[..., Flask], cast: Cast, installation: Installation
) -> None:
    app = app_with(database_pool_size=1)
    pid = Kept(select(func.pg_backend_pid().label("pid")))
    with app.app_context(), tenant_scope(cast.tenants["acme"]), installation.place.owner() as owner:
        first = fetch(pid)[0].pid
        owner.execute("SELECT pg_terminate_backend(%s, 5000)", [first])
        with pytest.raises(OperationalError) as told:
            fetch(pid)
        assert told.value.connection_invalidated
        db.session.rollback()
        assert fetch(pid)[0].pid != first


def test_whoever_counts_hears_of_it(app: Flask, cast: Cast) -> None:
    heard: list[tuple[bytes, str]] = []

    def count(sql: bytes, values: Mapping[str, Any]) -> None:
        heard.append((sql, values["wanted"]))

    before_run.append(count)
    try:
        with app.app_context(), tenant_scope(cast.tenants["acme"]):
            fetch(Kept(_NAMED), {"wanted": "x"})
    finally:
        before_run.remove(count)
    assert [(sql[:6], wanted) for sql, wanted in heard] == [(b"SELECT", "x")]


def test_rows_are_asked_for_as_sqlalchemys_are() -> None:
    assert Found().one_or_none() is None
    assert Found().first() is None
    assert Found([1, 2]).first() == 1
    assert Found([1]).one_or_none() == 1
    with pytest.raises(MultipleResultsFound):
        Found([1, 2]).one_or_none()


def test_equal_arguments_give_the_same_query_and_the_function_itself_a_fresh_one() -> None:
    @kept_queries(2)
    def of(name: str) -> object:
        return select(Company.name).where(Company.name == name)

    assert of("a") is of("a")
    assert of("a") is not of("b")
    assert not isinstance(of.__wrapped__("a"), Kept)
