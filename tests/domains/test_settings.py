"""The settings' page: what is typed, which records it takes, what a look came to."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask

from saas_crm.workspaces.domains.rules import LABEL, DomainProblem, DomainRefused, parse_domain, readable
from tests.domains.conftest import DOMAIN, DomainBrowser, look
from tests.support.cast import Cast
from tests.support.clients import Browser, browser_of
from tests.support.name_server import NameServer
from tests.web.pages import errors, flashed, value

PAGE = "/acme/settings/domain"


@pytest.mark.parametrize(("typed", "found"), [
    ("crm.acme.example", "crm.acme.example"), (" CRM.Acme.Example. ", "crm.acme.example"),
    ("https://crm.acme.example/", "crm.acme.example"), ("客户.华夏.example", "xn--ubt06m.xn--xkru7k.example"),
    ("bücher.example", "xn--bcher-kva.example"), ("xn--bcher-kva.example", "xn--bcher-kva.example"),
    ("ＣＲＭ。acme.example", "crm.acme.example"), ("a-b.c-d.co.uk", "a-b.c-d.co.uk"),
])  # fmt: skip
def test_what_is_a_domain(typed: str, found: str) -> None:
    assert parse_domain(typed, "app.crm.example") == found


@pytest.mark.parametrize(("typed", "problem"), [
    ("", "MISSING"), ("  ", "MISSING"), ("10.0.0.1", "ADDRESS"), ("2001:db8::1", "ADDRESS"), ("[::1]", "ADDRESS"),
    ("com", "SHORT"), ("localhost", "SPECIAL"), ("nas.local", "SPECIAL"), ("x.onion", "SPECIAL"),
    ("app.crm.example", "OURS"), ("x.app.crm.example", "OURS"), ("APP.crm.example.", "OURS"),
    ("https://crm.acme.example/path", "SYNTAX"), ("crm acme.example", "SYNTAX"), ("crm_x.acme.example", "SYNTAX"),
    ("-crm.acme.example", "SYNTAX"), ("crm..acme.example", "SYNTAX"), ("crm.acme.example:8443", "SYNTAX"),
    ("a@acme.example", "SYNTAX"), ("*.acme.example", "SYNTAX"), ("xn--a.example", "SYNTAX"), ("a.123", "SYNTAX"),
    ("x" * 64 + ".example", "SYNTAX"), ("x." * 130 + "example", "LONG"), ("☃.example", "SYNTAX"),
    ("1.2.3.4.5", "SYNTAX"), ("crm.acme.example/", "SYNTAX"), ("'; DROP TABLE x--.example", "SYNTAX"),
])  # fmt: skip
def test_what_is_none(typed: str, problem: str) -> None:
    with pytest.raises(DomainRefused) as refused:
        parse_domain(typed, "app.crm.example")
    assert refused.value.problem is DomainProblem[problem]


def test_other_letters_are_shown_as_they_are() -> None:
    assert readable("xn--ubt06m.example") == "客户.example"
    assert readable("xn--broken-.example") == "xn--broken-.example"


def test_from_the_claim_to_its_end(served: Flask, cast: Cast, dns: NameServer) -> None:
    owner = browser_of(served, cast["owner"])
    assert "tenant" not in flashed(owner.get(PAGE))
    answer = owner.post(PAGE, data={"domain": "https://CRM.acme.test/"})
    assert (answer.status_code, answer.location) == (303, PAGE)
    page = owner.get(PAGE)
    token = value(page, "txt_value")
    assert (value(page, "txt_name"), value(page, "cname_name"), value(page, "cname_value")) == (
        f"{LABEL}.{DOMAIN}", DOMAIN, "localhost",
    )  # fmt: skip
    assert "Not confirmed yet" in page.text
    assert (
        look_by(owner)
        == f"There is no TXT record at {LABEL}.{DOMAIN} yet. After a change it can take an hour until it is seen."
    )
    dns.say(f"{LABEL}.{DOMAIN}", "else")
    assert look_by(owner).startswith("There is a TXT record, but it says something else.")
    dns.mode = "refuse"
    assert look_by(owner) == "The domain's name servers did not answer. Try again in a few minutes."
    dns.mode = "answer"
    dns.say(f"{LABEL}.{DOMAIN}", token)
    assert look_by(owner) == "The record is there: the domain is yours."
    assert f'href="http://{DOMAIN}/"' in owner.get(PAGE).text
    assert owner.post(f"{PAGE}/removal").status_code == 303
    assert "txt_value" not in owner.get(PAGE).text


def look_by(browser: Browser) -> str:
    """Press Check now and read what it came to."""
    answer = browser.post(f"{PAGE}/check")
    assert (answer.status_code, answer.location) == (303, PAGE)
    browser.application.extensions["check_limit"].limiter.storage.reset()
    return flashed(browser.get(PAGE))


@pytest.mark.parametrize("typed", ["10.0.0.1", "localhost", "crm acme", "", "x.localhost", "<b>.example"])
def test_what_is_wrong_is_told_by_the_field_and_stays(served: Flask, cast: Cast, typed: str) -> None:
    owner = browser_of(served, cast["owner"])
    answer = owner.post(PAGE, data={"domain": typed})
    assert answer.status_code == 422
    assert set(errors(answer)) == {"domain"}
    assert value(answer, "domain") == typed


def test_only_who_may_change_the_workspace(served: Flask, cast: Cast) -> None:
    for who, status in (("owner", 200), ("admin", 200), ("manager", 403), ("rep", 403), ("viewer", 403),
                        ("outsider", 404), (None, 302)):  # fmt: skip
        browser = browser_of(served, cast[who] if who else None)
        assert browser.get(PAGE).status_code == status, who
        if status != 200:
            for path in (PAGE, f"{PAGE}/check", f"{PAGE}/removal"):
                assert browser.post(path, data={"domain": DOMAIN}).status_code == status, (who, path)


def test_looks_are_bounded(served: Flask, own: str, cast: Cast) -> None:
    owner = browser_of(served, cast["owner"])
    limit = served.extensions["check_limit"]
    while limit.hit(str(cast.tenants["acme"].id)):
        pass
    answer = owner.post(f"{PAGE}/check")
    assert answer.status_code == 429
    assert answer.headers["Retry-After"]
    assert browser_of(served, cast["outsider"]).post("/other/settings/domain/check").status_code == 404, "its own count"


def test_nobody_saws_off_the_branch(at_domain: Callable[..., DomainBrowser]) -> None:
    owner = at_domain("owner")
    page = owner.get("/settings/domain")
    assert page.status_code == 200
    assert 'action="/settings/domain"' not in page.text
    assert "http://localhost/acme/settings/domain" in page.text
    assert owner.post("/settings/domain", data={"domain": "x.example.com"}).status_code == 404
    assert owner.post("/settings/domain/removal").status_code == 404
    assert owner.post("/settings/domain/check").location == "/settings/domain"


def test_who_comes_second_is_told(served: Flask, own: str, cast: Cast, dns: NameServer) -> None:
    outsider = browser_of(served, cast["outsider"])
    assert outsider.post("/other/settings/domain", data={"domain": DOMAIN}).status_code == 303, "told nothing yet"
    token = value(outsider.get("/other/settings/domain"), "txt_value")
    dns.say(f"{LABEL}.{DOMAIN}", *dns.texts[f"{LABEL}.{DOMAIN}"], token)
    outsider.post("/other/settings/domain/check")
    assert "Acme" not in outsider.get("/other/settings/domain").text
    assert look(served, cast, "other").taken


def test_the_slug_s_page_names_the_slug_s_address_also_at_the_domain(at_domain: Callable[..., DomainBrowser]) -> None:
    owner = at_domain("owner")
    page = owner.get("/settings/address")
    assert re.search(r"http://localhost/\s*<", page.text)
    answer = owner.post("/settings/address", data={"slug": "apex"})
    assert (answer.status_code, answer.location) == (303, "/settings/address")
    assert value(owner.get("/settings/address"), "slug") == "apex"
