"""How much a token may ask, and how it is told."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask

from saas_crm.edge.limiting import Counters, Limit
from tests.support.api import problem
from tests.support.clients import Phone

Api = Callable[..., Phone]


def test_over_the_limit(api_for: Api, app_with: Callable[..., Flask]) -> None:
    app = app_with(api_requests_per_minute=5, web_workers=2)  # three for each process
    rep = api_for("rep", of=app)
    for left in (2, 1, 0):
        answer = rep.get("/me")
        assert answer.status_code == 200
        assert answer.headers["RateLimit-Policy"] == '"token";q=3;w=60'
        found = re.fullmatch(r'"token";r=(\d+);t=(\d+)', answer.headers["RateLimit"])
        assert found is not None
        assert int(found[1]) == left
        assert 0 < int(found[2]) <= 60
    refused = rep.post("/companies", json={"name": "x"})
    problem(refused, 429, "too-many-requests")
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    assert refused.headers["RateLimit"].startswith('"token";r=0;')
    assert api_for("teammate", of=app).get("/me").status_code == 200
    assert api_for("outsider", of=app).get("/me").status_code == 200


def test_a_workspaces_tokens_have_a_limit_together(
    api_for: Api, app_with: Callable[..., Flask], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who makes more tokens does not ask more, and nobody else's workspace is any slower by it."""
    monkeypatch.setattr("mobile_api.limiting.WHOLE", 2)
    app = app_with(api_requests_per_minute=3, web_workers=1)
    for who in ("rep", "teammate"):
        assert [api_for(who, of=app).get("/me").status_code for _ in range(3)] == [200] * 3
    refused = api_for("manager", of=app).get("/me")
    problem(refused, 429, "too-many-requests")
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    assert refused.headers["RateLimit"].startswith('"token";r=2;'), "their own is not used up"
    assert api_for("outsider", of=app).get("/me").status_code == 200
    assert api_for(None, "acme", of=app).get("/openapi.json").status_code == 200


def test_what_strangers_ask_is_not_the_workspaces(
    api_for: Api, app_with: Callable[..., Flask], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mobile_api.limiting.WHOLE", 1)
    app = app_with(api_requests_per_minute=3, web_workers=1)
    nobody = api_for(None, "acme", of=app)
    assert [nobody.get("/openapi.json").status_code for _ in range(4)] == [200, 200, 200, 429]
    assert api_for("rep", of=app).get("/me").status_code == 200


def test_counters_do_not_grow_without_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("saas_crm.edge.limiting.MOST_KEYS", 100)
    counters = Counters()
    for number in range(1_000):
        assert counters.incr(f"key {number}", 60) == 1
        assert len(counters._held) <= 100
    assert counters.incr("key 999", 60) == 2, "the latest are still counted"


def test_errors_tell_the_limit_too(api_for: Api) -> None:
    answer = api_for("rep").get("/companies?limit=x")
    problem(answer, 422)
    assert "RateLimit" in answer.headers


def test_without_a_token_the_network_is_counted(api_for: Api, app_with: Callable[..., Flask]) -> None:
    app = app_with(api_requests_per_minute=2, web_workers=1)
    nobody = api_for(None, "acme", of=app)
    assert [nobody.get("/openapi.json").status_code for _ in range(3)] == [200, 200, 429]
    elsewhere = {"REMOTE_ADDR": "192.0.2.7"}
    assert nobody.get("/openapi.json", environ_base=elsewhere).status_code == 200


def test_the_window_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    moment = 1_000_000.0
    monkeypatch.setattr("time.time", lambda: moment)
    limit = Limit(per_minute=2, processes=1)
    assert [limit.hit("a") for _ in range(3)] == [True, True, False]
    assert limit.left("a") == (0, 60)
    assert limit.left("b") == (2, 0)
    moment += 59.5
    assert not limit.hit("a")
    assert limit.left("a") == (0, 1)
    moment += 0.6
    assert limit.hit("a")
    assert limit.left("a") == (1, 60)


def test_what_is_over_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    moment = 1_000_000.0
    monkeypatch.setattr("time.time", lambda: moment)
    monkeypatch.setattr("saas_crm.edge.limiting.MOST_KEYS", 10)
    counters = Counters()
    for number in range(10):
        counters.incr(f"old {number}", 60)
    moment += 61
    counters.incr("new", 60)
    assert counters.reset() == 1
    assert counters.get("new") == 0
