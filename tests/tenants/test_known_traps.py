"""The six traps that caught others, each with a test from the first day."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask_sqlalchemy.session import Session as FlaskSession
from sqlalchemy import select, text

from saas_crm.customers.models import Company
from saas_crm.tables import metadata
from tenants.context import TenantMismatch, speaking
from tenants.db import db, tenant_scope
from tenants.migrations.lines import steps
from tenants.revise import differences
from tests.support.cast import Cast, Person
from tests.support.clients import Browser, browser_of
from tests.support.installation import Installation
from tests.support.making import Maker
from tests.support.pristine import Pristine, fingerprint


def test_1_the_identity_map_gives_no_row_of_the_former_tenant(
    app: Flask, cast: Cast, make: Maker, installation: Installation
) -> None:
    """The same key in both workspaces, and the former tenant's object still held: the other one's is read."""
    company = make.company("rep", name="Acme's own")
    _insert_company(installation, cast.tenants["other"].schema_name, company.id, "The other's own")
    with app.app_context():
        with tenant_scope(cast.tenants["acme"]):
            held = db.session.get_one(Company, company.id)
            assert held.name == "Acme's own"
        with tenant_scope(cast.tenants["other"]):
            assert db.session.get_one(Company, company.id).name == "The other's own"
        assert held.name == "Acme's own"
        with speaking(cast.tenants["acme"]):
            held_again = db.session.get(Company, company.id)
        with speaking(cast.tenants["other"]), pytest.raises(TenantMismatch):
            db.session.get(Company, company.id)
        assert held_again is not None
        db.session.remove()


def test_2_a_session_ignores_a_bind_of_its_own_so_tests_commit_and_rows_are_put_back(
    app: Flask, cast: Cast, installation: Installation
) -> None:
    """Flask-SQLAlchemy 3.1 asks `get_bind`, never the session's own bind: binding one to a connection isolates nothing.

    So our tests do not rely on it: everything is committed, and this is the proof that it is put back.
    """
    with app.app_context(), db.engine.connect() as connection:
        bound = FlaskSession(db, bind=connection)
        assert bound.get_bind() is db.engine
        bound.close()
    schemas = [tenant.schema_name for tenant in cast.tenants.values()]
    pristine = Pristine(installation.place, schemas)
    before = fingerprint(installation.place, schemas)
    with app.app_context(), tenant_scope(cast.tenants["acme"]):
        db.session.add(Company(name="Left behind", sort_name="left behind", name_key="left behind"))
        db.session.commit()
    assert fingerprint(installation.place, schemas) != before
    pristine.restore()
    pristine.close()
    assert fingerprint(installation.place, schemas) == before


def test_3_a_client_does_not_share_g_with_a_context_that_is_pushed(
    app: Flask, client_for: Callable[..., Browser], cast: Cast
) -> None:
    """Flask's own client does: the signed-in user of one request answers the next one, of nobody."""
    with app.app_context():
        signed_in = app.test_client()
        _sign_in(app, signed_in, cast["rep"])
        assert signed_in.get("/workspaces").status_code == 200
        assert app.test_client().get("/workspaces").status_code == 200, "the trap: nobody is Rita"
        assert client_for(None).get("/workspaces").status_code == 302
        assert client_for("rep").get("/workspaces").status_code == 200


def test_4_the_path_serves_raw_sql_and_translated_schemas_would_not(
    app: Flask, cast: Cast, make: Maker, installation: Installation
) -> None:
    make.company("rep", name="Found by raw SQL")
    names = text("SELECT name FROM companies")
    with app.app_context(), tenant_scope(cast.tenants["acme"]):
        assert db.session.scalars(names).all() == ["Found by raw SQL"]
    translated = {"schema_translate_map": {None: cast.tenants["acme"].schema_name}}
    with app.app_context(), db.engine.connect() as connection:
        with_map = connection.execution_options(**translated)
        assert f'"{cast.tenants["acme"].schema_name}"' not in str(names.compile(with_map))
        rendered = select(Company.name).compile(
            with_map, schema_translate_map=translated["schema_translate_map"], render_schema_translate=True
        )
        assert cast.tenants["acme"].schema_name in str(rendered)


@pytest.mark.parametrize("line", ["shared", "tenant"])
def test_5_models_and_migrations_agree_and_no_version_table_is_invented(
    line: str, app: Flask, installation: Installation
) -> None:
    assert differences(installation.place.owner_url, line, metadata(line)) == []
    assert not any("alembic_version" in step.sql for step in steps(line))


def test_6_test_files_of_the_same_name_live_side_by_side(request: pytest.FixtureRequest) -> None:
    assert request.config.getoption("importmode") == "importlib"
    assert Path(__file__).parents[1] == Path(str(request.config.rootpath), "tests")


def _sign_in(app: Flask, client: object, person: Person) -> None:
    name = app.config["SESSION_COOKIE_NAME"]
    cookie = browser_of(app, person).get_cookie(name)
    assert cookie is not None
    client.set_cookie(name, cookie.value)  # type: ignore[attr-defined]


def _insert_company(installation: Installation, schema: str, company_id: object, name: str) -> None:
    with installation.place.owner() as connection:
        connection.execute(f"SET search_path = {schema}")  # triggers on it speak of its own tables
        connection.execute(
            f"INSERT INTO {schema}.companies (id, name, sort_name, name_key) VALUES (%s, %s, %s, %s)",
            [company_id, name, name.lower(), name.lower()],
        )
