"""A connection goes to whom it has served before: what PostgreSQL read of a tenant's tables is of use again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any
from uuid import UUID

import psycopg
import pytest
from flask import Flask
from sqlalchemy import Connection, func, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as NoneFree

from tenants import near
from tenants.context import ActiveTenant, speaking
from tenants.db import db, enter
from tenants.kept import Kept
from tests.support.cast import Cast
from tests.support.installation import Installation


@pytest.fixture
def crowd(cast: Cast) -> list[ActiveTenant]:
    """Twelve tenants, as a pool tells them apart; all of them Acme to the database."""
    acme = cast.tenants["acme"]
    fields = {name: getattr(acme, name) for name in acme.__slots__}
    return [ActiveTenant(**{**fields, "id": UUID(int=number)}) for number in range(1, 13)]


@contextmanager
def held(tenant: ActiveTenant) -> Iterator[Connection]:
    """Hold a connection that speaks for a tenant."""
    with speaking(tenant), db.engine.connect() as connection:
        enter(connection, tenant)
        yield connection


def backend(tenant: ActiveTenant) -> int:
    """Return which session of the database serves a tenant now."""
    with held(tenant) as connection:
        return int(connection.scalar(select(func.pg_backend_pid())) or 0)


@pytest.fixture
def pool(app_with: Callable[..., Flask]) -> Iterator[Any]:
    """The pool of an application that may keep three connections, and open three more."""
    with app_with(database_pool_size=3).app_context():
        yield db.engine.pool


def test_each_tenant_comes_back_to_its_own(pool: Any, crowd: list[ActiveTenant], monkeypatch: Any) -> None:
    monkeypatch.setattr(near, "MANY", 4)
    first = {tenant.id: backend(tenant) for tenant in crowd}
    assert len(set(first.values())) == 3
    assert pool.checkedin() == 3
    for _ in range(2):
        assert {tenant.id: backend(tenant) for tenant in reversed(crowd)} == first
    assert sorted(list(first.values()).count(each) for each in set(first.values())) == [2, 5, 5]


def test_few_tenants_share_one(pool: Any, crowd: list[ActiveTenant]) -> None:
    assert len({backend(tenant) for tenant in crowd[: near.MANY]}) == 1
    assert pool.checkedin() == 1


def test_a_second_one_at_once_takes_another(pool: Any, crowd: list[ActiveTenant]) -> None:
    [tenant, other, *_] = crowd
    with held(tenant), held(tenant):
        pass
    assert pool.checkedin() == 2
    with held(tenant) as first, held(tenant) as second:
        mine = {each.scalar(select(func.pg_backend_pid())) for each in (first, second)}
        assert len(mine) == 2
        assert backend(other) not in mine
    assert backend(tenant) in mine


def test_no_more_are_opened_than_by_any_other_pool(
    pool: Any, crowd: list[ActiveTenant], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(near, "MANY", 0)
    for _ in range(3):
        threads = [Thread(target=_used, args=(pool, tenant)) for tenant in crowd]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
    assert pool.checkedin() == 3
    monkeypatch.setattr(pool, "_timeout", 0.2)
    with held(crowd[0]), held(crowd[1]), held(crowd[2]), held(crowd[3]), held(crowd[4]), held(crowd[5]):
        with pytest.raises(NoneFree), held(crowd[6]):
            pass
        assert pool.checkedout() == 6
    assert (pool.checkedin(), pool.overflow()) == (3, 0)


def _used(pool: Any, tenant: ActiveTenant) -> None:
    with speaking(tenant):
        connection = pool.connect()
        connection.info.setdefault("tenants", set()).add(tenant.id)  # as `enter` notes it
        assert pool.size() + pool.overflow() <= 6, "all that are open, free or not, read at one moment"
        connection.close()


def test_one_that_cannot_be_opened_takes_no_place(
    pool: Any, crowd: list[ActiveTenant], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(near, "MANY", 0)
    backend(crowd[0])
    with monkeypatch.context() as broken:
        broken.setattr(pool, "_create_connection", lambda: 1 / 0)
        for tenant in crowd[1:8]:
            with pytest.raises(ZeroDivisionError), held(tenant):
                pass
    assert pool.checkedin() == 1
    assert pool.overflow() == -2
    assert backend(crowd[1]) != backend(crowd[0])


@pytest.mark.parametrize("asked", [False, True], ids=["on entering", "while asking"])
def test_where_one_is_found_dead_nobody_is_handed_the_others(
    pool: Any, crowd: list[ActiveTenant], installation: Installation, asked: bool
) -> None:
    [tenant, *_] = crowd
    pid = Kept(select(func.pg_backend_pid().label("pid")))
    with held(tenant) as one, held(tenant) as other, held(tenant) as third:
        dead = [each.scalar(select(func.pg_backend_pid())) for each in (one, other, third)]
    assert pool.checkedin() == 3
    kill = "SELECT pg_terminate_backend(pid, 5000) FROM unnest(%s::int[]) AS pid"
    with installation.place.owner() as owner, speaking(tenant), db.engine.connect() as connection:
        owner.execute(kill, [dead])
        with pytest.raises(OperationalError):
            pid.run(connection, {}) if asked else enter(connection, tenant)
    with held(tenant) as one, held(tenant) as other, held(tenant) as third:
        alive = {each.scalar(select(func.pg_backend_pid())) for each in (one, other, third)}
    assert len(alive) == 3
    assert not alive & set(dead)


def test_where_no_more_can_be_opened_one_that_is_free_serves(
    pool: Any, crowd: list[ActiveTenant], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(near, "MANY", 0)
    only = backend(crowd[0])
    with monkeypatch.context() as full:
        full.setattr(pool, "_creator", _refused)
        assert backend(crowd[1]) == only
        assert (pool.checkedin(), pool.overflow()) == (1, -2)
        with held(crowd[0]), pytest.raises(OperationalError), held(crowd[1]):
            pass
    assert (pool.checkedin(), pool.overflow()) == (1, -2)


def _refused(*_arguments: Any) -> Any:
    raise psycopg.OperationalError("FATAL: sorry, too many clients already")


def test_one_that_was_retired_knows_nobody(
    app_with: Callable[..., Flask], crowd: list[ActiveTenant], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stays in the pool, closed, with what is noted of it: as good as new, and not the last to be taken."""
    monkeypatch.setattr(near, "MANY", 4)
    with app_with(database_pool_size=1, connection_tenants=6).app_context():
        first = [backend(tenant) for tenant in crowd[:6]]
        assert len(set(first)) == 1
        pool: Any = db.engine.pool
        assert pool._pool.queue[0].dbapi_connection is None
        with speaking(crowd[7]):
            assert pool._pool.at_hand()
        assert backend(crowd[7]) not in first
        [entry] = pool._pool.queue
        assert entry.info["tenants"] == {crowd[7].id}


def test_one_that_comes_back_meanwhile_disturbs_nobody(
    pool: Any, crowd: list[ActiveTenant], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The garbage collector may find a connection that was left behind at any moment, in any thread."""
    left = [pool.connect()]
    with held(crowd[0]), held(crowd[1]):
        pass
    assert pool.checkedin() == 2
    found = near._distance

    def meanwhile(entry: Any) -> int:
        while left:
            left.pop().close()
        return found(entry)

    monkeypatch.setattr(near, "_distance", meanwhile)
    with db.engine.connect():
        pass
    assert pool.checkedin() == 3
