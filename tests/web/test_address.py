"""A workspace gets another address: old links lead on, nobody else takes the old one, and programs are told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from saas_crm.access.addresses import LEADS_ON
from saas_crm.access.founding import Founder, found_workspace
from saas_crm.core.audit import AuditEntry
from tenants.db import db, tenant_scope
from tenants.provisioning import SlugTaken
from tests.support.cast import PASSWORD, Cast
from tests.support.clients import Browser, Phone
from tests.support.command import Call, call
from tests.support.installation import Installation
from tests.support.making import Maker
from tests.web.pages import errors, value

__all__ = ["call"]
ClientFor = Callable[..., Browser]
PAGE = "/acme/settings/address"


@pytest.fixture
def moved(client_for: ClientFor) -> Browser:
    """Acme is at /apex now; its owner's browser."""
    owner = client_for("owner")
    answer = owner.post(PAGE, data={"slug": "apex"})
    assert (answer.status_code, answer.location) == (303, "/apex/settings/address")
    return owner


def test_everything_is_at_the_new_address_and_nobody_is_signed_out(moved: Browser, client_for: ClientFor) -> None:
    page = moved.get("/apex/settings/address")
    assert value(page, "slug") == "apex"
    assert "localhost/acme" in page.text
    assert client_for("rep").get("/apex/companies").status_code == 200


@pytest.mark.parametrize("path", ["/companies", "/companies?q=%E5%8D%8E&sort=-name", "/", "/settings"])
def test_old_links_lead_on_with_path_and_query(moved: Browser, client_for: ClientFor, path: str) -> None:
    answer = client_for("rep").get(f"/acme{path}")
    assert (answer.status_code, answer.location) == (302, f"/apex{path}")


def test_a_form_that_was_open_is_sent_on(moved: Browser, client_for: ClientFor) -> None:
    rep = client_for("rep")
    answer = rep.post("/acme/companies", data={"name": "Typed before"})
    assert (answer.status_code, answer.location) == (307, "/apex/companies")
    assert rep.post(answer.location, data={"name": "Typed before"}).status_code == 303


@pytest.mark.parametrize(("method", "status"), [("GET", 302), ("POST", 307)])
def test_so_is_what_htmx_asks_for_or_sends(moved: Browser, client_for: ClientFor, method: str, status: int) -> None:
    """It stays on the page: nobody is led away from what they are typing, and nothing sent counts as saved."""
    rep = client_for("rep")
    path = "activities" if method == "POST" else "companies?q=a"
    answer = rep.open(f"/acme/{path}", method=method, data={"body": "Typed"}, headers={"HX-Request": "true"})
    assert (answer.status_code, answer.location) == (status, f"/apex/{path}")
    assert "HX-Redirect" not in answer.headers


def test_who_is_no_member_learns_nothing(moved: Browser, client_for: ClientFor) -> None:
    for who in ("outsider", "stranger"):
        there, nowhere = client_for(who).get("/acme/companies"), client_for(who).get("/never-was/companies")
        assert there.status_code == nowhere.status_code == 404
        assert "apex" not in there.text
    nobody = client_for(None).get("/acme/companies")
    assert nobody.status_code == 302
    assert nobody.location.startswith("/signin?next=%2Facme%2Fcompanies")
    invited = client_for(None).get("/acme/invitations/some-token")
    assert (invited.status_code, invited.location) == (302, "/apex/invitations/some-token")


@pytest.mark.parametrize("path", ["api/v1/openapi.json", "api/v1/docs", "manifest.webmanifest", "sso"])
def test_what_is_everybodys_tells_nobody_where_it_went(moved: Browser, client_for: ClientFor, path: str) -> None:
    """Else anybody could ask what became of any address."""
    there, nowhere = client_for(None).get(f"/acme/{path}"), client_for(None).get(f"/never-was/{path}")
    assert "apex" not in there.text + there.headers.get("Location", "")
    assert there.status_code == (nowhere.status_code if path.startswith("api/") else 302)


def test_programs_are_told_by_a_code(moved: Browser, api_for: Callable[..., Phone]) -> None:
    rep = api_for("rep")
    told = rep.get("/companies?limit=3")
    assert (told.status_code, told.json["type"]) == (410, "urn:saas-crm:problem:workspace-moved")
    assert told.headers["Location"] == "/apex/api/v1/companies?limit=3"
    assert rep.post("/companies", json={"name": "x"}).status_code == 410
    for stranger in (api_for("outsider", slug="acme"), api_for(None, slug="acme")):
        nowhere = stranger.get("/never-was/api/v1/companies")
        there = stranger.get("/companies")
        assert there.status_code == nowhere.status_code
        assert "apex" not in there.text
    rep.slug = "apex"
    assert rep.get("/companies").status_code == 200
    operations = [
        told
        for path in rep.get("/openapi.json").json["paths"].values()
        for told in path.values()
        if "responses" in told
    ]
    assert len(operations) > 50
    assert all("410" in told["responses"] for told in operations)


def test_nobody_else_takes_the_old_one(
    moved: Browser, app: Flask, client_for: ClientFor, call: Call, installation: Installation
) -> None:
    form = {
        "name": "Nina", "company": "Acme", "slug": "acme", "email": "nina@new.example", "password": PASSWORD,
        "locale": "en", "country": "US",
    }  # fmt: skip
    answer = client_for(None).post("/signup", data=form)
    assert answer.status_code == 422
    assert set(errors(answer)) == {"slug"}
    taken = client_for("outsider").post("/other/settings/address", data={"slug": "acme"})
    assert errors(taken) == {"slug": "此网址已被占用。"}, "in the language of that workspace"
    founder = Founder("Nina", "nina@new.example", PASSWORD)
    with app.app_context(), pytest.raises(SlugTaken):
        found_workspace(
            app.extensions["directory"], founder, slug="acme", name="x", locale="en", country="US", currency="USD",
            timezone="UTC", base_url="",
        )  # fmt: skip
    with installation.place.owner() as connection:
        connection.execute("UPDATE public.former_slugs SET until = now()")
    assert client_for("rep").get("/acme/companies").status_code == 404
    assert client_for("outsider").post("/other/settings/address", data={"slug": "acme"}).status_code == 303


@pytest.mark.parametrize(("days", "status"), [(89, 302), (91, 404)])
def test_the_old_one_leads_on_for_ninety_days(
    moved: Browser, client_for: ClientFor, installation: Installation, days: int, status: int
) -> None:
    assert timedelta(days=90) == LEADS_ON
    with installation.place.owner() as connection:  # so many days go by
        connection.execute("UPDATE public.former_slugs SET until = until - make_interval(days => %s)", [days])
    assert client_for("rep").get("/acme/companies").status_code == status


def test_it_may_go_back(moved: Browser, client_for: ClientFor) -> None:
    assert moved.post("/apex/settings/address", data={"slug": "acme"}).location == "/acme/settings/address"
    assert client_for("rep").get("/acme/companies").status_code == 200
    assert client_for("rep").get("/apex/companies").location == "/acme/companies"


def test_not_too_often(client_for: ClientFor) -> None:
    owner, slug = client_for("owner"), "acme"
    for new in ("apex", "azur", "alma"):
        assert owner.post(f"/{slug}/settings/address", data={"slug": new}).status_code == 303
        slug = new
    answer = owner.post(f"/{slug}/settings/address", data={"slug": "arno"})
    assert "several times lately" in errors(answer)["slug"]
    assert client_for("rep").get("/acme/").location == "/alma/"


@pytest.mark.parametrize("wrong", ["", "ab", "-abc", "Größe", "settings", "other", "a--b", "x" * 41])
def test_addresses_that_will_not_do(client_for: ClientFor, wrong: str) -> None:
    answer = client_for("owner").post(PAGE, data={"slug": wrong})
    assert answer.status_code == 422
    assert set(errors(answer)) == {"slug"}
    assert value(answer, "slug") == wrong


def test_the_same_again_changes_nothing(client_for: ClientFor) -> None:
    owner = client_for("owner")
    assert owner.post(PAGE, data={"slug": " ACME "}).status_code == 303
    assert "Former addresses" not in owner.get(PAGE).text


@pytest.mark.parametrize("who", ["manager", "rep", "viewer"])
def test_others_do_not_change_it(client_for: ClientFor, who: str) -> None:
    assert client_for(who).get(PAGE).status_code == 403
    assert client_for(who).post(PAGE, data={"slug": "apex"}).status_code == 403


def test_the_log_has_a_line(moved: Browser, app: Flask, cast: Cast) -> None:
    with app.app_context(), tenant_scope(cast.tenants["acme"]):
        row = db.session.query(AuditEntry).filter_by(resource="workspace", action="update").one()
    assert (row.changes, row.member_id) == ({"slug": ["acme", "apex"]}, cast["owner"].member_id)


def test_it_works_with_everything_in_it(client_for: ClientFor, make: Maker) -> None:
    company = make.company("rep", name="Ada")
    client_for("owner").post(PAGE, data={"slug": "apex"})
    rep = client_for("rep")
    assert rep.get(f"/acme/companies/{company.id}").location == f"/apex/companies/{company.id}"
    assert "Ada" in rep.get(f"/apex/companies/{company.id}").text
