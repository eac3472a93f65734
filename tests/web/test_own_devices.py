"""Phones on the page of where one is signed in: from where and when they were used, one signed out, or all of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

import pytest
from flask import Flask
from markupsafe import escape

from saas_crm.access.jobs import end_tokens
from saas_crm.access.own_devices import devices_of
from tests.support.cast import PASSWORD, Cast
from tests.support.clients import Browser, Phone, phone_of
from tests.support.installation import Installation
from tests.support.signing_in import enter

ClientFor = Callable[..., Browser]
ApiFor = Callable[..., Phone]
Jobs = Callable[[], list[str]]
PAGE, REP = "/profile/browsers", "rep@acme.example"
_LATE_IN_THE_EVENING = """
    UPDATE public.sessions SET created_at =
        (date_trunc('day', now() AT TIME ZONE 'UTC') - interval '2 days' + interval '22:30') AT TIME ZONE 'UTC'
"""
HERE, THERE = "198.51.100.9", "203.0.113.7"


@pytest.fixture(autouse=True)
def noted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each use of a token is the first one that this process sees."""
    monkeypatch.setattr("mobile_api.serving._seen", {})


def signed_in_device(app: Flask, slug: str, name: str, address: str = HERE, **more: object) -> Phone:
    phone = phone_of(app, None, slug)
    sent = {"email": REP, "password": PASSWORD, "name": name, **more}
    answer = phone.post("/tokens", json=sent, environ_base={"REMOTE_ADDR": address})
    assert answer.status_code == 201, answer.text
    phone.token = answer.json["token"]
    return phone


def line_of(browser: Browser, name: str) -> str:
    """Return what the page tells of one browser or device."""
    lines = re.findall(r'<li class="line".*?</li>', browser.get(PAGE).text, re.DOTALL)
    [found] = [line for line in lines if re.search(rf"<strong[^>]*>{re.escape(escape(name))}[ <]", line)]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", found)).split())


@pytest.mark.parametrize(("zone", "clock"), [("UTC", "10:30"), ("Asia/Tokyo", "7:30")])
def test_times_are_the_readers_own_outside_a_workspace_too(
    client_for: ClientFor, installation: Installation, zone: str, clock: str
) -> None:
    rep = client_for("rep")
    with installation.place.owner() as connection:
        connection.execute(_LATE_IN_THE_EVENING)
        connection.execute("UPDATE public.users SET timezone = %s WHERE email = %s", [zone, REP])
    assert set(re.findall(r"\b(?:10|7):30\b", rep.get(PAGE).text)) == {clock}


@pytest.mark.newest
def test_the_place_and_the_last_use_of_a_phone_are_told(app: Flask, client_for: ClientFor) -> None:
    rep, phone = client_for("rep"), signed_in_device(app, "acme", "Rita's phone")
    told = line_of(rep, "Rita's phone")
    assert "never used" in told
    assert f"· {HERE}" in told
    assert "Signed in to Acme" in told
    assert phone.get("/me", environ_base={"REMOTE_ADDR": THERE}).status_code == 200
    told = line_of(rep, "Rita's phone")
    assert "Last used" in told
    assert f"· {THERE}" in told
    assert HERE not in told
    [mine] = [one for one in phone.get("/tokens").json["items"] if one["name"] == "Rita's phone"]
    assert (mine["address"], mine["current"]) == (THERE, True)
    assert THERE in rep.get("/acme/settings/tokens").text


def test_the_place_of_a_browser_is_told(client_for: ClientFor) -> None:
    other = client_for(None)
    agent = {"User-Agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Safari/605"}
    other.post("/signin", data={"email": REP, "password": PASSWORD}, headers=agent, environ_base={"REMOTE_ADDR": THERE})
    told = line_of(client_for("rep"), "Safari on iPhone")
    assert f"· {THERE}" in told
    assert "Last used" in told


def test_one_is_signed_out_and_the_others_go_on(app: Flask, client_for: ClientFor, cast: Cast) -> None:
    lost, kept = (signed_in_device(app, "acme", name) for name in ("Lost", "Kept"))
    with app.app_context():
        [gone] = [one for one in devices_of(cast["rep"].user_id) if one.name == "Lost"]
    address = f"/profile/devices/acme/{gone.id}/end"
    for who in ("owner", "outsider"):
        assert client_for(who).post(address).status_code == 404
    assert client_for("rep").post(address.replace("acme", "other")).status_code == 404
    assert lost.get("/me").status_code == 200
    rep = client_for("rep")
    assert rep.post(address).status_code == 303
    assert lost.get("/me").status_code == 401
    assert kept.get("/me").status_code == 200
    assert 'class="wrap">Lost<' not in rep.get(PAGE).text
    assert rep.post(address).status_code == 404


@pytest.mark.newest
def test_signing_out_everywhere_else_ends_the_phones_of_all_workspaces(
    app: Flask, client_for: ClientFor, jobs: Jobs
) -> None:
    rep, other = client_for("rep"), client_for(None)
    enter(other)
    rep.post("/signup", data={
        "company": "Second", "slug": "second", "locale": "en", "country": "US", "currency": "USD", "timezone": "UTC",
    })  # fmt: skip
    phones = [signed_in_device(app, slug, f"Phone of {slug}") for slug in ("acme", "second")]
    program = signed_in_device(app, "acme", "The till", kind="integration", days=90)
    assert "The till" not in rep.get(PAGE).text
    assert rep.post(PAGE + "/end").status_code == 303
    assert [phone.get("/me").status_code for phone in phones] == [401, 401], "at once, without waiting for the job"
    assert other.get("/profile").status_code == 302
    assert (rep.get("/profile").status_code, program.get("/me").status_code) == (200, 200)
    assert "access.end_tokens" in jobs()
    assert program.get("/me").status_code == 200
    assert "Phones and other devices" not in rep.get(PAGE).text


@pytest.mark.newest
def test_who_is_in_more_workspaces_than_a_request_has_time_for_is_out_of_all_of_them_soon(
    app: Flask, client_for: ClientFor, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("saas_crm.access.own_devices.AT_ONCE", 1)
    rep = client_for("rep")
    rep.post("/signup", data={
        "company": "Second", "slug": "second", "locale": "en", "country": "US", "currency": "USD", "timezone": "UTC",
    })  # fmt: skip
    phones = [signed_in_device(app, slug, f"Phone of {slug}") for slug in ("acme", "second")]
    assert rep.post(PAGE + "/end").status_code == 303
    assert sorted(phone.get("/me").status_code for phone in phones) == [200, 401]
    jobs()
    assert [phone.get("/me").status_code for phone in phones] == [401, 401]


@pytest.mark.newest
def test_the_job_ends_what_the_request_could_not(app: Flask, cast: Cast) -> None:
    phone, program = (
        signed_in_device(app, "acme", "Phone"), signed_in_device(app, "acme", "Till", kind="integration", days=90)
    )  # fmt: skip
    with app.app_context():
        for _again in range(2):
            end_tokens(str(cast["rep"].user_id), devices_only=True)
    assert (phone.get("/me").status_code, program.get("/me").status_code) == (401, 200)
