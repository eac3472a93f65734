"""Who becomes a member by single sign-on, and who does not."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select, update

from saas_crm.access.models import IdentityProvider as Stored
from saas_crm.access.models import Member, Role
from saas_crm.access.shared_models import Membership, User
from tenants.db import SHARED, db, tenant_scope
from tests.support.billing import give_plan
from tests.support.cast import Cast
from tests.support.clients import Browser, Phone
from tests.support.identity_provider import IdentityProvider
from tests.support.installation import Installation
from tests.support.mailbox import Mailbox
from tests.web.sso import come_in, refused

ClientFor = Callable[..., Browser]


def joining(app: Flask, cast: Cast, domain: str, role_id: str) -> None:
    """Let people of a domain join by themselves, whoever has an address there."""
    with app.app_context(), tenant_scope(cast.tenants["acme"]):
        db.session.execute(update(Stored).values(domains=[domain], role_id=role_id))
        db.session.commit()


def test_only_members_and_invited_people_get_in(
    client_for: ClientFor, provider: IdentityProvider, on: Callable[..., None], app: Flask, cast: Cast
) -> None:
    on()
    provider.be("nobody@new.example")
    assert refused(come_in(client_for(None), provider))
    provider.be("outsider@other.example")
    assert refused(come_in(client_for(None), provider))
    provider.be("stranger@nowhere.example")
    assert refused(come_in(client_for(None), provider))
    with app.app_context(), db.engines[SHARED].connect() as connection:
        assert connection.scalar(select(User.id).where(User.email == "nobody@new.example")) is None
        acme = Membership.tenant_id == cast.tenants["acme"].id
        who = connection.scalars(select(Membership.user_id).where(acme)).all()
    assert cast["stranger"].user_id not in who


def test_who_is_invited_joins_by_it(
    client_for: ClientFor, api_for: Callable[..., Phone], provider: IdentityProvider, on: Callable[..., None],
    role_ids: dict[str, str], app: Flask, cast: Cast, mailbox: Mailbox,
) -> None:  # fmt: skip
    on()
    invited = {"email": "nina@new.example", "role_id": role_ids["viewer"]}
    assert api_for("owner").post("/invitations", json=invited).status_code == 201
    provider.be("nina@new.example", name="Nina New")
    browser = client_for(None)
    assert come_in(browser, provider).status_code == 303
    assert browser.get("/acme/").status_code == 200
    with app.app_context(), tenant_scope(cast.tenants["acme"]):
        row = db.session.execute(
            select(Member.name, Role.key)
            .join(Role, Role.id == Member.role_id)
            .where(Member.email == "nina@new.example")
        ).one()
    assert tuple(row) == ("Nina New", "viewer")
    with app.app_context(), db.engines[SHARED].connect() as connection:
        told = connection.scalar(select(User.email_verified_at).where(User.email == "nina@new.example"))
    assert told is None, "the provider's word is not ours"


def test_who_has_a_sign_in_elsewhere_is_not_pulled_in(
    client_for: ClientFor, api_for: Callable[..., Phone], provider: IdentityProvider, on: Callable[..., None],
    role_ids: dict[str, str], app: Flask, cast: Cast,
) -> None:  # fmt: skip
    on()
    joining(app, cast, "other.example", role_ids["rep"])
    provider.be("outsider@other.example")
    assert refused(come_in(client_for(None), provider))
    api_for("owner").post("/invitations", json={"email": "outsider@other.example", "role_id": role_ids["rep"]})
    assert refused(come_in(client_for(None), provider)), "they accept by their own sign-in"


def test_people_of_named_domains_join_by_themselves(
    client_for: ClientFor, provider: IdentityProvider, on: Callable[..., None], role_ids: dict[str, str]
) -> None:
    on(domains="acme.example", role_id=role_ids["viewer"])
    provider.be("new@acme.example", name="New Colleague")
    browser = client_for(None)
    assert come_in(browser, provider).status_code == 303
    assert browser.get("/acme/").status_code == 200
    assert browser.post("/acme/companies", data={"name": "x"}).status_code == 403
    provider.be("new@evil-acme.example")
    assert refused(come_in(client_for(None), provider))


@pytest.mark.newest
def test_where_the_plan_has_no_place_left_nobody_is_made_a_member(
    client_for: ClientFor, provider: IdentityProvider, on: Callable[..., None], role_ids: dict[str, str], app: Flask,
    installation: Installation,
) -> None:  # fmt: skip
    on(domains="acme.example", role_id=role_ids["viewer"])
    give_plan(app, installation.place, "acme", {"members": 7}, ("single_sign_on",))
    provider.be("one-more@acme.example", name="One More")
    answer = come_in(client_for(None), provider)
    assert refused(answer)
    assert "no place left for you" in answer.text
    with app.app_context(), db.engines[SHARED].connect() as connection:
        assert connection.scalar(select(User.id).where(User.email == "one-more@acme.example")) is None
    provider.be("rep@acme.example")
    assert come_in(client_for(None), provider).status_code == 303, "who is a member comes in as ever"
    give_plan(app, installation.place, "acme", {"members": 8}, ("single_sign_on",))
    provider.be("one-more@acme.example", name="One More")
    assert come_in(client_for(None), provider).status_code == 303


def test_from_then_on_the_providers_key_counts_and_not_the_address(
    client_for: ClientFor, provider: IdentityProvider, on: Callable[..., None]
) -> None:
    on()
    assert come_in(client_for(None), provider).status_code == 303
    provider.be("rep@acme.example", subject="somebody who got the address later")
    assert refused(come_in(client_for(None), provider))
    provider.be("renamed@elsewhere.example", subject="key of rep@acme.example")
    browser = client_for(None)
    assert come_in(browser, provider).status_code == 303
    assert "Rita Rep" in browser.get("/acme/").text


def test_who_is_locked_out_stays_out(
    client_for: ClientFor, provider: IdentityProvider, on: Callable[..., None], cast: Cast
) -> None:
    on()
    client_for("owner").post(f"/acme/settings/members/{cast['rep'].member_id}/freezing", data={"confirmed": "1"})
    assert refused(come_in(client_for(None), provider))
