"""No card ever comes near us: no page asks for one or reaches out for one, and what is typed anyway is not kept."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from flask import Flask
from psycopg import sql
from pydantic import SecretStr
from werkzeug.test import TestResponse

from billing.card_numbers import without_cards
from billing.checkout import HOSTS
from tests.stripe import Double
from tests.support.cast import Cast
from tests.support.clients import Browser, Phone
from tests.support.installation import Installation
from tests.support.paying import KEY, put
from tests.support.selling import PAGE, state_of, subscribe

ClientFor = Callable[..., Browser]
CARD = "4242424242424242"
TYPED = {"card_number": CARD, "cc-number": CARD, "number": CARD, "cvc": "737", "exp": "12/34", "iban": f"DE{CARD}"}
PATHS = ("", "/plans", "/plans?interval=year", "/invoices", "/change?plan=business", "/cancellation",
         "/cancellation?to=closed")  # fmt: skip
OUTSIDE = ("/pricing", "/signup", "/acme/", "/acme/settings", "/acme/settings/members")
OF_CARDS = re.compile(r"card|cvc|cvv|\bcc-|\bcc_|\bpan\b|iban|expir|stripe", re.IGNORECASE)
WIDENED = re.compile(r"form-action ([^;]+)")


class Controls(HTMLParser):
    """What a page asks for and loads."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.fields: list[dict[str, str]] = []
        self.loads: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        held = {name: value or "" for name, value in attrs}
        if tag in ("input", "select", "textarea"):
            self.fields.append(held)
        if tag in ("script", "iframe", "frame", "object", "embed", "img", "link", "source", "base"):
            self.loads += [held[name] for name in ("src", "href", "data") if name in held]
        assert tag not in ("iframe", "frame", "object", "embed", "base"), tag


def policy_of(answer: TestResponse) -> dict[str, list[str]]:
    """Return what the page's policy allows, by directive."""
    found = (part.split() for part in answer.headers["Content-Security-Policy"].split(";"))
    return {part[0]: part[1:] for part in found if part}


def check(answer: TestResponse, forms: list[str]) -> None:
    """Check that a page asks for no card, loads nothing of others', and may send forms to these places alone."""
    assert answer.status_code == 200
    allowed = policy_of(answer)
    assert allowed["default-src"] == ["'none'"]
    assert "frame-src" not in allowed
    assert "child-src" not in allowed
    assert [one for one in allowed["script-src"] if not one.startswith("'nonce-")] == ["'strict-dynamic'"]
    for name in ("connect-src", "style-src", "font-src", "worker-src"):
        assert allowed[name] == ["'self'"], name
    assert allowed["form-action"] == ["'self'", *forms]
    assert answer.headers["Permissions-Policy"].endswith("payment=()")
    page = Controls(answer.text)
    assert [one for one in page.loads if "//" in one] == [], "everything is loaded from here"
    asked = [
        one
        for one in page.fields
        if any(OF_CARDS.search(one.get(name, "")) for name in ("name", "autocomplete", "id", "placeholder"))
    ]
    assert asked == []


def test_no_page_asks_for_a_card(client_for: ClientFor, sold: Flask, stripe: Double) -> None:
    """On trial and paying; the forms lead to the double, which stands for Stripe's hosts."""
    owner = client_for("owner", sold)
    for path in ("", "/plans"):
        check(owner.get(PAGE + path), [stripe.url])
    subscribe(owner, stripe)
    for path in PATHS:
        check(owner.get(PAGE + path), [stripe.url])
    for path in OUTSIDE:
        answer = owner.get(path)
        if answer.status_code == 200:
            check(answer, [stripe.url] if path == "/pricing" and "//" in answer.headers["Content-Security-Policy"]
                  else [])  # fmt: skip


def test_forms_lead_to_three_pages_of_stripes_and_to_no_script(
    client_for: ClientFor, app_with: Callable[..., Flask], installation: Installation, cast: Cast
) -> None:
    """With a key of the real service, which nobody asks here."""
    real = app_with(stripe_secret_key=SecretStr(KEY))
    put(real, installation.place, cast.tenants["acme"].id, plan="business", state="trialing")
    owner = client_for("owner", real)
    answer = owner.get(PAGE)
    check(answer, list(HOSTS))
    assert HOSTS == ("https://checkout.stripe.com", "https://billing.stripe.com", "https://invoice.stripe.com")
    assert "js.stripe.com" not in answer.text + answer.headers["Content-Security-Policy"]


def test_no_program_is_asked_for_a_card(api_for: Callable[..., Phone], sold: Flask) -> None:
    """What the API takes about billing, by its published description."""
    described = api_for("owner", of=sold).get("/openapi.json").json
    names = [
        name for path, held in described["paths"].items() if "/billing" in path for name in _names(held, described)
    ]
    assert "plan" in names
    assert [name for name in names if OF_CARDS.search(name)] == []


def _names(held: Any, whole: Any) -> Iterator[str]:
    """Yield every name of a property that a description leads to."""
    if isinstance(held, list):
        for one in held:
            yield from _names(one, whole)
    elif isinstance(held, dict):
        yield from held.get("properties", {})
        for key, one in held.items():
            if key == "$ref":
                part = whole
                for step in one.removeprefix("#/").split("/"):
                    part = part[step]
                yield from _names(part, whole)
            elif key not in ("responses", "example", "examples"):
                yield from _names(one, whole)


def test_a_card_that_is_sent_anyway_is_nowhere(
    client_for: ClientFor, api_for: Callable[..., Phone], sold: Flask, stripe: Double, cast: Cast,
    installation: Installation, capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """Not in a table, not in a log, not at Stripe: fields that nobody asks for are dropped or refused."""
    owner, phone = client_for("owner", sold), api_for("owner", of=sold)
    owner.post(f"{PAGE}/checkout", data={"plan": "free", **TYPED})
    subscribe(owner, stripe)
    for path, form in (("change", {"plan": "business", "interval": "month"}), ("portal", {}), ("payment", {}),
                       ("cancellation", {"reason": "other", "words": f"Charge 4242 4242 4242 4242, i.e. {CARD}!"}),
                       ("withdrawal", {})):  # fmt: skip
        assert owner.post(f"{PAGE}/{path}", data={**form, **TYPED}).status_code in (303, 422), path
    owner.get(f"{PAGE}/returned?session_id={CARD}&card={CARD}")
    for method, path, body in (("POST", "/billing/checkout", {"plan": "team"}), ("POST", "/billing/portal", {}),
                               ("PUT", "/billing/plan", {"plan": "business"}),
                               ("POST", "/billing/previews", {"seats": 9})):  # fmt: skip
        answer = phone.open(path, method=method, json={**body, **TYPED})
        assert answer.status_code in (200, 409, 422), path
        assert CARD not in answer.text
    words = {"to": "free", "reason": "other", "words": f"my card {CARD}"}
    assert phone.put("/billing/cancellation", json=words, headers={"If-Match": "*"}).status_code == 200
    assert state_of(sold, cast.tenants["acme"].id).cancel_words == "my card ••••"
    assert owner.post("/billing/stripe/webhook", data=f'{{"card": "{CARD}"}}').status_code == 400
    assert _tables_with(installation, cast) == []
    said = "".join(capfd.readouterr())
    assert CARD not in said
    assert "4242 4242" not in said
    assert [asked for asked in stripe.requests if "4242" in str(asked.params)] == []


def _tables_with(installation: Installation, cast: Cast) -> list[str]:
    """Return the tables in which the number stands somewhere."""
    schemas = ["public", "jobs", *(tenant.schema_name for tenant in cast.tenants.values())]
    found = []
    with installation.place.owner() as connection:
        tables = connection.execute("SELECT schemaname, tablename FROM pg_tables WHERE schemaname = ANY(%s)", [schemas])
        for schema, table in tables.fetchall():
            query = sql.SQL("SELECT count(*) FROM {} t WHERE t::text LIKE '%4242424242%' OR t::text LIKE '%4242 4242%'")
            if connection.execute(query.format(sql.Identifier(schema, table))).fetchone() != (0,):
                found.append(table)
    return found


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("4242424242424242", "••••"), ("no. 4242 4242 4242 4242.", "no. ••••."), ("5555-5555-5555-4444", "••••"),
        ("378282246310005", "••••"), ("6200000000000005 und mehr", "•••• und mehr"),
        ("４２４２４２４２４２４２４２４２", "••••"),
        ("4242424242424241", "4242424242424241"), ("+49 170 1234567", "+49 170 1234567"), ("", ""),
        ("Rechnung 2026-000123", "Rechnung 2026-000123"), ("12345678901234567890123", "12345678901234567890123"),
    ],
)  # fmt: skip
def test_numbers_of_cards_are_hidden_and_others_stay(text: str, kept: str) -> None:
    assert without_cards(text) == kept
