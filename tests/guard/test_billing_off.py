"""Where the installation takes no money there is nothing of it, at any address of the live list, for anybody."""

from __future__ import annotations

import json

import pytest
from flask import Flask

from mobile_api.registry import load
from tests.conftest import Stage
from tests.guard.endpoints import Endpoint, endpoints
from tests.support.clients import browser_of, phone_of

BODIES = {
    "begin_checkout": {"plan": "team"}, "foresee": {"plan": "team"}, "change_plan": {"plan": "team"},
    "cancel": {"to": "free", "reason": "unused"},
}  # fmt: skip
"""What has to be said, by operation: else a body that says nothing is refused first."""


def of_billing(app: Flask) -> list[Endpoint]:
    """Return what people and programs of workspaces have of it; the console's is for who has passed its own sign-in."""
    ours = [one for one in endpoints(app) if not one.rule.rule.startswith("/operator")]
    return [one for one in ours if "/billing" in one.rule.rule or one.rule.rule == "/pricing"]


def test_they_are_known(app: Flask) -> None:
    """Every operation the description calls billing, and every page of the blueprint."""
    found = of_billing(app)
    described = {(one.method, f"/api/v1{one.path}") for one in load().operations() if one.tag == "billing"}
    assert {(one.method, one.rule.rule) for one in found if one.is_api} == described
    pages = {one.rule.endpoint for one in endpoints(app) if one.rule.endpoint.startswith(("billing.", "pricing."))}
    assert {one.rule.endpoint for one in found if not one.is_api} == {*pages, "billing_webhook.receive"}


@pytest.mark.parametrize("who", ["owner", None])
def test_all_of_it_is_404(app: Flask, stage: Stage, who: str | None) -> None:
    person = stage.cast[who] if who else None
    wrong = []
    for one in of_billing(app):
        if person is None and one.declared.kind != "public":
            continue
        address = f"/acme{one.rule.rule}" if one.in_workspace else one.rule.rule
        if one.is_api:
            said = BODIES.get(one.rule.endpoint.removeprefix("api."))
            body = {"data": json.dumps(said), "content_type": "application/json"} if said else {}
            answer = phone_of(app, person, "acme").open(address, method=one.method, **body)
        else:
            answer = browser_of(app, person).open(address, method=one.method)
        if answer.status_code != 404:
            wrong.append(f"{one}: {answer.status_code}")
    assert wrong == []
