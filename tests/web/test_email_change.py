"""Changing the address one signs in with: nothing before the new one is confirmed, and nobody is told who has one."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from flask import Flask
from sqlalchemy import select

from saas_crm.access.models import Member
from saas_crm.access.permissions import CurrentMember
from saas_crm.access.queries import user_by_id
from tenants.db import db, tenant_scope
from tenants.migrations.lines import known
from tests.support.cast import PASSWORD, Cast
from tests.support.clients import Browser, Phone, browser_of
from tests.support.installation import Installation
from tests.support.mailbox import Mailbox, body
from tests.web.email_change import CONFIRM, FORMER, NEW, PAGE, ask, changed
from tests.web.pages import errors, heading, summary, value, words
from tests.web.test_audit_log import acts
from tests.web.test_sign_in import enter

ClientFor = Callable[..., Browser]
Acting = Callable[[str], AbstractContextManager[CurrentMember]]


def address_of(app: Flask, cast: Cast, who: str = "rep") -> str:
    with app.app_context():
        return str(user_by_id(cast[who].user_id).email)


def test_the_whole_way(
    rep: Browser, mailbox: Mailbox, cast: Cast, app: Flask, client_for: ClientFor, api_for: Callable[..., Phone],
    acting: Acting,
) -> None:  # fmt: skip
    other = client_for(None)
    enter(other)
    assert 'href="/profile/email"' in rep.get("/profile").text
    assert ask(rep, " Rita.NEW@Elsewhere.example ").location == PAGE
    assert NEW in rep.get(PAGE).text
    link = mailbox.link(NEW, CONFIRM)
    assert [mail["Subject"] for mail in mailbox.arrived(FORMER)] == ["Your e-mail address is to be changed"]
    assert heading(rep.get(link)) == "Confirm your new e-mail address"
    assert address_of(app, cast) == FORMER, "looking is not confirming"
    assert rep.post(link).location == PAGE
    assert address_of(app, cast) == NEW
    with app.app_context(), tenant_scope(cast.tenants["acme"]):
        assert db.session.scalar(select(Member.email).where(Member.id == cast["rep"].member_id)) == NEW
    assert mailbox.arrived(FORMER)[-1]["Subject"] == "Your e-mail address was changed"
    assert rep.get("/profile").status_code == 200, "this browser stays"
    assert other.get("/profile").status_code == 302, "the others do not"
    assert api_for("rep").get("/me").status_code == 401
    assert enter(browser_of(app, None), email=FORMER).status_code == 422
    assert enter(browser_of(app, None), email=NEW).status_code == 303
    assert "E-mail address changed" in words(rep.get("/profile/sign-ins"))
    assert len(acts(acting, action="email_change")) == 1
    told = [act.changes for act in acts(acting, action="update") if "email" in act.changes]
    assert told == [{"email": [FORMER, NEW]}]


def test_a_real_server_takes_the_mails(rep: Browser, smtp: object, app_with: Callable[..., Flask], cast: Cast) -> None:
    from tests.support.mailbox import work_off

    app = app_with(mail_url=smtp.url)  # type: ignore[attr-defined]
    browser = browser_of(app, cast["rep"])
    ask(browser)
    work_off(app, app.extensions["settings"])
    mails = smtp.mails  # type: ignore[attr-defined]
    assert sorted(mail["To"] for mail in mails) == [FORMER, NEW]
    [text] = [body(mail) for mail in mails if mail["To"] == NEW]
    link = next(word for word in text.split() if CONFIRM in word)
    assert browser.post(link[link.index("/profile") :]).location == PAGE
    assert address_of(app, cast) == NEW


def test_a_sign_in_of_somebody_else_is_not_told(rep: Browser, mailbox: Mailbox, app: Flask, cast: Cast) -> None:
    ask(rep, "nobody@nowhere.example")
    free = rep.get(PAGE)
    mailbox.arrived()
    ask(rep, "teammate@acme.example")
    taken = rep.get(PAGE)
    assert words(free).replace("nobody@nowhere.example", "X") == words(taken).replace("teammate@acme.example", "X")
    [told] = mailbox.arrived("teammate@acme.example")
    assert told["Subject"] == "This address has a sign-in already"
    assert "rep@" not in body(told)
    assert "Rita" not in body(told)
    assert CONFIRM not in body(told)


def test_two_at_once_and_one_wins(client_for: ClientFor, mailbox: Mailbox, app: Flask, cast: Cast) -> None:
    first, second = client_for("rep"), client_for("teammate")
    ask(first)
    one = mailbox.link(NEW, CONFIRM)
    ask(second)
    two = mailbox.link(NEW, CONFIRM)
    assert second.post(two).status_code == 303
    lost = first.post(one)
    assert lost.status_code == 422
    assert f"Somebody else signs in with {NEW} by now. Nothing was changed." in summary(lost)
    assert address_of(app, cast) == FORMER
    assert address_of(app, cast, "teammate") == NEW


def test_the_link_is_for_this_person_alone(
    client_for: ClientFor, nobody: Browser, rep: Browser, mailbox: Mailbox, app: Flask, cast: Cast
) -> None:
    """Who mistyped has mailed it to a stranger."""
    ask(rep)
    link = mailbox.link(NEW, CONFIRM)
    assert "/signin" in nobody.get(link).location
    assert nobody.post(link).status_code == 302
    foreign = client_for("teammate").post(link)
    assert (foreign.status_code, heading(foreign)) == (410, "We do not know this link")
    assert rep.post(link, csrf=False).status_code == 400
    assert address_of(app, cast) == FORMER


def test_links_that_are_used_old_withdrawn_or_replaced(
    rep: Browser, mailbox: Mailbox, installation: Installation
) -> None:
    ask(rep)
    replaced = mailbox.link(NEW, CONFIRM)
    rep.post(f"{PAGE}/again")
    link = mailbox.link(NEW, CONFIRM)
    assert heading(rep.post(replaced)) == "We do not know this link"
    with installation.place.owner() as connection:
        connection.execute("UPDATE public.email_changes SET expires_at = now() - interval '1 minute'")
    assert (rep.post(link).status_code, heading(rep.get(link))) == (410, "This link is too old")
    ask(rep)
    link = mailbox.link(NEW, CONFIRM)
    assert rep.post(f"{PAGE}/withdrawal").location == PAGE
    assert "Waits for its confirmation" not in rep.get(PAGE).text
    assert heading(rep.post(link)) == "We do not know this link"
    assert rep.post(f"{PAGE}/again").location == PAGE


def test_a_link_works_once(rep: Browser, mailbox: Mailbox) -> None:
    link = changed(rep, mailbox)
    for answer in (rep.get(link), rep.post(link)):
        assert (answer.status_code, heading(answer)) == (410, "This link was used already")


def test_another_password_ends_it(rep: Browser, mailbox: Mailbox) -> None:
    """Who reads the notice and sets a new password has stopped it."""
    ask(rep)
    link = mailbox.link(NEW, CONFIRM)
    rep.post("/profile/password", data={"current": PASSWORD, "password": "another horse battery"})
    assert heading(rep.post(link)) == "We do not know this link"
    assert "Waits for its confirmation" not in rep.get(PAGE).text


def test_links_of_before_end_with_it(rep: Browser, nobody: Browser, mailbox: Mailbox) -> None:
    nobody.post("/forgot", data={"email": FORMER})
    reset = mailbox.link(FORMER, "/reset/")
    changed(rep, mailbox)
    assert nobody.get(reset).status_code == 410


def test_it_is_not_mailed_without_end(rep: Browser, mailbox: Mailbox) -> None:
    ask(rep)
    for _number in range(2):
        assert rep.post(f"{PAGE}/again").status_code == 303
    waits = rep.post(f"{PAGE}/again")
    assert waits.status_code == 429
    assert int(waits.headers["Retry-After"]) >= 1
    refused = ask(rep, "third@elsewhere.example")
    assert (refused.status_code, value(refused, "email")) == (429, "third@elsewhere.example")
    assert "Too many attempts" in summary(refused)
    assert len(mailbox.arrived(FORMER)) == 1


@pytest.mark.parametrize(
    ("typed", "said"),
    [("", "This is needed."), ("nobody", "An e-mail address has an @ in it, as in name@example.com."),
     ("REP@acme.example", "This is your present address.")],
)  # fmt: skip
def test_what_cannot_be_is_told_by_the_field(rep: Browser, typed: str, said: str) -> None:
    answer = ask(rep, typed)
    assert (answer.status_code, errors(answer), value(answer, "email")) == (422, {"email": said}, typed)


def test_a_plus_and_other_scripts_are_taken_as_at_the_sign_up(rep: Browser, mailbox: Mailbox) -> None:
    ask(rep, "Rita+CRM@bücher.example")
    assert "rita+crm@bücher.example" in rep.get(PAGE).text


def test_domains_of_a_workspace_are_kept_to(
    client_for: ClientFor, rep: Browser, mailbox: Mailbox, app: Flask, cast: Cast
) -> None:
    ask(rep)
    link = mailbox.link(NEW, CONFIRM)
    client_for("owner").post("/acme/settings/security/entry", data={"email_domains": "acme.example"})
    refused = rep.post(link)
    assert refused.status_code == 422
    assert "takes only addresses of its own domains: acme.example." in summary(refused)
    assert "takes only addresses" in errors(ask(rep, "rita@other.example"))["email"]
    assert address_of(app, cast) == FORMER


def test_programs_change_nobodys_address(api_for: Callable[..., Phone], app: Flask, cast: Cast) -> None:
    phone = api_for("rep")
    me = phone.get("/me")
    answer = phone.patch("/me", json={"email": NEW}, headers={"If-Match": me.headers["ETag"]})
    assert answer.status_code == 422
    assert address_of(app, cast) == FORMER


def test_where_the_tables_are_a_release_behind(rep: Browser, installation: Installation) -> None:
    with installation.place.owner() as connection:
        connection.execute("ALTER TABLE public.email_changes RENAME TO gone")
        connection.execute("UPDATE public.shared_version SET revision = '0013'")
    try:
        assert rep.get(PAGE).status_code == 503
        assert ask(rep).status_code == 503
        assert rep.get("/profile").status_code == 200
    finally:
        with installation.place.owner() as connection:
            connection.execute("ALTER TABLE public.gone RENAME TO email_changes")
            connection.execute("UPDATE public.shared_version SET revision = %s", [known("shared")[-1]])
