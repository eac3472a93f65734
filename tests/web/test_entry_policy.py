"""How long sign-ins are good, from which networks, and whom one may invite: decided by page and API, asked always."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from saas_crm.access.models import ApiToken
from saas_crm.access.sessions import open_sessions
from saas_crm.access.shared_models import UserSession
from saas_crm.core.clock import now
from tenants.db import SHARED, db, tenant_scope
from tests.support.acts import acts
from tests.support.cast import PASSWORD, Cast
from tests.support.clients import Browser, Phone, statements
from tests.support.mailbox import Mailbox
from tests.web.pages import chosen, errors, flashed, heading, value, words

ClientFor = Callable[..., Browser]
ApiFor = Callable[..., Phone]
PAGE = "/acme/settings/security/entry"
HERE = {"REMOTE_ADDR": "203.0.113.7"}
ELSEWHERE = {"REMOTE_ADDR": "198.51.100.1"}


def decide(owner: Browser, **said: str) -> None:
    answer = owner.post(PAGE, data=said, environ_overrides=HERE)
    assert answer.status_code == 303, errors(answer)


def aged(app: Flask, cast: Cast, who: str, **ago: float) -> None:
    """Let somebody have signed in so long ago."""
    with app.app_context(), db.engines[SHARED].begin() as connection:
        mine = update(UserSession).where(UserSession.user_id == cast[who].user_id)
        connection.execute(mine.values(created_at=now() - timedelta(**ago)))


def seen(browser: Browser, cast: Cast, minutes: float) -> None:
    """Let a browser have been in acme so long ago."""
    kept = browser.read_session()
    at = int(time.time() - 60 * minutes)
    browser.write_session({**kept, "seen": {cast.tenants["acme"].id.hex: at}})


def test_the_page_keeps_what_was_decided(client_for: ClientFor, acting: Callable[..., Any]) -> None:
    owner = client_for("owner")
    assert PAGE in owner.get("/acme/settings/security").text
    decide(owner, session_hours="12", idle_minutes="30", email_domains="ACME.example, @müller.example",
           networks="203.0.113.9/24\n2001:db8::/48")  # fmt: skip
    page = owner.get(PAGE, environ_overrides=HERE)
    assert statements(page) <= 8
    assert "acme.example\nmüller.example" in page.text
    assert "203.0.113.0/24\n2001:db8::/48" in page.text
    assert chosen(page, "session_hours") == "12"
    assert any("networks" in act.changes for act in acts(acting, action="update", resource="policy"))


@pytest.mark.parametrize(
    ("field", "typed"),
    [("networks", "203.0.113.0/99"), ("networks", "everywhere"), ("networks", "198.51.100.0/24"),
     ("email_domains", "not a domain!"), ("email_domains", "localhost"), ("session_hours", "5"),
     ("session_hours", "ever"), ("idle_minutes", "1"), ("networks", "\n".join(f"203.0.113.{n}" for n in range(60)))],
)  # fmt: skip
def test_what_cannot_be_is_told_by_its_field(client_for: ClientFor, field: str, typed: str) -> None:
    answer = client_for("owner").post(PAGE, data={field: typed}, environ_overrides=HERE)
    assert answer.status_code == 422
    assert set(errors(answer)) == {field}
    assert typed.split(maxsplit=1)[0] in answer.text or field == "session_hours" or field == "idle_minutes"


def test_of_many_lines_the_one_that_does_not_fit_is_named(client_for: ClientFor) -> None:
    form = {"networks": "203.0.113.0/24\neverywhere", "email_domains": "acme.example\n<b>"}
    told = errors(client_for("owner").post(PAGE, data=form, environ_overrides=HERE))
    assert "“everywhere” is no network" in told["networks"]
    assert "<b>” is no domain" in told["email_domains"]


def test_nobody_locks_herself_out(client_for: ClientFor) -> None:
    owner = client_for("owner")
    refused = owner.post(PAGE, data={"networks": "198.51.100.0/24"}, environ_overrides=HERE)
    assert "Your own address 203.0.113.7 is in none" in errors(refused)["networks"]
    assert owner.get("/acme/", environ_overrides=HERE).status_code == 200


@pytest.mark.parametrize("who", ["manager", "rep", "viewer"])
def test_only_who_runs_the_workspace_decides(client_for: ClientFor, api_for: ApiFor, who: str) -> None:
    assert client_for(who).get(PAGE).status_code == 403
    assert client_for(who).post(PAGE, data={}).status_code == 403
    assert api_for(who).get("/security").status_code == 403
    assert api_for(who).patch("/security", json={}).status_code == 403


def test_two_who_decide_at_once_do_not_overwrite(client_for: ClientFor) -> None:
    owner = client_for("owner")
    decide(owner, session_hours="12")
    version = value(owner.get(PAGE), "version")
    decide(owner, session_hours="24", version=version)
    assert owner.post(PAGE, data={"session_hours": "1", "version": version}).status_code == 409


def test_who_is_not_in_the_networks_is_out_at_once(client_for: ClientFor, api_for: ApiFor) -> None:
    rep = client_for("rep")
    assert rep.get("/acme/", environ_overrides=ELSEWHERE).status_code == 200
    decide(client_for("owner"), networks="203.0.113.0/24")
    page = rep.get("/acme/", environ_overrides=ELSEWHERE)
    assert page.status_code == 403
    assert heading(page) == "Not from this network"
    assert "198.51.100.1" in page.text
    assert rep.post("/acme/companies", data={"name": "x"}, environ_overrides=ELSEWHERE).status_code == 403
    refused = api_for("rep").get("/companies", environ_overrides=ELSEWHERE)
    assert (refused.status_code, refused.json["type"]) == (403, "urn:saas-crm:problem:network-refused")
    assert rep.get("/acme/", environ_overrides=HERE).status_code == 200
    assert rep.get("/acme/", environ_overrides={"REMOTE_ADDR": "::ffff:203.0.113.7"}).status_code == 200
    assert api_for("rep").get("/companies", environ_overrides=HERE).status_code == 200
    assert rep.get("/profile", environ_overrides=ELSEWHERE).status_code == 200, "what is theirs stays theirs"
    assert client_for("outsider").get("/other/", environ_overrides=ELSEWHERE).status_code == 200


def test_an_address_that_is_no_page_obeys_too(client_for: ClientFor) -> None:
    """An error page has the workspace's bars, and the page above is led to, only for who may come in."""
    decide(client_for("owner"), networks="203.0.113.0/24")
    rep = client_for("rep")
    paths = ("/acme/no-such-page", "/acme/companies/export/nothing")
    inside = [rep.get(path, environ_overrides=HERE) for path in paths]
    outside = [rep.get(path, environ_overrides=ELSEWHERE) for path in paths]
    assert [answer.status_code for answer in inside + outside] == [404] * 4
    assert all("Rita Rep" in answer.text for answer in inside)
    assert not any("Rita Rep" in answer.text or "data-scope" in answer.text for answer in outside)
    form_only = "/acme/recycle-bin/company/0192f5a0-0000-7000-8000-000000000000/restore"
    assert rep.get(form_only, environ_overrides=HERE).status_code == 303
    assert rep.get(form_only, environ_overrides=ELSEWHERE).status_code == 405


def test_a_sign_in_ends_after_its_hours(client_for: ClientFor, app: Flask, cast: Cast) -> None:
    decide(client_for("owner"), session_hours="4")
    rep = client_for("rep")
    assert rep.get("/acme/").status_code == 200
    aged(app, cast, "rep", hours=4.1)
    led = rep.get("/acme/contacts?q=a")
    assert (led.status_code, led.location) == (302, "/signin?next=%2Facme%2Fcontacts%3Fq%3Da")
    assert "asks you to sign in again" in words(rep.get(led.location))
    with app.app_context():
        assert open_sessions(cast["rep"].user_id) == [], "the session is gone, not only refused"
    again = rep.post("/signin", data={"email": "rep@acme.example", "password": PASSWORD, "next": "/acme/contacts"})
    assert again.location == "/acme/contacts"
    assert rep.get("/acme/contacts").status_code == 200


def test_a_part_of_a_page_takes_the_whole_page_to_the_sign_in(client_for: ClientFor, app: Flask, cast: Cast) -> None:
    decide(client_for("owner"), session_hours="1")
    rep = client_for("rep")
    aged(app, cast, "rep", hours=2)
    part = rep.get(
        "/acme/companies", headers={"HX-Request": "true", "HX-Current-URL": "http://localhost/acme/companies"}
    )
    assert (part.status_code, part.headers["HX-Redirect"]) == (401, "/signin?next=%2Facme%2Fcompanies")


def test_a_browser_that_was_idle_is_out(client_for: ClientFor, app: Flask, cast: Cast) -> None:
    owner, rep = client_for("owner"), client_for("rep")
    decide(owner, idle_minutes="30")
    aged(app, cast, "rep", hours=5)
    aged(app, cast, "owner", hours=5)
    assert owner.get("/acme/").status_code == 200, "who decided it was there just now"
    seen(rep, cast, 29)
    assert rep.get("/acme/").status_code == 200
    kept = rep.read_session()["seen"][cast.tenants["acme"].id.hex]
    assert time.time() - kept < 60
    seen(rep, cast, 32)
    assert rep.get("/profile").status_code == 200
    assert rep.get("/acme/").status_code == 302, "a page outside does not count as use of the workspace"
    assert "You were away for a while" in str(flashed(rep.get("/signin")))


def test_who_works_at_the_moment_of_the_decision_goes_on(client_for: ClientFor, app: Flask, cast: Cast) -> None:
    owner, rep = client_for("owner"), client_for("rep")
    aged(app, cast, "rep", hours=5)
    assert rep.get("/acme/").status_code == 200
    decide(owner, idle_minutes="15")
    assert rep.get("/acme/").status_code == 200
    assert rep.read_session()["seen"]


def test_a_copy_of_the_cookie_is_idle_for_itself(client_for: ClientFor, app: Flask, cast: Cast) -> None:
    decide(client_for("owner"), idle_minutes="15")
    rep, thief = client_for("rep"), client_for(None)
    aged(app, cast, "rep", hours=5)
    seen(rep, cast, 10)
    thief.write_session(rep.read_session())
    seen(thief, cast, 17)
    assert rep.get("/acme/").status_code == 200
    assert thief.get("/acme/").status_code == 302


def test_devices_that_signed_in_are_asked_again_and_tokens_of_the_page_are_not(
    client_for: ClientFor, api_for: ApiFor, app: Flask, cast: Cast
) -> None:
    decide(client_for("owner"), session_hours="8")
    phone = api_for("rep")
    assert phone.get("/companies").status_code == 200
    mine = ApiToken.member_id == cast["rep"].member_id
    with app.app_context(), tenant_scope(cast.tenants["acme"]):
        db.session.execute(update(ApiToken).where(mine).values(created_at=now() - timedelta(hours=9)))
        db.session.commit()
    refused = phone.get("/companies")
    assert (refused.status_code, refused.json["type"]) == (401, "urn:saas-crm:problem:sign-in-over")
    with app.app_context(), tenant_scope(cast.tenants["acme"]):
        db.session.execute(update(ApiToken).where(mine).values(kind="personal"))
        db.session.commit()
        assert db.session.scalar(select(ApiToken.kind).where(mine)) == "personal"
    assert phone.get("/companies").status_code == 200


def test_only_allowed_domains_are_invited(client_for: ClientFor, api_for: ApiFor, mailbox: Mailbox) -> None:
    owner = client_for("owner")
    role_id = next(found["id"] for found in api_for("owner").get("/roles").json["items"] if found["key"] == "rep")
    early = {"email": "early@elsewhere.example", "role_id": role_id}
    assert api_for("owner").post("/invitations", json=early).status_code == 201
    link = mailbox.link("early@elsewhere.example", "/invitations/")
    decide(owner, email_domains="acme.example")
    for email, status in (("ann@elsewhere.example", 422), ("ann@evil-acme.example", 422), ("ann@acme.example", 201)):
        answer = api_for("owner").post("/invitations", json={"email": email, "role_id": role_id})
        assert answer.status_code == status, email
    assert client_for(None).get(link).status_code == 410, "what was offered before is not offered any more"


@pytest.mark.parametrize(
    ("typed", "good", "strange"),
    [("bücher.example", "ann@bücher.example", "ann@buecher.example"), ("BÜCHER.example", "ann@bücher.example", ""),
     ("xn--bcher-kva.example", "ann@bücher.example", ""), ("straße.de", "ann@straße.de", "ann@strasse.de"),
     ("@例え.example", "ann@例え.example", "")],
)  # fmt: skip
def test_domains_of_other_letters_are_what_they_are(
    client_for: ClientFor, api_for: ApiFor, typed: str, good: str, strange: str
) -> None:
    decide(client_for("owner"), email_domains=typed)
    role_id = next(found["id"] for found in api_for("owner").get("/roles").json["items"] if found["key"] == "rep")
    assert api_for("owner").post("/invitations", json={"email": good, "role_id": role_id}).status_code == 201
    if strange:
        assert api_for("owner").post("/invitations", json={"email": strange, "role_id": role_id}).status_code == 422


def test_two_programs_that_decide_at_once_both_have_decided(app: Flask, api_for: ApiFor) -> None:
    owner = api_for("owner")
    owner.patch("/security", json={"idle_minutes": 60})
    asked: list[Any] = [{"session_hours": 8}, {"networks": ["127.0.0.0/8"]}, {"email_domains": ["acme.example"]}]
    with ThreadPoolExecutor(3) as pool:
        assert {answer.status_code for answer in pool.map(lambda one: owner.patch("/security", json=one), asked)} == {
            200
        }
    found = owner.get("/security").json
    assert (found["session_hours"], found["idle_minutes"]) == (8, 60)
    assert (found["networks"], found["email_domains"]) == (["127.0.0.0/8"], ["acme.example"])


def test_of_two_with_the_same_tag_one_decides(app: Flask, api_for: ApiFor) -> None:
    owner = api_for("owner")
    owner.patch("/security", json={"idle_minutes": 60})
    tag = {"If-Match": owner.get("/security").headers["ETag"]}
    asked: list[Any] = [{"session_hours": 8}, {"networks": ["127.0.0.0/8"]}]
    with ThreadPoolExecutor(2) as pool:
        answers = pool.map(lambda one: owner.patch("/security", json=one, headers=tag), asked)
        assert sorted(answer.status_code for answer in answers) == [200, 412]


def test_the_api_tells_and_changes_it(api_for: ApiFor, client_for: ClientFor) -> None:
    owner = api_for("owner")
    first = owner.get("/security")
    assert first.json["networks"] == []
    changed = owner.patch("/security", json={"idle_minutes": 60, "networks": ["127.0.0.0/8"]})
    assert changed.status_code == 200
    assert changed.json | {} == {**first.json, "idle_minutes": 60, "networks": ["127.0.0.0/8"]}
    stale = owner.patch("/security", json={"idle_minutes": None}, headers={"If-Match": first.headers["ETag"]})
    assert stale.status_code == 412
    for wrong in ({"networks": ["198.51.100.0/24"]}, {"networks": "x"}, {"session_hours": 7}, {"email_domains": ["x"]}):
        refused: Any = owner.patch("/security", json=wrong)
        assert refused.status_code == 422, wrong
    assert owner.patch("/security", json={"networks": []}).json["idle_minutes"] == 60
    assert statements(owner.get("/security")) <= 5
    assert chosen(client_for("owner").get(PAGE), "idle_minutes") == "60"


def test_what_is_no_domain_or_network_is_told_by_its_field(api_for: Callable[..., Any]) -> None:
    admin = api_for("admin", "acme")
    for field, given in (("email_domains", [None, 5]), ("email_domains", ["ACME"]), ("networks", [None])):
        answer = admin.patch("/security", json={field: given})
        assert answer.status_code == 422
        assert field in answer.text
