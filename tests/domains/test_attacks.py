"""Whoever plays with the host, the session or somebody else's domain gets nothing by it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from saas_crm.access.sessions import AT_DOMAIN, SSO, only_in
from tenants.middleware import domain_in
from tests.domains.conftest import DOMAIN, DomainBrowser, claim
from tests.support.cast import PASSWORD, Cast
from tests.support.clients import browser_of
from tests.support.installation import Installation
from tests.support.making import Maker

At = Callable[..., DomainBrowser]


@pytest.mark.parametrize(("host", "name"), [
    ("CRM.Acme.TEST", DOMAIN), ("crm.acme.test:8443", DOMAIN), ("crm.acme.test.", DOMAIN),
    ("crm.acme.test.:80", DOMAIN), ("127.0.0.1:8000", ""), ("[::1]:8000", ""), ("localhost", ""), ("", ""),
    ("crm.acme.test/x", ""), ("crm.acme.test, evil.test", ""), ("crm.acme.test\r\nX: y", ""), ("crm..acme.test", ""),
    ("-crm.acme.test", ""), ("crm_x.acme.test", ""), ("a" * 64 + ".test", ""), ("a." * 150 + "test", ""),
    ("crm.acme.test:port", ""), ("user@crm.acme.test", ""), ("10.0.0.1", ""), ("ｃｒｍ.acme.test", ""),
])  # fmt: skip
def test_only_a_plain_name_is_looked_up(host: str, name: str) -> None:
    assert domain_in(host) == name


@pytest.mark.parametrize("host", ["crm.acme.test:8000", "CRM.ACME.TEST", "crm.acme.test."])
def test_spellings_of_the_domain_are_the_domain(at_domain: At, host: str) -> None:
    page = at_domain(None).get("/signin", base_url=f"http://{host}")
    assert page.status_code == 200
    assert "/signup" not in page.text


@pytest.mark.parametrize("host", ["evil.test", "crm.acme.test.evil.test", "acme.test", "x.crm.acme.test", "127.0.0.1"])
def test_other_hosts_are_the_installation_as_before(at_domain: At, host: str) -> None:
    nobody = at_domain(None)
    assert nobody.get("/signup", base_url=f"http://{host}").status_code == 200
    assert nobody.get("/companies", base_url=f"http://{host}").status_code == 404, "a slug that nobody has"
    assert nobody.get("/acme/companies", base_url=f"http://{host}").status_code == 302


def test_what_nobody_was_shown_to_own_is_nobody_s(served: Flask, cast: Cast) -> None:
    claim(served, cast)
    nobody = browser_of(served, None)
    assert nobody.get("/signup", base_url=f"http://{DOMAIN}").status_code == 200
    assert nobody.get("/companies", base_url=f"http://{DOMAIN}").status_code == 404


def test_a_header_of_forwarding_means_nothing_without_a_proxy(served: Flask, own: str) -> None:
    nobody = browser_of(served, None)
    for header in ("X-Forwarded-Host", "X-Host", "Forwarded"):
        assert nobody.get("/signup", headers={header: DOMAIN}).status_code == 200


def test_behind_a_proxy_the_host_it_passes_on_counts(
    own: str, app_with: Callable[..., Flask], cast: Cast
) -> None:  # fmt: skip
    nobody = browser_of(app_with(trusted_proxies=1), None)
    answer = nobody.get("/companies", headers={"X-Forwarded-Host": DOMAIN})
    assert (answer.status_code, answer.location) == (302, "/signin?next=%2Fcompanies")
    assert nobody.get("/companies", headers={"X-Forwarded-Host": "evil.test, localhost"}).status_code == 404


def test_a_session_of_the_domain_is_good_in_that_workspace_alone(
    at_domain: At, served: Flask, cast: Cast, installation: Installation
) -> None:
    """Who runs the domain can see what passes there: it must open nothing else of the person's."""
    with installation.place.owner() as connection:
        connection.execute(
            "INSERT INTO public.memberships (user_id, tenant_id) VALUES (%s, %s)",
            [cast["rep"].user_id, cast.tenants["other"].id],
        )
    token = at_domain("rep").read_session()["_user_id"]
    assert token.startswith(AT_DOMAIN)
    assert only_in(token) == cast.tenants["acme"].id
    stolen = browser_of(served, None)
    stolen.write_session({"_user_id": token, "_fresh": True})
    assert stolen.get("/acme/companies").status_code == 200
    for path in ("/profile", "/workspaces", "/other/companies", "/profile/passkeys"):
        answer = stolen.get(path)
        assert (answer.status_code, answer.location.partition("?")[0]) == (302, "/signin"), path
    changed = token.replace(AT_DOMAIN, SSO, 1), token.split(".", 2)[2]
    for other in changed:
        stolen.write_session({"_user_id": other, "_fresh": True})
        assert stolen.get("/acme/companies").status_code == 302


def test_it_is_nothing_at_another_workspace_s_domain(
    at_domain: At, served: Flask, cast: Cast, installation: Installation
) -> None:
    with installation.place.owner() as connection:
        connection.execute(
            "INSERT INTO public.tenant_domains (tenant_id, domain, token, verified_at) VALUES (%s, %s, 'x', now())",
            [cast.tenants["other"].id, "crm.other.test"],
        )
    served.extensions["directory"].forget()
    session = at_domain("rep").read_session()

    class There(DomainBrowser):
        host = "crm.other.test"

    there = There(served, served.response_class)
    there.write_session(session)
    for path in ("/", "/companies", "/photos/0198c0c0-0000-7000-8000-000000000000/x"):
        answer = there.get(path)
        assert (answer.status_code, answer.location.partition("?")[0]) == (302, "/signin"), path


def test_a_cookie_of_the_slug_s_host_is_not_sent_to_the_domain(at_domain: At, served: Flask, cast: Cast) -> None:
    browser = browser_of(served, cast["owner"])
    assert browser.get("/acme/companies").status_code == 200
    assert browser.get("/companies", base_url=f"http://{DOMAIN}").status_code == 302
    browser.post("/signout")
    kept = at_domain(None)
    answer = kept.get("/signin")
    cookies = answer.headers.getlist("Set-Cookie")
    assert cookies
    assert all("domain=" not in cookie.lower() for cookie in cookies)


def test_over_https_cookies_are_bound_to_the_host(own: str, app_with: Callable[..., Flask], cast: Cast) -> None:
    app = app_with(base_url="https://crm.example")
    answer = browser_of(app, None).get("/signin", base_url=f"https://{DOMAIN}")
    [cookie] = answer.headers.getlist("Set-Cookie")
    assert cookie.startswith("__Host-session=")
    assert "Secure" in cookie
    assert "Domain=" not in cookie
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"


def test_a_form_without_its_token_changes_nothing(at_domain: At) -> None:
    assert at_domain("rep").post("/companies", data={"name": "Forged"}, csrf=False).status_code == 400


def test_the_way_back_after_the_sign_in_stays_at_the_domain(at_domain: At, cast: Cast) -> None:
    nobody = at_domain(None)
    form = {"email": cast["rep"].email, "password": PASSWORD, "next": "https://evil.test/"}
    assert nobody.post("/signin", data=form).location == "/"


def test_a_workspace_called_as_a_page_is_not_mixed_up(served: Flask, own: str, make: Maker) -> None:
    """`/companies` would be a slug at the installation's address."""
    nobody = browser_of(served, None)
    assert nobody.get("/companies").status_code == 404
    assert nobody.get("/companies", base_url=f"http://{DOMAIN}").status_code == 302


def test_while_the_database_cannot_be_asked_nobody_gets_another_page(app_with: Callable[..., Flask]) -> None:
    nobody = browser_of(app_with(database_url="postgresql://nobody@127.0.0.1:1/none"), None)
    for path in ("/", "/signin", "/signup", "/acme/companies"):
        assert nobody.get(path, base_url=f"http://{DOMAIN}").status_code == 503, path
    assert nobody.get("/healthz", base_url=f"http://{DOMAIN}").status_code == 200
    assert nobody.get("/signup").status_code == 200, "at the main address nobody has to be asked"
