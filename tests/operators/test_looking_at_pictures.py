"""What belongs to looking in: photos and the logo, from where one may, and who the log says was here."""

from __future__ import annotations

import io
from collections.abc import Callable

import structlog
from flask import Flask
from PIL import Image

from saas_crm.access.profile import user_by_id
from tests.operators.test_looking_in import allow, look
from tests.support.cast import Cast
from tests.support.clients import Browser, browser_of
from tests.support.operators import OperatorPerson

Make = Callable[..., OperatorPerson]
Client = Callable[..., Browser]


def picture() -> bytes:
    drawn = io.BytesIO()
    Image.new("RGB", (300, 300), "teal").save(drawn, "PNG")
    return drawn.getvalue()


def photo_of(browser: Browser, app: Flask, cast: Cast, who: str) -> str:
    """Give somebody a photo and return its address."""
    sent = {"photo": (io.BytesIO(picture()), "me.png")}
    assert browser.post("/profile/photo", data=sent, content_type="multipart/form-data").status_code == 303
    with app.app_context():
        return f"/photos/{cast[who].user_id}/{user_by_id(cast[who].user_id).photo_digest}"


def test_photos_of_the_workspaces_members_are_looked_at(
    operator_for: Make, client_for: Client, cast: Cast, app: Flask
) -> None:
    address = photo_of(client_for("teammate"), app, cast, "teammate")
    elsewhere = photo_of(client_for("outsider"), app, cast, "outsider")
    allow(client_for)
    olga = operator_for()
    assert olga.browser.get(address).status_code == 302, "before"
    look(olga, cast)
    seen = olga.browser.get(address)
    assert (seen.status_code, seen.content_type, seen.headers["Cache-Control"]) == (200, "image/webp", "no-store")
    assert olga.browser.get(f"{address[:-4]}0000").status_code == 302, "another picture than the one they have"
    assert olga.browser.get(elsewhere).status_code == 302, "of another workspace"
    assert olga.browser.get("/acme/exports/contacts.csv").status_code in (403, 404), "files stay refused"
    assert client_for("owner").post("/acme/settings/support/withdrawal").status_code == 303
    assert olga.browser.get(address).status_code == 302, "after"


def test_from_where_there_is_no_console_nobody_looks_in(
    operator_for: Make, client_for: Client, cast: Cast, app: Flask, app_with: Callable[..., Flask]
) -> None:
    """Both cookies, carried off, are worth nothing elsewhere."""
    address = photo_of(client_for("teammate"), app, cast, "teammate")
    allow(client_for)
    olga = operator_for()
    look(olga, cast)
    thief = browser_of(app_with(operator_networks="10.0.0.0/8"), None)
    for name in ("session", "operator"):
        thief.set_cookie(name, olga.browser.get_cookie(name).value)  # type: ignore[union-attr]
    assert thief.get(address).status_code == 302
    assert thief.get("/acme/companies").location == "/operator/workspaces/acme"
    assert thief.get("/acme/companies").location.startswith("/signin"), "the mark is taken away"
    assert (olga.browser.get("/acme/companies").status_code, olga.browser.get(address).status_code) == (200, 200)


def test_the_logo_is_looked_at(operator_for: Make, client_for: Client, cast: Cast) -> None:
    sent = {"logo": (io.BytesIO(picture()), "logo.png")}
    owner = client_for("owner")
    assert (
        owner.post("/acme/settings/appearance/logo", data=sent, content_type="multipart/form-data").status_code == 303
    )
    address = owner.get("/acme/").text.partition('src="/acme/logo/')[2].partition('"')[0]
    assert address
    allow(client_for)
    olga = operator_for()
    look(olga, cast)
    assert olga.browser.get(f"/acme/logo/{address}").content_type == "image/webp"


def test_the_log_names_the_visit_and_not_the_member(
    operator_for: Make, client_for: Client, cast: Cast, app_with: Callable[..., Flask]
) -> None:
    app_with(log_level="INFO")  # how much is logged is the process's
    allow(client_for)
    olga = operator_for()
    look(olga, cast)
    with structlog.testing.capture_logs() as lines:
        assert olga.browser.get("/acme/companies").status_code == 200
        assert client_for("rep").get("/acme/companies").status_code == 200
    visited, own = (line for line in lines if line["event"] == "request")
    assert (visited["member"], len(visited["visit"])) == (None, 36)
    assert own["member"] == str(cast["rep"].member_id)
    assert "visit" not in own


def test_who_looks_as_another_member_is_named_in_the_log(
    client_for: Client, cast: Cast, app_with: Callable[..., Flask]
) -> None:
    app_with(log_level="INFO")
    owner = client_for("owner")
    assert owner.post(f"/acme/settings/members/{cast['rep'].member_id}/viewing").status_code == 303
    with structlog.testing.capture_logs() as lines:
        owner.get("/acme/companies")
    [line] = [line for line in lines if line["event"] == "request"]
    assert line["member"] == str(cast["owner"].member_id)
