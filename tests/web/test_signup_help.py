"""What helps while the sign-up form is filled in: address, country, currency, time zone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from tests.support.clients import Browser
from tests.web.pages import chosen, errors, value
from tests.web.test_signup import FORM, ClientFor, sign_up


@pytest.fixture
def nobody(client_for: ClientFor) -> Browser:
    return client_for(None)


@pytest.mark.parametrize(
    ("slug", "said"),
    [
        ("nordwind", "is free"), ("NordWind", "is free"), ("acme", "Somebody has this address"),
        ("ab", "at least 3"), ("x" * 41, "at most 40"), ("1abc", "Start with a letter"), ("a--b", "single hyphens"),
        ("api", "reserved"), ("müller", "small letters"), ("", "Your colleagues open this"),
        ("a\x00b", "small letters"),
    ],
)  # fmt: skip
def test_an_address_is_checked_while_it_is_typed(nobody: Browser, slug: str, said: str) -> None:
    answer = nobody.get("/signup/slug", query_string={"slug": slug})
    assert answer.status_code == 200
    assert said in answer.text
    assert "<html" not in answer.text


@pytest.mark.parametrize(
    ("company", "slug"),
    [("华夏科技有限公司", "huaxia-keji"), ("Müller & Söhne GmbH", "mueller-soehne"), ("Acme Ltd", "acme-2"), ("", "")],
)
def test_an_address_is_suggested_from_the_name(nobody: Browser, company: str, slug: str) -> None:
    answer = nobody.get("/signup/slug/suggestion", query_string={"company": company, "slug": "", "suggested": ""})
    assert value(answer, "slug") == slug
    assert value(answer, "suggested") == slug


def test_an_address_typed_by_hand_stays(nobody: Browser) -> None:
    asked = {"company": "Nordwind", "slug": "mine-alone", "suggested": "nord"}
    assert value(nobody.get("/signup/slug/suggestion", query_string=asked), "slug") == "mine-alone"
    asked = {"company": "Nordwind", "slug": "nord", "suggested": "nord"}
    assert value(nobody.get("/signup/slug/suggestion", query_string=asked), "slug") == "nordwind"


def test_currency_and_zone_follow_the_country(nobody: Browser) -> None:
    filled = {"country": "CN", "place_of": "AT", "currency": "EUR", "timezone": "Europe/Vienna"}
    part = nobody.get("/signup/place", query_string=filled)
    assert (chosen(part, "currency"), chosen(part, "timezone")) == ("CNY", "Asia/Shanghai")
    assert value(part, "place_of") == "CN"


def test_what_was_chosen_by_hand_stays(nobody: Browser) -> None:
    by_hand = {"country": "CN", "place_of": "AT", "currency": "USD", "timezone": "Asia/Singapore"}
    part = nobody.get("/signup/place", query_string=by_hand)
    assert (chosen(part, "currency"), chosen(part, "timezone")) == ("USD", "Asia/Singapore")


def test_without_javascript_the_country_is_followed_when_sent(nobody: Browser, app: Flask) -> None:
    """The browser sends the currency it was shown for Austria; the person chose Japan."""
    assert sign_up(nobody, country="JP").status_code == 303
    with app.app_context():
        tenant = app.extensions["directory"].by_slug("nordwind")
    assert (tenant.country, tenant.currency, tenant.timezone) == ("JP", "JPY", "Asia/Tokyo")


@pytest.mark.parametrize("field", ["currency", "timezone", "locale", "country"])
def test_values_nobody_offered_are_refused(nobody: Browser, field: str) -> None:
    answer = nobody.post("/signup", data={**FORM, field: "nonsense\x00"})
    assert answer.status_code == 422


@pytest.mark.parametrize("field", ["company", "name", "email", "slug", "password"])
@pytest.mark.parametrize(
    "words",
    [
        "x" * 10_000,
        "<script>alert(1)</script>",
        "'; DROP TABLE users; --",
        "a\x00b",
        "free-so-far\x00",
        "שלום",
        "👩‍👩‍👧" * 40,
    ],
)
def test_no_words_break_the_form(nobody: Browser, field: str, words: str) -> None:
    answer = nobody.post("/signup", data={**FORM, field: words})
    assert answer.status_code in {303, 422}
    assert "<script>alert" not in answer.text


def test_the_helpers_answer_only_outside(client_for: Callable[..., Browser]) -> None:
    assert client_for("owner").get("/acme/signup").status_code == 404


def test_where_an_address_is_taken_a_free_one_is_offered(nobody: Browser) -> None:
    state = nobody.get("/signup/slug", query_string={"slug": "acme"})
    assert "Somebody has this address already." in state.text
    assert "localhost/acme-2 is free." in state.text
    taken = nobody.get("/signup/slug/suggestion?take=acme-2&company=x")
    assert value(taken, "slug") == value(taken, "suggested") == "acme-2"
    assert "is free" in taken.text
    assert "is free" not in nobody.get("/signup/slug", query_string={"slug": "api"}).text


def test_an_address_that_was_taken_since_it_was_typed_is_told_with_a_free_one(nobody: Browser) -> None:
    answer = sign_up(nobody, slug="acme")
    assert answer.status_code == 422
    assert errors(answer)["slug"].startswith("Somebody has this address already.")
    assert "acme-2 is free" in answer.text
    assert (value(answer, "company"), value(answer, "slug")) == (FORM["company"], "acme")
