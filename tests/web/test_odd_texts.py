"""Odd texts in every field of every form: kept as they are or refused beside the field, and never markup or SQL."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from markupsafe import escape

from tests.support.clients import Browser
from tests.web.test_no_dead_ends import forms_of, furnished

__all__ = ["furnished"]

ODD = {
    "long": "Ä" * 10_000,
    "emoji": "🦊👩🏽‍💻 Fuchs & Söhne 🇹🇼",
    "right to left": "شركة \N{RIGHT-TO-LEFT OVERRIDE}المستقبل\N{POP DIRECTIONAL FORMATTING} ישראל",
    "control": "a\x00b\x1b[31m\x7f\u2028c",
    "sql": "Robert'); DROP TABLE companies; -- %s %(x)s {0} \\",
    "html": "<script>alert(1)</script><img src=x onerror=alert(2)>\"'>{{ 7*7 }}{% raw %}",
    "surrogate": "\N{MATHEMATICAL BOLD CAPITAL A}\N{COMBINING ACUTE ACCENT}" * 20,
}
SHOWING = (
    "/", "/companies", "/contacts", "/deals", "/deals?view=list", "/search?q=a", "/settings/members",
    "/settings/pipelines", "/recycle-bin",
)  # fmt: skip


@pytest.mark.usefixtures("furnished")
@pytest.mark.parametrize("kind", ODD)
def test_no_field_of_any_form_is_upset_by(kind: str, app: Flask, client_for: Callable[..., Browser]) -> None:
    browser, text = client_for("admin"), ODD[kind]
    kept, refused = 0, 0
    for endpoint, address, form in forms_of(app, browser):
        sent = form.filled({name: text for name, _kind, _value in form.fields})
        answer = browser.post(form.action, data=sent)
        if endpoint == "viewing.begin":  # who looks as somebody else is refused all the rest
            browser.post("/acme/viewing/end")
        assert answer.status_code in (200, 201, 204, 303, 400, 404, 409, 422), f"{endpoint} on {address}"
        assert "<script>alert" not in answer.text, endpoint
        assert "<img src=x" not in answer.text, endpoint
        kept, refused = kept + (answer.status_code == 303), refused + (answer.status_code == 422)
    assert kept > 3
    assert refused > 3
    for address in SHOWING:
        shown = browser.get(f"/acme{address}")
        assert shown.status_code == 200, address
        assert "<script>alert" not in shown.text, address


@pytest.mark.usefixtures("furnished")
def test_what_was_kept_is_shown_as_it_was_typed(client_for: Callable[..., Browser]) -> None:
    browser = client_for("admin")
    for kind in ("emoji", "right to left", "sql", "html"):
        made = browser.post("/acme/companies", data={"name": ODD[kind], "lifecycle": "potential"})
        assert made.status_code == 303, kind
        shown = browser.get(made.location)
        # An override of the direction could make a name read as another; only that is taken out.
        wanted = escape(ODD[kind].replace("\N{RIGHT-TO-LEFT OVERRIDE}", ""))
        assert f"<h1>{wanted}</h1>" in shown.text, kind
