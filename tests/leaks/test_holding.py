"""The hunt asks and sends everything, and nothing there holds one connection and asks another. Would it be seen?"""

from __future__ import annotations

from importlib import import_module

import psycopg
import pytest
from flask import Flask
from sqlalchemy import text

from saas_crm.access.queries import user_by_id
from tenants.db import db, tenant_scope
from tenants.one_at_a_time import let_go
from tests.support.cast import Cast
from tests.support.holding import HOLDS_BOTH, taken
from tests.support.installation import Installation


def test_who_holds_one_connection_and_asks_another_is_seen(app: Flask, cast: Cast) -> None:
    with app.test_request_context("/acme/"), tenant_scope(cast.tenants["acme"]):
        user_by_id(cast["rep"].user_id)
        assert not taken()
        db.session.execute(text("SELECT 1"))
        user_by_id(cast["rep"].user_id)
        assert "user_by_id" in taken()[0]


def test_who_lets_go_holds_nothing(app: Flask, cast: Cast) -> None:
    with app.test_request_context("/acme/"), tenant_scope(cast.tenants["acme"]):
        db.session.execute(text("SELECT 1"))
        let_go()
        user_by_id(cast["rep"].user_id)
        assert not taken()


def test_what_was_changed_or_is_held_is_not_let_go(app: Flask, cast: Cast) -> None:
    with app.test_request_context("/acme/"), tenant_scope(cast.tenants["acme"]):
        db.session.execute(text("SELECT id FROM roles FOR UPDATE"))
        let_go()
        user_by_id(cast["rep"].user_id)
        assert taken()
        let_go(keep=True)
        user_by_id(cast["rep"].user_id)
        assert not taken()


def test_connections_of_ones_own_are_seen_too(app: Flask, cast: Cast, installation: Installation) -> None:
    with app.test_request_context("/acme/"), tenant_scope(cast.tenants["acme"]):
        db.session.execute(text("SELECT 1"))
        from tenants.migrate import connect

        connect(installation.place.runtime_url).close()
        assert "tenants.migrate.connect" in taken()[0]
        psycopg.connect(installation.place.runtime_url).close()
        assert not [found for found in taken() if "tenants." in found], "a test's own"


@pytest.mark.parametrize("name", HOLDS_BOTH)
def test_who_may_is_still_there(name: str) -> None:
    module, _, function = name.rpartition(".")
    assert callable(getattr(import_module(module), function))
