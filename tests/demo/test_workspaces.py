"""The two demo workspaces: whole or not yet, whatever happens while they are loaded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from flask import Flask
from sqlalchemy import func, select

from saas_crm.access.addresses import change_address
from saas_crm.access.models import Member, Role, Team
from saas_crm.access.queries import member_of_user
from saas_crm.access.schemas import AddressWrite
from saas_crm.access.sign_in import authenticate
from saas_crm.customers.models import Company
from saas_crm.customers.queries import CustomerFilter, count_up_to
from saas_crm.demo import workspaces
from saas_crm.demo.marks import DEMO_PASSWORD, DEMO_SLUGS, SIGN_INS, is_loaded
from saas_crm.demo.workspaces import load_demo
from saas_crm.opportunities.models import Opportunity
from tenants.db import db, tenant_scope
from tests.conftest import Stage
from tests.support.installation import Installation


def companies_in(app: Flask, slug: str) -> int:
    with app.app_context(), tenant_scope(app.extensions["directory"].by_slug(slug)):
        found: int = db.session.scalar(select(func.count()).select_from(Company))
        return found


def test_a_load_that_fails_anywhere_is_taken_up_again(
    app: Flask, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each load gets further than the one before, fails behind another step, and leaves the next one all it needs."""
    for step in ("_found", "_make_members", "_make_memberships", "store", "record_act"):
        with monkeypatch.context() as patch:
            patch.setattr(workspaces, step, _failing_after(getattr(workspaces, step)))
            with pytest.raises(psycopg.OperationalError):
                load_demo(app)
        app.extensions["directory"].forget()
        with installation.place.owner() as connection:
            assert not is_loaded(connection, "demo"), step
    assert load_demo(app) == list(DEMO_SLUGS)
    assert companies_in(app, "demo") == 60
    with app.app_context(), tenant_scope(app.extensions["directory"].by_slug("demo")):
        assert db.session.scalar(select(func.count()).select_from(Opportunity)) == 45
        assert db.session.scalar(select(func.count()).select_from(Member)) == 6
        assert db.session.scalar(select(func.count()).select_from(Team)) == 4


def _failing_after(real: Callable[..., Any]) -> Callable[..., Any]:
    def fails(*args: Any, **kwargs: Any) -> Any:
        real(*args, **kwargs)
        raise psycopg.OperationalError("killed here")

    return fails


def test_nowhere_else_is_there_a_known_password(app_with) -> None:
    with pytest.raises(RuntimeError, match="in the demo only"):
        load_demo(app_with(environment="production", base_url="https://crm.example", mail_url=None))


@pytest.fixture(scope="module")
def loaded(stage: Stage) -> Iterator[Flask]:
    """The application with both demo workspaces; a second load finds nothing to do."""
    app = stage.installation.app
    assert load_demo(app) == list(DEMO_SLUGS)
    assert load_demo(app) == []
    yield app
    stage.pristine.restore()
    app.extensions["directory"].forget()


def test_everybody_signs_in_and_sees_their_own(loaded: Flask, installation: Installation) -> None:
    app, seen = loaded, {}
    with app.app_context():
        for slug, people in SIGN_INS.items():
            tenant = app.extensions["directory"].by_slug(slug)
            for email in people:
                user_id = authenticate(email, DEMO_PASSWORD, "127.0.0.1")
                with tenant_scope(tenant):
                    member = member_of_user(user_id)
                    assert member is not None
                    seen[email] = count_up_to(Company, member, CustomerFilter())
    assert seen["owner@demo.example"] == seen["viewer@demo.example"] == 60
    assert 0 < seen["rep@demo.example"] < seen["manager@demo.example"] < 60
    assert seen["manager@demo.example"] >= seen["rep@demo.example"] + seen["rep2@demo.example"]
    with installation.place.owner() as connection:
        assert all(is_loaded(connection, slug) for slug in DEMO_SLUGS)


def test_the_reps_are_in_different_teams_under_the_managers(loaded: Flask) -> None:
    app = loaded
    with app.app_context(), tenant_scope(app.extensions["directory"].by_slug("demo")):
        found = db.session.execute(
            select(Member.email, Role.key, Team.path)
            .join(Role, Role.id == Member.role_id)
            .join(Team, Team.id == Member.team_id)
        )
        paths = {email.partition("@")[0]: (role, path) for email, role, path in found}
    assert {who: role for who, (role, _) in paths.items()} == {
        "owner": "owner", "admin": "admin", "manager": "manager", "rep": "rep", "rep2": "rep", "viewer": "viewer",
    }  # fmt: skip
    managers = paths["manager"][1]
    assert paths["rep"][1][:-1] == paths["rep2"][1][:-1] == managers
    assert paths["rep"][1] != paths["rep2"][1]


def test_a_workspace_that_was_given_another_address_is_there(app: Flask, installation: Installation) -> None:
    """Whoever tries the settings starts the demo again: it keeps what there is, and makes nothing twice."""
    load_demo(app)
    directory = app.extensions["directory"]
    with app.app_context():
        demo = directory.by_slug("demo")
        with tenant_scope(demo):
            owner = member_of_user(authenticate("owner@demo.example", DEMO_PASSWORD, "127.0.0.1"))
            assert owner is not None
            change_address(AddressWrite(slug="lindenau"), actor=owner, tenant=demo, directory=directory)
    with installation.place.owner() as connection:
        assert is_loaded(connection, "demo")
    assert load_demo(app) == []
    assert companies_in(app, "lindenau") == 60
