"""Features that a plan has or has not: what was set up before goes on, and can be changed and taken away."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import select

from saas_crm.access.exporting import begin_export
from saas_crm.access.models import IdentityProvider, Role
from saas_crm.access.permissions import CurrentMember
from saas_crm.access.role_schemas import RoleWrite
from saas_crm.access.roles import update_role
from saas_crm.access.sso.provider import decide_sso
from saas_crm.access.sso.schemas import SsoWrite
from saas_crm.access.team_schemas import TeamWrite
from saas_crm.access.teams import create_team, update_team
from saas_crm.core.errors import FeatureNotInPlan
from saas_crm.core.forms import parse
from saas_crm.workspaces.domains.keeping import By, claim, domain_of
from tenants.context import current_tenant, speaking
from tenants.db import db
from tenants.plan import FEATURES, Plan
from tests.support.billing import give_plan, take_plan
from tests.support.installation import Installation

pytestmark = pytest.mark.newest
Acting = Callable[[str], AbstractContextManager[CurrentMember]]


@contextmanager
def having(*features: str) -> Iterator[None]:
    """Let the workspace at hand have a plan with these features."""
    with speaking(replace(current_tenant(), plan=Plan("small", features=frozenset(features)))):
        yield


@contextmanager
def refused(feature: str) -> Iterator[None]:
    with pytest.raises(FeatureNotInPlan) as told:
        yield
    assert told.value.feature == feature
    assert feature in FEATURES


def test_closed_units(acting: Acting) -> None:
    with acting("owner") as owner, having():
        with refused("closed_units"):
            create_team(parse(TeamWrite, {"name": "Shut", "closed": True}), actor=owner)
        team = create_team(parse(TeamWrite, {"name": "Open"}), actor=owner)
        with refused("closed_units"):
            update_team(team, parse(TeamWrite, {"name": "Open", "closed": True}), actor=owner)
        with having("closed_units"):
            update_team(team, parse(TeamWrite, {"name": "Open", "closed": True}), actor=owner)
        update_team(team, parse(TeamWrite, {"name": "Still shut", "closed": True}), actor=owner)
        update_team(team, parse(TeamWrite, {"name": "Open again", "closed": False}), actor=owner)
        assert team.closed_at is None


def test_field_rules(acting: Acting) -> None:
    with acting("owner") as owner, having():
        role = db.session.scalars(select(Role).where(Role.key == "rep")).one()
        rule, before = RoleWrite(name=role.name, fields={"contact.phone": "masked"}), dict(role.permissions)
        with refused("field_rules"):
            update_role(role, rule, actor=owner)
        assert role.permissions == before
        with having("field_rules"):
            update_role(role, rule, actor=owner)
        assert role.permissions != before
        update_role(role, RoleWrite(name="Renamed", fields={"contact.phone": "masked"}), actor=owner)
        assert (role.name, role.permissions != before) == ("Renamed", True), "what was set up goes on"
        update_role(role, RoleWrite(name="Renamed", fields={"contact.phone": None}), actor=owner)
        assert role.permissions == before


def test_single_sign_on(acting: Acting) -> None:
    wanted = parse(SsoWrite, {
        "enabled": True, "issuer": "https://id.example.com", "client_id": "crm", "client_secret": "not told",
    })  # fmt: skip
    with acting("owner") as owner, having():
        with refused("single_sign_on"):
            decide_sso(wanted, actor=owner, by_sso=False)
        assert db.session.scalars(select(IdentityProvider)).all() == []


def test_a_domain_of_its_own(acting: Acting, app: Flask, installation: Installation) -> None:
    with acting("owner"), having():
        with refused("own_domain"):
            claim(installation.settings, current_tenant(), "crm.acme.example", By(None, "web"))
        assert domain_of(current_tenant().id) is None


def test_the_audit_log_as_a_file(acting: Acting) -> None:
    with acting("owner") as owner, having():
        begin_export(owner, "company")
        with refused("audit_export"):
            begin_export(owner, "audit")
    with acting("owner") as owner:
        begin_export(owner, "audit")


def test_calls_of_the_api(api_for: Callable[..., object], app: Flask, installation: Installation) -> None:
    phone = api_for("rep")
    usual = phone.get("/me").headers["RateLimit-Policy"]  # type: ignore[attr-defined]
    give_plan(app, installation.place, "acme", {"api_per_minute": 4})
    answers = [phone.get("/me") for _ in range(4)]  # type: ignore[attr-defined]
    share = int(answers[0].headers["RateLimit-Policy"].split("q=")[1].split(";")[0])
    assert [answer.status_code for answer in answers] == [200] * share + [429] * (4 - share)
    give_plan(app, installation.place, "acme", {"api_per_minute": 1_000_000})
    assert phone.get("/me").headers["RateLimit-Policy"] == usual, "the installation's own limit stands"  # type: ignore[attr-defined]
    take_plan(app, installation.place, "acme")
