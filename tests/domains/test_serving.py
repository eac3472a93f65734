"""At its own domain a workspace is served without its slug, and nothing else is."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask

from tests.domains.conftest import DOMAIN, DomainBrowser
from tests.support.cast import Cast
from tests.support.clients import Browser, browser_of, phone_of
from tests.support.making import Maker
from tests.web.pages import heading

At = Callable[..., DomainBrowser]


def test_pages_and_their_links_are_there_without_the_slug(at_domain: At, make: Maker) -> None:
    company = make.company(name="Known here")
    rep = at_domain("rep")
    page = rep.get("/companies")
    assert page.status_code == 200
    assert "Known here" in page.text
    links = re.findall(r'(?:href|action|hx-[a-z]+)="([^"]+)"', page.text)
    assert f"/companies/{company.id}" in [link.partition("?")[0] for link in links]
    assert not [link for link in links if link.startswith("/acme") or "localhost" in link]
    assert rep.get("/").status_code == 200
    assert heading(rep.get(f"/companies/{company.id}")) == "Known here"


def test_a_form_is_saved_and_leads_on_there(at_domain: At) -> None:
    rep = at_domain("rep")
    answer = rep.post("/companies", data={"name": "Made at the domain"})
    assert answer.status_code == 303
    assert re.fullmatch(r"/companies/[0-9a-f-]{36}", answer.location)
    part = rep.post("/companies", data={"name": "Twice"}, headers={"HX-Request": "true"})
    assert (part.headers.get("HX-Redirect") or part.location or "/").startswith("/companies")


def test_the_manifest_and_the_api_s_description_are_of_the_domain(at_domain: At) -> None:
    rep = at_domain("rep")
    told = rep.get("/manifest.webmanifest").json
    assert (told["start_url"], told["scope"]) == ("/", "/")
    assert rep.get("/api/v1/openapi.json").json["servers"] == [{"url": "/api/v1"}]


def test_a_program_speaks_to_it_there(served: Flask, own: str, cast: Cast) -> None:
    phone = phone_of(served, cast["rep"])
    made = phone.post("http://crm.acme.test/api/v1/companies", json={"name": "By a program"})
    assert made.status_code == 201
    assert made.headers["Location"].startswith("/api/v1/companies/")
    assert phone.get("http://crm.acme.test/api/v1/companies").json["items"]
    assert phone.get("http://crm.acme.test/acme/api/v1/companies").status_code == 404
    stranger = phone_of(served, cast["outsider"])
    assert stranger.get("http://crm.acme.test/api/v1/companies").status_code == 401


@pytest.mark.parametrize("path", [
    "/signup", "/operator", "/operator/signin", "/internal/domains/ask", "/acme/companies", "/other/companies",
    "/other/", "/forgot", "/reset/x", "/verify/x", "/styleguide/", "/dev/mail",
])  # fmt: skip
def test_what_is_the_installation_s_is_not_there(at_domain: At, path: str) -> None:
    assert at_domain("owner").get(path).status_code == 404
    assert at_domain(None).get(path).status_code == 404


@pytest.mark.parametrize(
    "path", ["/profile", "/profile/passkeys", "/workspaces", "/profile/two-factor?next=/companies"]
)
def test_what_is_the_person_s_is_at_the_main_address(at_domain: At, path: str) -> None:
    page = at_domain("rep").get(path)
    assert page.status_code == 200
    assert f'href="http://localhost{path}"' in page.text
    assert "Rita" not in page.text


def test_nothing_of_the_person_is_changed_there(at_domain: At) -> None:
    rep = at_domain("rep")
    for path in ("/profile", "/profile/password", "/profile/email", "/profile/browsers/end", "/profile/verification"):
        assert rep.post(path, data={"name": "Taken"}).status_code == 404


def test_assets_language_photos_and_health_answer(at_domain: At) -> None:
    nobody = at_domain(None)
    page = nobody.get("/signin")
    assert "/signup" not in page.text
    assert "data-passkey" not in page.text
    assert 'href="http://localhost/forgot"' in page.text
    style = re.search(r'href="(/_assets/[^"]+\.css)"', page.text)
    assert style is not None
    assert nobody.get(style[1]).status_code == 200
    assert nobody.get("/language/de").status_code == 404
    assert nobody.get("/language/zh_Hant?next=/signin").location == "/signin"
    assert nobody.get("/healthz").status_code == 200


def test_who_is_not_signed_in_is_led_to_the_sign_in_there(at_domain: At) -> None:
    answer = at_domain(None).get("/companies?sort=-name")
    assert (answer.status_code, answer.location) == (302, "/signin?next=%2Fcompanies%3Fsort%3D-name")


def test_the_usual_address_goes_on(own: str, served: Flask, cast: Cast) -> None:
    rep = browser_of(served, cast["rep"])
    page = rep.get("/acme/companies")
    assert page.status_code == 200
    assert DOMAIN not in page.text


def test_another_workspace_s_people_find_nothing(at_domain: At) -> None:
    assert at_domain("outsider").get("/companies").status_code == 404
    assert at_domain("stranger").get("/").status_code == 404


def test_signing_out_ends_it_there(at_domain: At) -> None:
    rep = at_domain("rep")
    assert rep.post("/signout").location == "/signin"
    assert rep.get("/companies").status_code == 302


def test_step_up_takes_the_password_there(at_domain: At) -> None:
    owner = at_domain("owner")
    session = owner.read_session()
    owner.write_session({name: value for name, value in session.items() if name != "proved"})
    asked = owner.post("/settings/address", data={"slug": "acme"})
    assert asked.status_code == 403
    assert 'action="/settings/address"' in asked.text
    assert "data-passkey" not in asked.text
    shown = owner.get("/profile/proof?next=/settings")
    assert shown.status_code == 200


@pytest.mark.parametrize("who", ["rep", "owner"])
def test_it_takes_no_more_statements_than_the_slug(
    at_domain: At, served: Flask, cast: Cast, who: str, statements: Callable[[Browser, str], int]
) -> None:
    for path in ("/companies", "/contacts", "/", "/search"):
        at_slug = statements(browser_of(served, cast[who]), f"/acme{path}")
        assert statements(at_domain(who), path) <= at_slug, path
