"""The landing page, the choice of language, the mails of an installation, and disposable states."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask import Flask

from tests.support.cast import Cast
from tests.support.clients import Browser
from tests.support.installation import Installation
from tests.support.mailbox import Mailbox
from tests.web.pages import heading

ClientFor = Callable[..., Browser]


@pytest.fixture
def nobody(client_for: ClientFor) -> Browser:
    return client_for(None)


def test_the_landing_page_and_today_share_a_path(nobody: Browser, client_for: ClientFor) -> None:
    assert 'href="/signup"' in nobody.get("/").text
    assert heading(client_for("rep").get("/acme/")) == "Today"
    assert nobody.get("/acme/").location.startswith("/signin?next=")
    assert nobody.post("/").status_code == 405


@pytest.mark.parametrize(
    ("accepted", "lang"),
    [("zh-TW,zh;q=0.9", "zh-Hant"), ("zh-CN", "zh-Hans"), ("de-AT,de", "en"), ("", "en"), ("fr,zh;q=0.5", "zh-Hans")],
)
def test_it_speaks_the_browsers_language(nobody: Browser, accepted: str, lang: str) -> None:
    page = nobody.get("/", headers={"Accept-Language": accepted})
    assert f'<html lang="{lang}"' in page.text


def test_another_language_is_kept_in_the_browser(nobody: Browser) -> None:
    answer = nobody.get("/language/zh_Hant?next=/signup")
    assert (answer.status_code, answer.location) == (302, "/signup")
    assert '<html lang="zh-Hant"' in nobody.get("/signup", headers={"Accept-Language": "en"}).text
    cookie = nobody.get_cookie("lang")
    assert cookie is not None
    assert (cookie.http_only, cookie.same_site, cookie.path) == (True, "Lax", "/")


@pytest.mark.parametrize("after", ["https://evil.example/", "//evil.example", "/\\evil.example", "", "javascript:1"])
def test_the_language_link_leads_nowhere_else(nobody: Browser, after: str) -> None:
    assert nobody.get("/language/en", query_string={"next": after}).location == "/"


def test_a_language_we_do_not_speak_is_404(nobody: Browser) -> None:
    assert nobody.get("/language/tlh").status_code == 404


def test_the_language_links_lead_back_to_the_same_page(client_for: ClientFor) -> None:
    page = client_for("rep").get("/acme/companies?q=a%26b&sort=name")
    assert "/language/zh_Hans?next=/acme/companies%3Fq%3Da%2526b%26sort%3Dname" in page.text


def test_mails_are_read_where_they_are_kept(nobody: Browser, mailbox: Mailbox) -> None:
    assert "No mail yet" in nobody.get("/dev/mail").text
    nobody.post("/forgot", data={"email": "rep@acme.example"})
    mailbox.arrived()
    page = nobody.get("/dev/mail")
    assert "Set a new password" in page.text
    address = page.text.split('class="choice" href="')[1].split('"')[0]
    letter = nobody.get(address)
    assert "rep@acme.example" in letter.text
    assert mailbox.link("rep@acme.example", "/reset/") in letter.text


@pytest.mark.parametrize("name", ["1", "../../etc/passwd", "%2e%2e%2fx", "abc", "-1"])
def test_no_other_file_is_read(nobody: Browser, name: str) -> None:
    assert nobody.get(f"/dev/mail/{name}").status_code == 404


def test_what_a_mail_says_is_not_run(nobody: Browser, installation: Installation) -> None:
    folder = Path(urlsplit(installation.settings.mail_url or "").path)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "17.eml").write_text(
        "To: a@b.example\nSubject: <b>hi</b>\n\n<script>alert(1)</script> http://x.example/?a=1&b=2\n"
    )
    letter = nobody.get("/dev/mail/17")
    assert "<script>alert" not in letter.text
    assert "<b>hi" not in letter.text
    assert 'href="http://x.example/?a=1&amp;b=2"' in letter.text


def test_outside_the_demo_nobody_reads_mails(app_with: Callable[..., Flask]) -> None:
    real = app_with(environment="production", base_url="https://crm.example", mail_url="smtp://mail.example")
    assert real.test_client().get("/dev/mail", base_url="https://crm.example").status_code == 404


def test_a_closed_workspace_says_so(client_for: ClientFor, installation: Installation, app: Flask) -> None:
    with installation.place.owner() as connection:
        connection.execute("UPDATE public.tenants SET status = 'suspended' WHERE slug = 'acme'")
    app.extensions["directory"].forget()
    rep = client_for("rep")
    for address in ("/acme/", "/acme/companies", "/acme/invitations/x"):
        answer = rep.get(address)
        assert (answer.status_code, heading(answer)) == (403, "This workspace is closed for now")
    assert "Paused" in rep.get("/workspaces").text
    assert rep.get("/profile").status_code == 200


def test_a_workspace_that_is_not_there_says_no_more(client_for: ClientFor, cast: Cast) -> None:
    stranger = client_for("stranger")
    there, nowhere = stranger.get("/acme/"), stranger.get("/no-such-place/")
    assert there.status_code == nowhere.status_code == 404
    assert heading(there) == heading(nowhere)
    assert cast.tenants["acme"].name not in there.text


def test_a_form_that_is_too_old_says_what_to_do(client_for: ClientFor) -> None:
    rep = client_for("rep")
    answer = rep.post("/profile", data={"name": "x"}, csrf=False, headers={"Referer": "http://localhost/profile?a=1"})
    assert answer.status_code == 400
    assert heading(answer) == "This page was open for too long"
    assert 'href="/profile?a=1"' in answer.text
    htmx = rep.post("/profile", csrf=False, headers={"HX-Request": "true"})
    assert htmx.status_code == 400
    assert htmx.headers["HX-Reswap"] == "none"
    assert "toast" in htmx.headers["HX-Trigger"]


@pytest.mark.parametrize("address", [
    "/signup", "/signin", "/signout", "/forgot", "/reset/x", "/verify/x", "/profile", "/profile/photo",
    "/profile/password",
    "/profile/photo/removal", "/profile/verification", "/profile/browsers/end", "/acme/settings/workspace",
    "/acme/settings/tokens", "/acme/settings/members/invitations", "/acme/setup/sample-data", "/acme/invitations/x",
])  # fmt: skip
def test_no_form_is_taken_without_its_token(client_for: ClientFor, address: str) -> None:
    assert client_for("owner").post(address, csrf=False).status_code == 400
