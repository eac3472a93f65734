"""What plans allow is written anew for all: some at a time, in order, beside those who settle and who sign up."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event, select

from billing import entitlements
from billing.entitlements import renew, write
from billing.models import Subscription
from billing.rules import Standing
from tenants.db import SHARED, db
from tenants.models import Tenant
from tests.billing.company import Company, Shop
from tests.support.installation import Installation
from tests.support.rows import Rows


def put(rows: Rows, count: int) -> list[UUID]:
    return [rows.make(number, source="manual") for number in range(1, count + 1)]


def plan_of(tenant_id: UUID) -> Any:
    with db.engines[SHARED].connect() as connection:
        return connection.scalar(select(Tenant.plan).where(Tenant.id == tenant_id))


@contextmanager
def commits() -> Iterator[list[int]]:
    seen: list[int] = []

    def note(_connection: Any) -> None:
        seen.append(1)

    engine = db.engines[SHARED]
    event.listen(engine, "commit", note)
    try:
        yield seen
    finally:
        event.remove(engine, "commit", note)


def test_some_at_a_time_and_who_has_it_is_only_read(
    shop: Shop, acme: Company, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = put(rows, 7)
    monkeypatch.setattr(entitlements, "BATCH", 3)
    with commits() as seen:
        assert renew(shop.now) == 7
    assert len(seen) >= 3
    assert {plan_of(one)["key"] for one in ids} == {"team"}
    assert renew(shop.now) == 0


def test_what_was_interrupted_goes_on_where_it_was(
    shop: Shop, acme: Company, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = put(rows, 6)
    monkeypatch.setattr(entitlements, "BATCH", 2)
    written = write

    def broken(connection: Any, tenant_id: UUID, standing: Standing) -> bool:
        if tenant_id == ids[3]:
            raise RuntimeError("the machine stops")
        return written(connection, tenant_id, standing)

    monkeypatch.setattr(entitlements, "write", broken)
    with pytest.raises(RuntimeError):
        renew(shop.now)
    assert [plan_of(one).get("key") for one in ids] == ["team", "team", None, None, None, None]
    monkeypatch.setattr(entitlements, "write", written)
    assert renew(shop.now) == 4


def test_it_waits_for_who_settles_one_and_sees_what_came_of_it(
    shop: Shop, acme: Company, installation: Installation, rows: Rows
) -> None:
    """Read before and written after, the former plan would be put over the new one."""
    [one] = put(rows, 1)
    began, done = threading.Event(), []

    def go() -> None:
        with shop.app.app_context():
            began.set()
            done.append(renew(shop.now))

    with installation.place.owner() as other:
        other.autocommit = False
        other.execute("SELECT FROM public.tenants WHERE id = %s FOR UPDATE", [one])
        thread = threading.Thread(target=go)
        thread.start()
        began.wait(10)
        waits = (
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%%FOR UPDATE OF t%%'"
        )
        with installation.place.owner() as looking:
            while looking.execute(waits).fetchone() == (0,):
                assert thread.is_alive()
                time.sleep(0.05)
        other.execute("UPDATE public.subscriptions SET plan = 'business' WHERE tenant_id = %s", [one])
        other.commit()
    thread.join(20)
    assert done
    assert plan_of(one)["key"] == "business"


def test_a_workspace_that_is_just_being_founded_is_no_obstacle(
    shop: Shop, acme: Company, installation: Installation, rows: Rows
) -> None:
    [one] = put(rows, 1)
    with installation.place.owner() as other:
        other.autocommit = False
        other.execute(
            "INSERT INTO public.tenants (id, schema_name, role_name, status) VALUES (%s, 't_new', 't_new', 'making')",
            [UUID(int=99)],
        )
        other.execute(
            "INSERT INTO public.subscriptions (tenant_id, plan, source, state, seats)"
            " VALUES (%s, 'business', 'none', 'trialing', 0)", [UUID(int=99)],
        )  # fmt: skip
        assert renew(shop.now) == 1
        other.rollback()
    assert plan_of(one)["key"] == "team"
    with db.engines[SHARED].connect() as connection:
        assert connection.scalar(select(Subscription.tenant_id).where(Subscription.tenant_id == UUID(int=99))) is None
