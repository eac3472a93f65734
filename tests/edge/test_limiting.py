"""What signed-in people change by pages is counted, each for themselves, without asking the database."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from tests.support.clients import Browser, statements
from tests.web.pages import heading

ClientFor = Callable[..., Browser]


def test_a_script_in_somebodys_name_must_wait(client_for: ClientFor, app_with: Callable[..., Flask]) -> None:
    app = app_with(api_requests_per_minute=6, web_workers=2)  # three for each process
    rep = client_for("rep", of=app)
    for number in range(3):
        assert rep.post("/acme/companies", data={"name": f"Ada {number}"}).status_code == 303
    refused = rep.post("/acme/companies", data={"name": "Ada 4"})
    assert (refused.status_code, heading(refused)) == (429, "Too many attempts")
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    assert rep.get("/acme/companies").status_code == 200, "reading goes on"
    assert "Ada 4" not in rep.get("/acme/companies").text
    assert client_for("rep", of=app).post("/profile", data={}).status_code == 429, "it is the person who is counted"
    assert client_for("teammate", of=app).post("/acme/companies", data={"name": "Bob"}).status_code == 303


def test_who_is_not_signed_in_is_counted_elsewhere(client_for: ClientFor, app_with: Callable[..., Flask]) -> None:
    nobody = client_for(None, of=app_with(api_requests_per_minute=1, web_workers=1))
    for _number in range(3):
        assert nobody.post("/forgot", data={"email": "no address"}).status_code == 422


@pytest.mark.parametrize("path", ["/acme/companies", "/profile"])
def test_it_costs_no_statement(client_for: ClientFor, app_with: Callable[..., Flask], path: str) -> None:
    """Refused, it costs what finding out who asks costs anyhow."""
    rep = client_for("rep", of=app_with(api_requests_per_minute=1, web_workers=1))
    asked = statements(rep.post(path, data={}, csrf=False))
    assert statements(rep.post(path, data={})) <= asked
