"""Who was given billing and is no owner: who may see it changes nothing, who may act acts; by page and by program."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from psycopg.types.json import Jsonb

from billing.held import Held
from tests.stripe import Double
from tests.support.api import problem
from tests.support.cast import Cast
from tests.support.clients import Browser
from tests.support.installation import Installation
from tests.support.selling import PAGE, state_of, subscribe

ClientFor = Callable[..., Browser]
Api = Callable[..., Any]
ACTS = ("checkout", "portal", "payment", "change", "cancellation", "closing", "withdrawal", "confirmation/withdrawal")
ANY = {"If-Match": "*"}
POSTS = re.compile(rf'(?:action|hx-post)="({PAGE}[^"]*)"')


@pytest.fixture(autouse=True)
def pays(client_for: ClientFor, sold: Flask, stripe: Double) -> None:
    """Acme pays for Team."""
    subscribe(client_for("owner", sold), stripe)


@pytest.fixture
def gives(cast: Cast, installation: Installation) -> Callable[..., None]:
    """Give permissions to the admin's role."""

    def give(*permissions: str) -> None:
        with installation.place.owner() as connection:
            connection.execute(
                f"UPDATE {cast.tenants['acme'].schema_name}.roles SET permissions = permissions || %s"
                " WHERE key = 'admin'", [Jsonb(dict.fromkeys(permissions, "all"))],
            )  # fmt: skip

    return give


def held(sold: Flask, cast: Cast) -> Held:
    return state_of(sold, cast.tenants["acme"].id)


def test_who_may_see_it_sees_all_and_changes_nothing(
    client_for: ClientFor, api_for: Api, sold: Flask, stripe: Double, cast: Cast, gives: Callable[..., None]
) -> None:
    gives("billing:read")
    reader, phone, before = client_for("admin", sold), api_for("admin", of=sold), held(sold, cast)
    for path in ("", "/plans", "/invoices", "/confirmation"):
        page = reader.get(PAGE + path)
        assert page.status_code == 200, path
        assert POSTS.findall(page.text) == [], path
        assert f'href="{PAGE}/cancellation"' not in page.text
        assert f'href="{PAGE}/change' not in page.text
    assert "€84" in reader.get(PAGE).text
    told = len(stripe.requests)
    for path in ACTS:
        assert reader.post(f"{PAGE}/{path}", data={"plan": "business", "reason": "other"}).status_code == 403, path
    assert phone.get("/billing").json["price"]["amount"] == "12.00"
    assert phone.get("/billing/plans").status_code == 200
    assert len(stripe.requests) == told
    assert phone.get("/billing/invoices").json["items"] != []
    told = len(stripe.requests)
    for method, path, body in (
        ("post", "checkout", {"plan": "business"}), ("post", "portal", {}), ("post", "previews", {"seats": 9}),
        ("put", "plan", {"plan": "business"}), ("put", "cancellation", {"to": "free", "reason": "unused"}),
        ("delete", "cancellation", None), ("delete", "confirmation", None),
    ):  # fmt: skip
        more = {} if body is None else {"json": body}
        problem(getattr(phone, method)(f"/billing/{path}", headers=ANY, **more), 403, "forbidden")
    assert len(stripe.requests) == told, "Stripe was asked nothing"
    assert held(sold, cast) == before


def test_who_may_act_needs_not_be_an_owner(
    client_for: ClientFor, api_for: Api, sold: Flask, stripe: Double, cast: Cast, gives: Callable[..., None]
) -> None:
    gives("billing:read", "billing:update")
    payer, phone = client_for("admin", sold), api_for("admin", of=sold)
    assert payer.post(f"{PAGE}/portal").location.startswith(stripe.url)
    cost = phone.post("/billing/previews", json={"plan": "business"}).json
    assert float(cost["now"]["amount"]) > 0
    assert phone.put("/billing/plan", json={"plan": "business"}, headers=ANY).json["plan"] == "business"
    assert payer.post(f"{PAGE}/cancellation", data={"reason": "unused"}).status_code == 303
    assert held(sold, cast).cancel_at_period_end
    assert phone.delete("/billing/cancellation", headers=ANY).status_code == 204
    assert not held(sold, cast).cancel_at_period_end
