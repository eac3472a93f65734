"""Single sign-on for programs: everything but the secret can be read, and the secret only written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from saas_crm.access.models import IdentityProvider as Stored
from saas_crm.access.sso.provider import secret_of_provider
from saas_crm.core.audit import AuditEntry
from tenants.db import db, tenant_scope
from tests.support.api import places, problem
from tests.support.cast import Cast
from tests.support.clients import Browser, Phone, statements
from tests.support.identity_provider import CLIENT, SECRET, IdentityProvider, identity_provider

Api = Callable[..., Phone]


@pytest.fixture(scope="module")
def provider() -> Iterator[IdentityProvider]:
    with identity_provider() as running:
        yield running


def first(provider: IdentityProvider, **more: Any) -> dict[str, Any]:
    return {"issuer": provider.issuer, "client_id": CLIENT, "client_secret": SECRET, "enabled": True, **more}


def test_it_is_decided_read_changed_and_forgotten(
    api_for: Api, client_for: Callable[..., Browser], provider: IdentityProvider, app: Flask, cast: Cast
) -> None:
    owner = api_for("owner")
    empty = owner.get("/sso")
    assert (empty.json["issuer"], empty.json["enabled"]) == ("", False)
    assert empty.json["redirect_uri"].endswith("/acme/sso/callback")
    made = owner.patch("/sso", json=first(provider), headers={"If-Match": empty.headers["ETag"]})
    assert made.status_code == 200
    assert made.json == {**empty.json, "issuer": provider.issuer, "client_id": CLIENT, "enabled": True}
    assert SECRET not in made.text
    assert statements(owner.get("/sso")) <= 5
    assert places(owner.patch("/sso", json={"client_id": "other"})) == {"#/client_secret"}, "it is of the former one"
    assert owner.patch("/sso", json={"enabled": False}).json == {**made.json, "enabled": False}
    with app.app_context(), tenant_scope(cast.tenants["acme"]):
        assert secret_of_provider() == SECRET, "what is not said stays"
        told = db.session.scalars(select(AuditEntry.changes).where(AuditEntry.resource == "identity_provider")).all()
    assert not any("client_secret" in changes for changes in told)
    lost = owner.delete("/sso", headers={"If-Match": made.headers["ETag"]})
    problem(lost, 412)
    assert owner.delete("/sso").status_code == 204
    assert owner.delete("/sso").status_code == 204, "sent twice it is gone all the same"
    assert owner.get("/sso").json == empty.json
    assert client_for(None).get("/acme/sso").status_code == 404
    with app.app_context(), tenant_scope(cast.tenants["acme"]):
        assert db.session.scalar(select(Stored.id)) is None


def test_the_first_time_it_takes_everything(api_for: Api, provider: IdentityProvider) -> None:
    owner = api_for("owner")
    assert places(owner.patch("/sso", json={"enabled": True})) == {"#/issuer", "#/client_id"}
    without = {name: value for name, value in first(provider).items() if name != "client_secret"}
    assert places(owner.patch("/sso", json=without)) == {"#/client_secret"}
    assert places(owner.patch("/sso", json=first(provider, issuer="http://127.0.0.1:9/none"))) == {"#/issuer"}
    assert places(owner.patch("/sso", json=first(provider, domains=["no domain"]))) == {"#/domains/0"}
    assert places(owner.patch("/sso", json=first(provider, domains=["acme.example"]))) == {"#/role_id"}
    assert owner.get("/sso").json["issuer"] == ""


def test_who_may_not(api_for: Api, provider: IdentityProvider) -> None:
    for who in ("manager", "rep", "viewer"):
        problem(api_for(who).get("/sso"), 403)
        problem(api_for(who).patch("/sso", json=first(provider)), 403)
        problem(api_for(who).delete("/sso"), 403)
    problem(api_for("outsider", slug="acme").delete("/sso"), 401)
    assert places(api_for("admin").patch("/sso", json=first(provider))) == {"#/issuer"}, "an owner chooses it"
    assert api_for("owner").patch("/sso", json=first(provider)).status_code == 200
    assert places(api_for("admin").patch("/sso", json={"mandatory": True})) == {"#/mandatory"}
    assert api_for("admin").patch("/sso", json={"enabled": False}).status_code == 200


def test_the_page_forgets_it_too(api_for: Api, client_for: Callable[..., Browser], provider: IdentityProvider) -> None:
    api_for("owner").patch("/sso", json=first(provider))
    owner = client_for("owner")
    assert "Remove the sign-in service" in owner.get("/acme/settings/security/sso").text
    assert client_for("rep").post("/acme/settings/security/sso/removal").status_code == 403
    assert owner.post("/acme/settings/security/sso/removal").status_code == 303
    assert "Remove the sign-in service" not in owner.get("/acme/settings/security/sso").text
    assert api_for("owner").get("/sso").json["issuer"] == ""
