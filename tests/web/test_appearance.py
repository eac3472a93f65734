"""How a workspace looks: an accent that can be read, and a logo."""

from __future__ import annotations

import io
import re
from collections.abc import Callable

import pytest
from flask import Flask
from PIL import Image

from saas_crm.core.audit import AuditEntry
from tenants.db import db, tenant_scope
from tests.support.cast import Cast
from tests.support.clients import Browser, statements
from tests.web.pages import errors, value
from tests.web.test_profile import picture

ClientFor = Callable[..., Browser]
PAGE, LOGO = "/acme/settings/appearance", "/acme/settings/appearance/logo"
PLUM = {"whose": "own", "accent": "#7A1F5C"}


def send(browser: Browser, content: bytes) -> int:
    data = {"logo": (io.BytesIO(content), "logo.png")}
    return browser.post(LOGO, data=data, content_type="multipart/form-data").status_code


def test_everybody_gets_the_accent(client_for: ClientFor) -> None:
    client_for("viewer").get("/acme/companies")
    before = statements(client_for("viewer").get("/acme/companies"))
    assert client_for("owner").post(PAGE, data=PLUM).status_code == 303
    client_for("viewer").get("/acme/companies")
    page = client_for("viewer").get("/acme/companies")
    assert statements(page) == before
    link = re.search(r'href="(/acme/accent/7a1f5c\.css)"', page.text)
    assert link is not None
    style = client_for("viewer").get(link[1])
    assert style.mimetype == "text/css"
    assert "--accent:light-dark(#7a1f5c,#" in style.text
    assert "immutable" in style.headers["Cache-Control"]
    assert "/accent/" not in client_for("outsider").get("/other/companies").text


def test_the_usual_one_again(client_for: ClientFor) -> None:
    owner = client_for("owner")
    owner.post(PAGE, data=PLUM)
    assert value(owner.get(PAGE), "accent") == "#7a1f5c"
    owner.post(PAGE, data={"whose": "usual", "accent": "#7a1f5c"})
    assert "/accent/" not in owner.get("/acme/").text


def test_one_too_pale_is_refused_with_one_that_would_do(client_for: ClientFor) -> None:
    owner = client_for("owner")
    answer = owner.post(PAGE, data={"whose": "own", "accent": "#ffd400"})
    assert answer.status_code == 422
    found = re.search(r"(#[0-9a-f]{6}) would do", errors(answer)["accent"])
    assert found is not None
    assert value(answer, "accent") == "#ffd400"
    assert owner.post(PAGE, data={"whose": "own", "accent": found[1]}).status_code == 303


@pytest.mark.parametrize("wrong", ["", "red", "#fff", "#0b6376;}", "url(x)"])
def test_what_is_no_colour(client_for: ClientFor, wrong: str) -> None:
    answer = client_for("owner").post(PAGE, data={"whose": "own", "accent": wrong})
    assert (answer.status_code, set(errors(answer))) == (422, {"accent"})


@pytest.mark.parametrize("digest", ["ffd400", "fff", "7A1F5C", "zzzzzz", "7a1f5c%7D"])
def test_no_other_style_is_made(client_for: ClientFor, digest: str) -> None:
    assert client_for("rep").get(f"/acme/accent/{digest}.css").status_code == 404


def test_two_at_once(client_for: ClientFor) -> None:
    owner = client_for("owner")
    owner.post(PAGE, data=PLUM)
    version = value(owner.get(PAGE), "version")
    assert owner.post(PAGE, data={**PLUM, "accent": "#084c5b", "version": version}).status_code == 303
    assert client_for("admin").post(PAGE, data={**PLUM, "version": version}).status_code == 409


@pytest.mark.parametrize(("page", "wrong"), [
    ("appearance", {"whose": "own", "accent": "#ffd400"}),
    ("security/entry", {"networks": "nonsense"}),
    ("sharing", {"again": "1"}),
])  # fmt: skip
def test_a_form_that_comes_back_is_still_that_of_before(
    client_for: ClientFor, page: str, wrong: dict[str, str]
) -> None:
    """Else it would overwrite what was saved by somebody else meanwhile."""
    again = client_for("owner").post(f"/acme/settings/{page}", data={"version": "7", **wrong})
    assert again.status_code == (200 if "again" in wrong else 422)
    assert value(again, "version") == "7"


def test_a_logo_is_shown_whole_to_members_alone(client_for: ClientFor) -> None:
    owner = client_for("owner")
    assert send(owner, picture(900, 300, "PNG")) == 303
    found = re.search(r'src="(/acme/logo/[0-9a-f]+)"', client_for("viewer").get("/acme/").text)
    assert found is not None
    answer = client_for("viewer").get(found[1])
    assert (answer.status_code, answer.mimetype) == (200, "image/webp")
    with Image.open(io.BytesIO(answer.data)) as drawn:
        assert drawn.size == (256, 256)
        assert drawn.convert("RGB").getpixel((128, 4)) == (255, 255, 255), "white above"
    assert client_for("outsider").get(found[1]).status_code == 404
    assert client_for("outsider").get(found[1].replace("acme", "other")).status_code == 404
    assert client_for(None).get(found[1]).status_code == 302
    assert owner.post(f"{LOGO}/removal").status_code == 303
    assert "/acme/logo/" not in owner.get("/acme/").text
    assert owner.get(found[1]).status_code == 404


@pytest.mark.parametrize("content", [b"", b"<svg onload=alert(1)>", b"GIF89a" + b"x" * 99])
def test_what_is_no_picture(client_for: ClientFor, content: bytes) -> None:
    owner = client_for("owner")
    answer = owner.post(LOGO, data={"logo": (io.BytesIO(content), "x.png")}, content_type="multipart/form-data")
    assert (answer.status_code, set(errors(answer))) == (422, {"logo"})


@pytest.mark.parametrize("who", ["manager", "rep", "viewer"])
def test_others_change_nothing(client_for: ClientFor, who: str) -> None:
    browser = client_for(who)
    assert browser.get(PAGE).status_code == 403
    assert browser.post(PAGE, data=PLUM).status_code == 403
    assert send(browser, picture()) == 403
    assert browser.post(f"{LOGO}/removal").status_code == 403


def test_the_log_tells_it(client_for: ClientFor, app: Flask, cast: Cast) -> None:
    owner = client_for("owner")
    owner.post(PAGE, data=PLUM)
    send(owner, picture())
    with app.app_context(), tenant_scope(cast.tenants["acme"]):
        rows = db.session.query(AuditEntry).filter_by(resource="policy", action="update").all()
    assert {name for row in rows for name in row.changes} == {"accent", "logo_digest"}
    owner.post(PAGE, data={**PLUM, "accent": "#084c5b"})
    owner.post(PAGE, data={"whose": "usual"})
    owner.post(f"{LOGO}/removal")
    with app.app_context(), tenant_scope(cast.tenants["acme"]):
        rows = db.session.query(AuditEntry).filter_by(resource="policy", action="update").order_by(AuditEntry.id).all()
    accents = [row.changes["accent"] for row in rows if "accent" in row.changes]
    assert accents == [[None, "#7a1f5c"], ["#7a1f5c", "#084c5b"], ["#084c5b", None]]
    [(_none, digest), (was, gone)] = [row.changes["logo_digest"] for row in rows if "logo_digest" in row.changes]
    assert (was, gone) == (digest, None)
    assert "Accent colour" in owner.get("/acme/settings/audit").text
