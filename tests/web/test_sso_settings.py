"""The page on which an admin sets up single sign-on."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from saas_crm.access.models import IdentityProvider as Stored
from tenants.db import db, tenant_scope
from tests.support.cast import Cast
from tests.support.clients import Browser
from tests.support.identity_provider import SECRET, IdentityProvider
from tests.web.pages import errors, words
from tests.web.sso import PAGE, come_in, decided

ClientFor = Callable[..., Browser]


def test_the_secret_is_sealed_and_never_shown(
    client_for: ClientFor, provider: IdentityProvider, on: Callable[..., None], app: Flask, cast: Cast
) -> None:
    on()
    with app.app_context(), tenant_scope(cast.tenants["acme"]):
        kept = db.session.scalar(select(Stored.client_secret))
    assert kept is not None
    assert SECRET.encode() not in kept
    owner = client_for("owner")
    assert SECRET not in owner.get(PAGE).text
    assert SECRET not in owner.get("/acme/settings/audit").text
    assert owner.post(PAGE, data=decided(provider, client_secret="")).status_code == 303
    assert come_in(client_for(None), provider).status_code == 303, "an empty secret leaves the one of before"


@pytest.mark.parametrize(
    ("said", "field"),
    [({"issuer": "not an address"}, "issuer"), ({"issuer": "http://127.0.0.1:1"}, "issuer"),
     ({"client_id": ""}, "client_id"), ({"client_secret": ""}, "client_secret"), ({"domains": "x!"}, "domains"),
     ({"domains": "acme.example"}, "role_id"),
     ({"issuer": "file:///etc/passwd"}, "issuer")],
)  # fmt: skip
def test_what_cannot_be_is_told_by_its_field(
    client_for: ClientFor, provider: IdentityProvider, said: dict[str, str], field: str
) -> None:
    answer = client_for("owner").post(PAGE, data={**decided(provider), **said})
    assert answer.status_code == 422
    assert set(errors(answer)) == {field}


def test_an_admin_does_not_lock_herself_out(
    client_for: ClientFor, provider: IdentityProvider, on: Callable[..., None]
) -> None:
    on()
    answer = client_for("admin").post(PAGE, data=decided(provider, mandatory="1", client_secret=""))
    assert answer.status_code == 422
    assert "Sign in by it yourself first" in words(answer)
    for who in ("manager", "rep", "viewer"):
        assert client_for(who).get(PAGE).status_code == 403
        assert client_for(who).post(PAGE, data=decided(provider)).status_code == 403
