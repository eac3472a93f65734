"""Where and how somebody signed in: the person's own log, what a workspace's admin reads, mail about a new device."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

from flask import Flask
from sqlalchemy import select, update

from saas_crm.access.sessions import open_sessions
from saas_crm.access.shared_models import User, UserSession
from saas_crm.access.sign_in_log import own_log
from saas_crm.access.sign_in_models import KnownBrowser, SignInEntry
from saas_crm.access.tokens import token_hash
from saas_crm.core.clock import now
from tenants.db import SHARED, db
from tests.support.cast import PASSWORD, Cast
from tests.support.clients import Browser, Phone, browser_of
from tests.support.mailbox import Mailbox, body
from tests.support.second_factor import with_app
from tests.support.signing_in import enter
from tests.web.pages import words

ClientFor = Callable[..., Browser]
Jobs = Callable[[], list[str]]
PAGE = "/profile/sign-ins"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Safari/605"
TOLD = "Somebody signed in on a new device"


def told(mailbox: Mailbox, whom: str = "rep@acme.example") -> list[str]:
    return [mail["Subject"] for mail in mailbox.arrived(whom)]


def enter_with(browser: Browser, agent: str, **more: str) -> None:
    data = {"email": "rep@acme.example", "password": PASSWORD, **more}
    browser.post("/signin", data=data, headers={"User-Agent": agent})


def test_ones_own_log_tells_what_was_good_and_what_was_refused(client_for: ClientFor, jobs: Jobs) -> None:
    other = client_for(None)
    enter_with(other, FIREFOX, password="not this one")
    enter_with(other, FIREFOX)
    jobs()
    page = client_for("rep").get(PAGE)
    assert page.status_code == 200
    seen = words(page)
    assert "Signed in" in seen
    assert "Sign-in failed" in seen
    assert "by password, Firefox on Windows, 127.0.0.1" in seen
    assert seen.index("Signed in") < seen.index("Sign-in failed"), "newest first"
    assert "Firefox" not in words(client_for("owner").get(PAGE))


def test_a_code_is_told_as_such(client_for: ClientFor, jobs: Jobs, app: Flask, cast: Cast) -> None:
    phone, other = with_app(app, cast["rep"]), client_for(None)
    enter(other)
    other.post("/signin/code", data={"code": phone.code(50)})
    other.post("/signin/code", data={"code": phone.code()})
    jobs()
    seen = words(client_for("rep").get(PAGE))
    assert "Sign-in code refused" in seen
    assert "by password and code" in seen


def test_the_log_goes_on_and_on(client_for: ClientFor, app: Flask, cast: Cast) -> None:
    with app.app_context(), db.engines[SHARED].begin() as connection:
        for number in range(55):
            connection.execute(SignInEntry.__table__.insert().values(
                id=f"00000000-0000-4000-8000-{number:012d}", user_id=cast["rep"].user_id, action="sign_in",
                at=now() - timedelta(minutes=number), origin={"address": f"192.0.2.{number}"},
            ))  # fmt: skip
    with app.app_context():
        first = own_log(cast["rep"].user_id)
        rest = own_log(cast["rep"].user_id, after=first.after)
    assert (len(first.rows), rest.after) == (50, None)
    assert {row.id for row in first.rows} & {row.id for row in rest.rows} == set()
    page = client_for("rep").get(PAGE)
    assert "Show more" in page.text
    assert client_for("rep").get(f"{PAGE}?after=rubbish").status_code == 200


def test_an_admin_reads_a_members_sign_ins(client_for: ClientFor, jobs: Jobs, cast: Cast) -> None:
    enter_with(client_for(None), FIREFOX)
    enter_with(client_for(None), FIREFOX, password="wrong one here")
    enter(client_for(None), email="teammate@acme.example")
    jobs()
    address = f"/acme/settings/audit?member={cast['rep'].member_id}&resource=session"
    page = client_for("admin").get(f"/acme/settings/members/{cast['rep'].member_id}")
    assert address.replace("&", "&amp;") in page.text
    seen = words(client_for("admin").get(address))
    assert "Sign-in failed" in seen
    assert "by password, Firefox on Windows, 127.0.0.1" in seen
    assert "/settings/audit?member" not in client_for("rep").get(
        f"/acme/settings/members/{cast['rep'].member_id}"
    ).text  # fmt: skip


def test_a_new_device_is_told_by_mail_and_a_known_one_is_not(client_for: ClientFor, mailbox: Mailbox) -> None:
    first, second = client_for(None), client_for(None)
    enter_with(first, FIREFOX)
    assert told(mailbox) == [], "nobody is told of the very first sign-in"
    enter_with(second, PHONE)
    assert told(mailbox) == [TOLD]
    said = body(mailbox.arrived("rep@acme.example")[0])
    assert "Safari on iPhone" in said
    assert "127.0.0.1" in said
    for browser in (first, second):
        browser.post("/signout")
        enter_with(browser, FIREFOX)
    assert told(mailbox) == [TOLD]


def test_the_mail_speaks_the_persons_language(client_for: ClientFor, mailbox: Mailbox, app: Flask, cast: Cast) -> None:
    with app.app_context(), db.engines[SHARED].begin() as connection:
        connection.execute(
            update(User).where(User.id == cast["rep"].user_id).values(timezone="Asia/Shanghai", locale="zh_Hans")
        )
    enter_with(client_for(None), FIREFOX)
    enter_with(client_for(None), PHONE)
    [mail] = mailbox.arrived("rep@acme.example")
    assert re.search("[\u4e00-\u9fff]{4}", mail["Subject"])
    assert "（Asia/Shanghai）" in body(mail)


def test_what_a_browser_keeps_opens_nothing_and_is_nobody_elses(client_for: ClientFor, app: Flask, cast: Cast) -> None:
    browser = client_for(None)
    enter_with(browser, FIREFOX)
    cookie = browser.get_cookie("browser")
    assert cookie is not None
    assert cookie.http_only
    with app.app_context(), db.engines[SHARED].connect() as connection:
        kept = connection.execute(select(KnownBrowser.user_id, KnownBrowser.token_hash)).all()
    assert [row.user_id for row in kept] == [cast["rep"].user_id]
    assert kept[0].token_hash == token_hash(cookie.value)
    stranger = browser_of(app, None)
    stranger.set_cookie("browser", cookie.value)
    assert stranger.get("/acme/").status_code == 302


def test_a_shared_computer_is_new_for_each(client_for: ClientFor, mailbox: Mailbox) -> None:
    browser = client_for(None)
    enter(client_for(None), email="teammate@acme.example")
    enter_with(browser, FIREFOX)
    enter(browser, email="teammate@acme.example")
    assert told(mailbox, "teammate@acme.example") == [TOLD]


def test_a_program_that_signs_in_is_told_too(
    api_for: Callable[..., Phone], client_for: ClientFor, mailbox: Mailbox, cast: Cast
) -> None:
    asked = {"email": cast["rep"].email, "password": PASSWORD, "name": "Rita's tablet"}
    assert api_for(None, slug="acme").post("/tokens", json=asked).status_code == 201
    assert told(mailbox) == [TOLD]
    assert "Rita's tablet" in body(mailbox.arrived("rep@acme.example")[0])
    assert "by an app or program" in words(client_for("rep").get(PAGE))


def test_a_signed_out_browser_is_out_on_its_next_request(client_for: ClientFor, app: Flask, cast: Cast) -> None:
    rep, other = client_for("rep"), client_for(None)
    enter_with(other, PHONE)
    with app.app_context():
        [found] = [one for one in open_sessions(cast["rep"].user_id) if "iPhone" in one.user_agent]
    stolen = other.read_session()
    rep.post(f"/profile/browsers/{found.id}/end")
    thief = browser_of(app, None)
    thief.write_session(stolen)
    assert other.get("/acme/companies").status_code == 302
    assert thief.get("/acme/companies").status_code == 302


def test_the_last_use_is_known_to_the_minute(client_for: ClientFor, app: Flask, cast: Cast) -> None:
    mine = UserSession.user_id == cast["rep"].user_id
    with app.app_context(), db.engines[SHARED].begin() as connection:
        connection.execute(update(UserSession).where(mine).values(last_seen_at=now() - timedelta(minutes=2)))
    client_for("rep").get("/acme/")
    with app.app_context(), db.engines[SHARED].connect() as connection:
        seen = connection.scalar(select(UserSession.last_seen_at).where(mine))
    assert now() - seen < timedelta(minutes=1)
