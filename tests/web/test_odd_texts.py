"""Odd texts in every field of every form: kept as they are or refused beside the field, and never markup or SQL.

And every form as it stands, sent by who administers: see `test_no_dead_ends.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pytest
from markupsafe import escape

from tests.conftest import Stage
from tests.support.clients import Browser, browser_of
from tests.support.making import Maker
from tests.support.pages import Form
from tests.support.pristine import Pristine
from tests.web.crawling import forms_of, furnish, send_all

pytestmark = pytest.mark.newest

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


class Product(NamedTuple):
    """Every form of the product once, and the way back to how its records were when the forms were read."""

    forms: list[tuple[str, str, Form]]
    furnished: Pristine


@pytest.fixture(scope="module")
def product(stage: Stage) -> Iterator[Product]:
    """A furnished workspace, read through once: what is posted differs from test to test, and not where to."""
    app, cast = stage.installation.app, stage.cast
    furnish(Maker(app, cast), lambda who: browser_of(app, cast[who]))
    forms = forms_of(app, browser_of(app, cast["admin"]))
    schemas = [tenant.schema_name for tenant in cast.tenants.values()]
    furnished = Pristine(stage.installation.place, schemas, copy="pristine_furnished")
    yield Product(forms, furnished)
    furnished.close()
    stage.pristine.restore()


@pytest.fixture
def admin(stage: Stage, product: Product) -> Iterator[Browser]:
    """An admin of the furnished workspace, which is furnished again after the test."""
    yield browser_of(stage.installation.app, stage.cast["admin"])
    product.furnished.restore()
    stage.installation.app.extensions["directory"].forget()


@pytest.mark.parametrize("kind", ODD)
def test_no_field_of_any_form_is_upset_by(kind: str, product: Product, admin: Browser) -> None:
    text = ODD[kind]
    kept, refused = 0, 0
    for endpoint, address, form in product.forms:
        sent = form.filled({name: text for name, _kind, _value in form.fields})
        answer = admin.post(form.action, data=sent)
        if endpoint == "viewing.begin":  # who looks as somebody else is refused all the rest
            admin.post("/acme/viewing/end")
        assert answer.status_code in (200, 201, 204, 303, 400, 404, 409, 422), f"{endpoint} on {address}"
        assert "<script>alert" not in answer.text, endpoint
        assert "<img src=x" not in answer.text, endpoint
        kept, refused = kept + (answer.status_code == 303), refused + (answer.status_code == 422)
    assert kept > 3
    assert refused > 3
    for address in SHOWING:
        shown = admin.get(f"/acme{address}")
        assert shown.status_code == 200, address
        assert "<script>alert" not in shown.text, address


def test_no_link_and_no_form_leads_who_administers_to_a_refusal(product: Product, admin: Browser) -> None:
    """A link that does fails where the pages are read."""
    assert send_all(admin, product.forms)


def test_what_was_kept_is_shown_as_it_was_typed(admin: Browser) -> None:
    for kind in ("emoji", "right to left", "sql", "html"):
        made = admin.post("/acme/companies", data={"name": ODD[kind], "lifecycle": "potential"})
        assert made.status_code == 303, kind
        shown = admin.get(made.location)
        # An override of the direction could make a name read as another; only that is taken out.
        wanted = escape(ODD[kind].replace("\N{RIGHT-TO-LEFT OVERRIDE}", ""))
        assert f"<h1>{wanted}</h1>" in shown.text, kind
