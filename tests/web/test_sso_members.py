"""Whom a trusted provider makes a member, and what is kept of what it says."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import insert, select

from saas_crm.access.models import Member, Role
from saas_crm.access.shared_models import Membership, User
from tenants.db import SHARED, db, new_id, tenant_scope
from tests.support.cast import Cast
from tests.support.clients import Browser, Phone
from tests.support.identity_provider import IdentityProvider
from tests.support.mailbox import Mailbox
from tests.web.pages import errors, words
from tests.web.sso import PAGE, come_in, decided, refused

ClientFor = Callable[..., Browser]
On = Callable[..., None]

ROLE_PAGE = "/acme/settings/roles"


@pytest.mark.parametrize("domain", ["gmail.com", "bigcorp.example", "sub.acme.example"])
def test_people_join_by_domains_that_an_owner_has(
    client_for: ClientFor, provider: IdentityProvider, role_ids: dict[str, str], domain: str
) -> None:
    answer = client_for("owner").post(PAGE, data=decided(provider, domains=domain, role_id=role_ids["rep"]))
    assert set(errors(answer)) == {"domains"}
    assert domain in errors(answer)["domains"]


def member_of(app: Flask, cast: Cast, email: str) -> tuple[str, str]:
    with app.app_context(), tenant_scope(cast.tenants["acme"]):
        found = db.session.execute(select(Member.status, Role.key).join(Role).where(Member.email == email)).one()
    return found[0], found[1]


def test_who_was_half_made_is_made_by_the_next_attempt(
    client_for: ClientFor, provider: IdentityProvider, on: On, role_ids: dict[str, str], app: Flask, cast: Cast
) -> None:
    on(domains="acme.example", role_id=role_ids["viewer"])
    with app.app_context(), db.engines[SHARED].begin() as connection:
        half = new_id()
        connection.execute(insert(User).values(id=half, email="half@acme.example", name="Half", password_hash="x"))
        connection.execute(insert(Membership).values(user_id=half, tenant_id=cast.tenants["acme"].id))
    provider.be("half@acme.example")
    assert come_in(client_for(None), provider).status_code == 303
    assert member_of(app, cast, "half@acme.example") == ("active", "viewer")


def test_who_was_removed_comes_back_by_an_invitation_and_not_by_the_domain(
    client_for: ClientFor, api_for: Callable[..., Phone], provider: IdentityProvider, on: On,
    role_ids: dict[str, str], app: Flask, cast: Cast, mailbox: Mailbox,
) -> None:  # fmt: skip
    on(domains="acme.example", role_id=role_ids["viewer"])
    assert come_in(client_for(None), provider).status_code == 303
    owner = client_for("owner")
    owner.post(f"/acme/settings/members/{cast['rep'].member_id}/removal", data={"confirmed": "1"})
    assert member_of(app, cast, "rep@acme.example")[0] == "removed"
    assert refused(come_in(client_for(None), provider))
    invited = {"email": "rep@acme.example", "role_id": role_ids["manager"]}
    assert api_for("owner").post("/invitations", json=invited).status_code == 201
    provider.be("rep@acme.example", subject="an account made anew")
    browser = client_for(None)
    assert come_in(browser, provider).status_code == 303
    assert browser.get("/acme/").status_code == 200
    assert member_of(app, cast, "rep@acme.example") == ("active", "manager")


@pytest.mark.parametrize(
    ("claims", "name"),
    [({"name": "Ann\u202egpj\nB\x00ob"}, "Anngpj B ob"), ({"name": "\x00"}, "new"), ({"name": "x" * 300}, "x" * 200),
     ({"sub": "s" * 256}, None), ({"sub": "a\x00b"}, None), ({"sub": ""}, None)],
    ids=repr,
)  # fmt: skip
def test_names_and_keys_are_cleaned(
    client_for: ClientFor, provider: IdentityProvider, on: On, role_ids: dict[str, str], app: Flask, cast: Cast,
    claims: dict[str, str], name: str | None,
) -> None:  # fmt: skip
    on(domains="acme.example", role_id=role_ids["viewer"])
    provider.be("new@acme.example")
    provider.lies = {"claims": claims}
    answer = come_in(client_for(None), provider)
    assert refused(answer) == (name is None)
    with app.app_context(), tenant_scope(cast.tenants["acme"]):
        assert db.session.scalar(select(Member.name).where(Member.email == "new@acme.example")) == name


def test_a_role_that_is_deleted_is_given_to_nobody_who_joins(
    client_for: ClientFor, api_for: Callable[..., Phone], provider: IdentityProvider, on: On,
    role_ids: dict[str, str], app: Flask, cast: Cast,
) -> None:  # fmt: skip
    made = api_for("owner").post("/roles", json={"name": "Interns", "permissions": {"company:read": "all"}}).json
    on(domains="acme.example", role_id=made["id"])
    gone = client_for("owner").post(f"{ROLE_PAGE}/{made['id']}/deletion", data={"confirmed": "1"})
    assert gone.status_code == 422
    assert "by themselves" in words(gone)
    answer = client_for("owner").post(
        f"{ROLE_PAGE}/{made['id']}/deletion", data={"confirmed": "1", "replacement_id": role_ids["viewer"]}
    )
    assert answer.status_code == 303, errors(answer)
    provider.be("new@acme.example")
    assert come_in(client_for(None), provider).status_code == 303
    assert member_of(app, cast, "new@acme.example") == ("active", "viewer")
