"""A workspace that asks for two-factor sign-in: who is led where, what programs are told, who may decide it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from tests.support.acts import acts
from tests.support.cast import PASSWORD, Cast
from tests.support.clients import Browser, Phone, statements
from tests.support.mailbox import Mailbox
from tests.support.second_factor import AuthApp, code_of, with_app
from tests.web.pages import errors, summary, value

ClientFor = Callable[..., Browser]
PAGE, HOME = "/acme/settings/security", "/profile/two-factor"


@pytest.fixture
def owner(client_for: ClientFor, app: Flask, cast: Cast) -> Browser:
    """The owner, who has two-factor sign-in."""
    with_app(app, cast["owner"])
    return client_for("owner")


def ask_all(owner: Browser, days: str = "0", **more: Any) -> None:
    answer = owner.post(PAGE, data={"who": "all", "days": days, **more})
    assert answer.status_code == 303, errors(answer)


def test_who_lacks_it_is_led_to_set_it_up_and_back(owner: Browser, client_for: ClientFor) -> None:
    ask_all(owner)
    rep = client_for("rep")
    led = rep.get("/acme/companies?q=a")
    assert (led.status_code, led.location) == (302, f"{HOME}?next=%2Facme%2Fcompanies%3Fq%3Da")
    page = rep.get(led.location)
    assert "Your workspace asks for two-factor sign-in." in page.text
    app_page = rep.get(rep.post(f"{HOME}/app", data={"current": PASSWORD, "next": value(page, "next")}).location)
    secret = value(app_page, "secret")
    done = rep.post(f"{HOME}/app/confirmation", data={"code": code_of(secret), "next": value(app_page, "next")})
    assert 'href="/acme/companies?q=a"' in done.text
    assert rep.get("/acme/companies?q=a").status_code == 200


def test_nothing_else_can_be_done_in_that_workspace(owner: Browser, client_for: ClientFor) -> None:
    ask_all(owner)
    rep = client_for("rep")
    answer = rep.post(
        "/acme/companies", data={"name": "Not made"}, headers={"Referer": "http://localhost/acme/companies/new"}
    )
    assert (answer.status_code, answer.location) == (303, f"{HOME}?next=%2Facme%2Fcompanies%2Fnew")
    part = rep.get(
        "/acme/companies", headers={"HX-Request": "true", "HX-Current-URL": "http://localhost/acme/companies"}
    )
    assert part.status_code == 403
    assert part.headers["HX-Redirect"] == f"{HOME}?next=%2Facme%2Fcompanies"
    assert "Not made" not in owner.get("/acme/companies").text
    assert rep.get("/profile").status_code == 200


def test_a_program_is_told_why(owner: Browser, api_for: Callable[..., Phone], app: Flask, cast: Cast) -> None:
    ask_all(owner)
    refused = api_for("rep").get("/companies")
    assert (refused.status_code, refused.json["type"]) == (403, "urn:saas-crm:problem:second-factor-required")
    with_app(app, cast["rep"])
    assert api_for("rep").get("/companies").status_code == 200
    assert api_for("owner").get("/companies").status_code == 200


def test_another_workspace_does_not_ask(owner: Browser, client_for: ClientFor) -> None:
    ask_all(owner)
    assert client_for("outsider").get("/other/").status_code == 200


def test_only_some_roles(owner: Browser, client_for: ClientFor, role_ids: dict[str, str]) -> None:
    answer = owner.post(PAGE, data={"who": "roles", "role_ids": [role_ids["admin"], role_ids["manager"]], "days": "0"})
    assert answer.status_code == 303
    assert client_for("manager").get("/acme/").location == f"{HOME}?next=%2Facme%2F"
    assert client_for("rep").get("/acme/").status_code == 200
    page = owner.get(PAGE)
    assert page.text.count(" checked") == 3


def test_a_grace_period_reminds_and_lets_work(owner: Browser, client_for: ClientFor) -> None:
    ask_all(owner, "14")
    today = client_for("rep").get("/acme/")
    assert today.status_code == 200
    assert "this workspace asks for two-factor sign-in" in today.text
    assert statements(today) <= 8
    assert "this workspace asks for" not in owner.get("/acme/").text
    assert "will be needed from" in owner.get(PAGE).text


def test_saving_again_does_not_begin_anew(owner: Browser, acting: Callable[..., object]) -> None:
    ask_all(owner, "30")
    ask_all(owner, "", version=value(owner.get(PAGE), "version"))
    changed = [act for act in acts(acting, resource="policy") if "two_factor_from" in act.changes]  # type: ignore[arg-type]
    assert len(changed) == 1
    assert owner.post(PAGE, data={"who": "nobody", "days": ""}).status_code == 303


def test_who_asks_it_of_others_has_it(client_for: ClientFor, role_ids: dict[str, str]) -> None:
    admin = client_for("admin")
    refused = admin.post(PAGE, data={"who": "all", "days": "0"})
    assert refused.status_code == 422
    assert "Set up your own two-factor sign-in first" in summary(refused)
    only_reps = admin.post(PAGE, data={"who": "roles", "role_ids": [role_ids["rep"]], "days": "7"})
    assert only_reps.status_code == 303


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"who": "x", "days": "0"}, "who"), ({}, "who"), ({"who": "all", "days": "3"}, "days"),
        ({"who": "roles", "days": "0"}, "role_ids"), ({"who": "roles", "role_ids": ["x"], "days": "0"}, "role_ids"),
        ({"who": "roles", "role_ids": ["00000000-0000-0000-0000-000000000000"], "days": "0"}, "role_ids"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked(owner: Browser, sent: dict[str, Any], field: str) -> None:
    answer = owner.post(PAGE, data=sent)
    assert answer.status_code == 422
    assert field in errors(answer)


def test_two_who_decide_at_once(owner: Browser) -> None:
    ask_all(owner, "30")
    version = value(owner.get(PAGE), "version")
    ask_all(owner, "7", version=version)
    assert owner.post(PAGE, data={"who": "nobody", "version": version}).status_code == 409


@pytest.mark.parametrize("who", ["manager", "rep", "viewer"])
def test_only_who_may_change_the_workspace(client_for: ClientFor, who: str) -> None:
    assert client_for(who).get(PAGE).status_code == 403
    assert client_for(who).post(PAGE, data={"who": "nobody"}).status_code == 403


def test_an_admin_who_looks_as_somebody_is_asked_for_their_own(
    owner: Browser, client_for: ClientFor, cast: Cast
) -> None:
    ask_all(owner)
    owner.post(f"/acme/settings/members/{cast['rep'].member_id}/view")
    assert owner.get("/acme/companies").status_code == 200


@pytest.mark.newest
def test_the_list_tells_and_narrows(owner: Browser, api_for: Callable[..., Phone], cast: Cast, app: Flask) -> None:
    listed = owner.get("/acme/settings/members?two_factor=yes")
    assert "owner@acme.example" in listed.text
    assert "rep@acme.example" not in listed.text
    assert statements(listed) <= 8
    without = owner.get("/acme/settings/members?two_factor=no&status=active")
    assert "rep@acme.example" in without.text
    assert "owner@acme.example" not in without.text.partition('id="results"')[2]
    api = api_for("rep")
    assert [one["email"] for one in api.get("/members?two_factor=true").json["items"]] == ["owner@acme.example"]
    found = api.get(f"/members/{cast['owner'].member_id}")
    assert found.json["two_factor"] is True
    assert statements(found) <= 5
    with_app(app, cast["viewer"])
    assert len(api.get("/members?two_factor=true").json["items"]) == 2


def test_a_new_member_who_has_it_already_is_let_in(
    owner: Browser, client_for: ClientFor, app: Flask, cast: Cast, mailbox: Mailbox, role_ids: dict[str, str]
) -> None:
    phone: AuthApp = with_app(app, cast["outsider"])
    ask_all(owner)
    email = "outsider@other.example"
    owner.post("/acme/settings/members/invitations", data={"email": email, "role_id": role_ids["rep"]})
    assert phone.codes
    outsider = client_for("outsider")
    assert outsider.post(mailbox.link(email, "/invitations/")).status_code == 303
    assert outsider.get("/acme/").status_code == 200
