"""Invoices for programs: all of them, page by page."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask

from tests.stripe import Double
from tests.support.api import problem
from tests.support.clients import Browser, Phone
from tests.support.selling import subscribe


def test_all_are_read_page_by_page(
    api_for: Callable[..., Phone], client_for: Callable[..., Browser], sold: Flask, stripe: Double
) -> None:  # fmt: skip
    subscribe(client_for("owner", sold), stripe)
    owner = api_for("owner", of=sold)
    [first] = owner.get("/billing/invoices").json["items"]
    stripe.advance(days=32)
    newest = owner.get("/billing/invoices?limit=1").json
    assert newest["items"] != [first]
    assert owner.get(f"/billing/invoices?limit=1&after={newest['next']}").json == {"items": [first], "next": None}
    [wrong] = problem(owner.get("/billing/invoices?after=in_of_nobody"), 422, "invalid")["errors"]
    assert (wrong["parameter"], wrong["code"]) == ("after", "cursor")
