"""The profile: name, language, time zone, photo, browsers; and how it reaches every workspace."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from flask import Flask
from PIL import Image
from sqlalchemy import func, select

from saas_crm.access.queries import member_of_user, user_by_id
from saas_crm.access.sessions import open_sessions
from saas_crm.core.audit import AuditEntry
from tenants.db import db, tenant_scope
from tests.support.cast import Cast
from tests.support.clients import Browser
from tests.web.pages import chosen, errors, flashed, value

ClientFor = Callable[..., Browser]
FORM = {"name": "Rita R. Rep", "locale": "zh_Hans", "timezone": "Asia/Shanghai"}


def picture(width: int = 800, height: int = 600, kind: str = "JPEG", **options: object) -> bytes:
    drawn = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(drawn, kind, **options)
    return drawn.getvalue()


def send_photo(browser: Browser, content: bytes, name: str = "me.jpg") -> object:
    return browser.post(
        "/profile/photo", data={"photo": (io.BytesIO(content), name)}, content_type="multipart/form-data"
    )


def test_a_profile_is_saved_and_reaches_the_workspaces_at_once(client_for: ClientFor, app: Flask, cast: Cast) -> None:
    rep = client_for("rep")
    rep.post("/signup", data={
        "company": "Second", "slug": "second", "locale": "en", "country": "US", "currency": "USD", "timezone": "UTC",
    })  # fmt: skip
    answer = rep.post("/profile", data=FORM)
    assert (answer.status_code, answer.location) == (303, "/profile")
    page = rep.get("/profile")
    assert (value(page, "name"), chosen(page, "locale"), chosen(page, "timezone")) == tuple(FORM.values())
    assert 'lang="zh-Hans"' in page.text
    for slug in ("acme", "second"):
        with app.app_context(), tenant_scope(app.extensions["directory"].by_slug(slug)):
            member = member_of_user(cast["rep"].user_id)
            assert member is not None
            assert (member.name, member.locale, member.timezone) == tuple(FORM.values())
    assert 'lang="zh-Hans"' in rep.get("/acme/settings").text


def test_the_change_is_in_the_audit_of_the_workspace(client_for: ClientFor, app: Flask, cast: Cast) -> None:
    client_for("rep").post("/profile", data=FORM)
    with app.app_context(), tenant_scope(cast.tenants["acme"]):
        rows = db.session.query(AuditEntry).filter_by(resource="member", record_id=cast["rep"].member_id).all()
    assert [(row.through, row.changes["name"]) for row in rows if "name" in row.changes and row.changes["name"][0]] == [
        ("profile", ["Rita Rep", "Rita R. Rep"])
    ]


def test_if_the_request_dies_the_job_still_brings_it_everywhere(
    client_for: ClientFor, app: Flask, cast: Cast, jobs: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.account.profile.spread_at_once", lambda user_id: None)
    client_for("rep").post("/profile", data=FORM)
    assert "access.spread_profile" in jobs()
    with app.app_context(), tenant_scope(cast.tenants["acme"]):
        member = member_of_user(cast["rep"].user_id)
        assert member is not None
        assert member.name == "Rita R. Rep"


def test_the_job_changes_nothing_twice(
    client_for: ClientFor, app: Flask, cast: Cast, jobs: Callable[[], list[str]]
) -> None:
    client_for("rep").post("/profile", data=FORM)
    before = _changes(app, cast)
    jobs()
    assert _changes(app, cast) == before


def _changes(app: Flask, cast: Cast) -> int:
    with app.app_context(), tenant_scope(cast.tenants["acme"]):
        of_rep = select(func.count(AuditEntry.id)).where(AuditEntry.record_id == cast["rep"].member_id)
        return db.session.scalar(of_rep) or 0


@pytest.mark.parametrize(
    ("field", "wrong"),
    [("name", ""), ("name", "x" * 201), ("locale", "tlh"), ("timezone", "Mars/Olympus"), ("timezone", ""),
     ("timezone", "../../etc/passwd")],
)  # fmt: skip
def test_bad_input_is_told_beside_its_field_and_the_rest_stays(client_for: ClientFor, field: str, wrong: str) -> None:
    answer = client_for("rep").post("/profile", data={**FORM, field: wrong})
    assert answer.status_code == 422
    assert set(errors(answer)) == {field}
    if field != "name":
        assert value(answer, "name") == FORM["name"]


def test_choosing_a_language_by_its_link_is_kept_in_the_profile(client_for: ClientFor, app: Flask, cast: Cast) -> None:
    rep = client_for("rep")
    answer = rep.get("/language/zh_Hant?next=/acme/settings%3Fa%3D1%26b%3D2")
    assert answer.location == "/acme/settings?a=1&b=2"
    assert 'lang="zh-Hant"' in rep.get("/acme/settings").text
    with app.app_context():
        assert user_by_id(cast["rep"].user_id).locale == "zh_Hant"


def test_a_photo_is_drawn_anew_small_and_square(client_for: ClientFor, app: Flask, cast: Cast) -> None:
    rep = client_for("rep")
    exif = Image.Exif()
    exif[0x010F] = "Spy camera"
    assert send_photo(rep, picture(exif=exif)).status_code == 303
    with app.app_context():
        digest = user_by_id(cast["rep"].user_id).photo_digest
    answer = rep.get(f"/photos/{cast['rep'].user_id}/{digest}")
    assert answer.content_type == "image/webp"
    assert answer.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    with Image.open(io.BytesIO(answer.data)) as drawn:
        assert (drawn.format, drawn.size, dict(drawn.getexif())) == ("WEBP", (256, 256), {})
    assert b"Spy" not in answer.data
    assert f"/photos/{cast['rep'].user_id}/{digest}" in client_for("owner").get("/acme/settings/members").text


def test_a_photo_is_shown_to_colleagues_alone(client_for: ClientFor, app: Flask, cast: Cast) -> None:
    send_photo(client_for("rep"), picture(kind="PNG"))
    with app.app_context():
        digest = user_by_id(cast["rep"].user_id).photo_digest
    address = f"/photos/{cast['rep'].user_id}/{digest}"
    seen = {who: client_for(who).get(address).status_code for who in ("rep", "viewer", "outsider", "stranger", None)}
    assert seen == {"rep": 200, "viewer": 200, "outsider": 404, "stranger": 404, None: 302}
    assert client_for("rep").get(f"/photos/{cast['rep'].user_id}/0").status_code == 404
    assert client_for("rep").get(f"/acme{address}").status_code == 404


def test_a_photo_can_be_taken_away(client_for: ClientFor, app: Flask, cast: Cast) -> None:
    rep = client_for("rep")
    send_photo(rep, picture(kind="WEBP"))
    with app.app_context():
        digest = user_by_id(cast["rep"].user_id).photo_digest
    assert rep.post("/profile/photo/removal").status_code == 303
    assert "Your photo is removed." in flashed(rep.get("/profile"))
    assert rep.get(f"/photos/{cast['rep'].user_id}/{digest}").status_code == 404
    with app.app_context(), tenant_scope(cast.tenants["acme"]):
        member = member_of_user(cast["rep"].user_id)
        assert member is not None
        assert member.photo_digest is None


@pytest.mark.parametrize(
    "content",
    [b"", b"no picture", b"<svg xmlns='http://www.w3.org/2000/svg'/>", picture()[:200],
     b"\x89PNG\r\n\x1a\n" + b"\0" * 99,
     b"GIF89a" + b"\xff" * 50, b"x" * 4_000_001],
    ids=["nothing", "text", "svg", "cut off", "broken png", "broken gif", "too large"],
)  # fmt: skip
def test_what_is_no_picture_is_told_beside_the_field(client_for: ClientFor, content: bytes) -> None:
    answer = send_photo(client_for("rep"), content)
    assert answer.status_code == 422
    assert errors(answer)["photo"]


def test_a_decompression_bomb_is_refused_by_its_header(client_for: ClientFor) -> None:
    bomb = picture(6_000, 5_000, "PNG", compress_level=9)
    assert len(bomb) < 200_000
    assert send_photo(client_for("rep"), bomb).status_code == 422


def test_a_body_beyond_the_limit_is_413(client_for: ClientFor) -> None:
    assert send_photo(client_for("rep"), b"x" * 6_000_000).status_code == 413


def test_browsers_are_listed_and_signed_out(client_for: ClientFor, app: Flask, cast: Cast) -> None:
    rep = client_for("rep")
    page = rep.get("/profile/browsers")
    assert "This browser" in page.text
    other = client_for(None)
    other.post("/signin", data={"email": "rep@acme.example", "password": "a password that is only for tests"},
               headers={"User-Agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Safari/605"})  # fmt: skip
    page = rep.get("/profile/browsers")
    assert "Safari on iPhone" in page.text
    with app.app_context():
        ids = [found.id for found in open_sessions(cast["rep"].user_id) if "iPhone" in found.user_agent]
    assert rep.post(f"/profile/browsers/{ids[0]}/end").status_code == 303
    assert other.get("/profile").status_code == 302
    assert rep.get("/profile").status_code == 200


def test_nobody_signs_anybody_else_out(client_for: ClientFor, app: Flask, cast: Cast) -> None:
    with app.app_context():
        theirs = open_sessions(cast["owner"].user_id)[0].id
    assert client_for("rep").post(f"/profile/browsers/{theirs}/end").status_code == 404
    assert client_for("owner").get("/profile").status_code == 200


def test_all_other_browsers_are_signed_out(
    client_for: ClientFor, app: Flask, cast: Cast, jobs: Callable[[], list[str]]
) -> None:
    for _ in range(2):
        client_for(None).post(
            "/signin", data={"email": "rep@acme.example", "password": "a password that is only for tests"}
        )
    rep = client_for("rep")
    assert rep.post("/profile/browsers/end").status_code == 303
    assert "access.note_sign_in" in jobs()
    assert "Signed out everywhere else" in client_for("owner").get("/acme/settings/audit").text
    with app.app_context():
        assert len(open_sessions(cast["rep"].user_id)) == 1
    assert rep.get("/profile").status_code == 200
