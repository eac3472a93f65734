"""A session that ends behind a pooler: its connection is dropped, and told as lost, also where the driver trusts it."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from saas_crm.app import create_app
from tenants.db import SHARED, db, tenant_scope
from tenants.out_of_step import out_of_step
from tests.conftest import Stage
from tests.support.installation import RUNTIME_LOGIN, Place, dispose, settings_for
from tests.support.pgbouncer import pgbouncer

END = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = %s"


@pytest.fixture(scope="module")
def pooled(stage: Stage) -> Iterator[Flask]:
    """The application behind a pooler with one connection."""
    place, folder = stage.installation.place, stage.installation.folder
    with pgbouncer(place, folder, size=1) as url:
        app = create_app(settings_for(place, folder, database_url=url, database_prepare=False))
        yield app
        dispose(app)
    dispose(stage.installation.app)  # its sessions were ended with the others
    stage.pristine.restore()


def end_sessions(place: Place) -> None:
    """End all sessions of the application in the database."""
    with place.owner() as connection:
        connection.execute(END, [RUNTIME_LOGIN])


def test_the_end_of_a_session_before_a_commit_is_told_as_a_loss(pooled: Flask, stage: Stage) -> None:
    with pooled.app_context(), tenant_scope(stage.cast.tenants["acme"]):
        db.session.execute(text("SELECT 1"))
        end_sessions(stage.installation.place)
        with pytest.raises(OperationalError) as lost:
            db.session.commit()
        assert lost.value.connection_invalidated
        db.session.rollback()
        assert db.session.scalar(text("SELECT 1")) == 1, "on another connection"


def test_the_end_of_a_session_before_a_rollback_is_nobodys_trouble(pooled: Flask, stage: Stage) -> None:
    with pooled.app_context(), tenant_scope(stage.cast.tenants["acme"]):
        db.session.execute(text("SELECT 1"))
        end_sessions(stage.installation.place)
        db.session.rollback()
        assert db.session.scalar(text("SELECT 1")) == 1


def test_the_end_of_a_session_between_shared_statements_is_told_as_a_loss(pooled: Flask, stage: Stage) -> None:
    def cut_short() -> None:
        with db.engines[SHARED].begin() as connection:
            connection.execute(text("SELECT 1"))
            end_sessions(stage.installation.place)
            connection.execute(text("SELECT 1"))

    with pooled.app_context():
        with pytest.raises(OperationalError) as lost:
            cut_short()
        assert lost.value.connection_invalidated
        with db.engines[SHARED].begin() as connection:
            assert connection.scalar(text("SELECT 1")) == 1


def test_the_database_s_own_internal_errors_cost_no_connection() -> None:
    assert out_of_step(psycopg.InternalError("received 2 results from command 'COMMIT'"))
    assert not out_of_step(psycopg.errors.InternalError_("out of memory"))
    assert not out_of_step(psycopg.errors.DataCorrupted("…"))
    assert not out_of_step(None)
