"""Every change a browser can ask for needs the token of its own session: from the live list of endpoints."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.conftest import Stage
from tests.guard.endpoints import SAFE, Samples, endpoints, make_samples
from tests.support.clients import browser_of
from tests.support.operators import OperatorPerson, make_operator
from tests.support.pristine import fingerprint

SIGNED = {"/billing/stripe/webhook"}
"""What no form is sent to: a signature says who asks (tests/billing/test_webhooks.py)."""


@pytest.fixture(scope="module")
def app(on_sale_here: Flask) -> Flask:
    """The application; nothing is changed in it but what the samples are."""
    return on_sale_here


@pytest.fixture(scope="module")
def samples(app: Flask, stage: Stage) -> Samples:
    """One of everything in acme, the owner's own."""
    return make_samples(app, stage.cast, "owner", "owner")


@pytest.fixture(scope="module")
def olga(app: Flask, stage: Stage) -> OperatorPerson:
    """Somebody who runs the installation, signed in to its console."""
    return make_operator(app, stage.installation)


@pytest.mark.parametrize("headers", [
    {}, {"HX-Request": "true"}, {"X-CSRFToken": "forged"}, {"HX-Request": "true", "X-CSRFToken": "forged"},
], ids=["form", "htmx", "form, forged", "htmx, forged"])  # fmt: skip
@pytest.mark.parametrize("who", ["owner", None])
def test_without_the_token_nothing_is_changed(
    app: Flask, stage: Stage, samples: Samples, who: str | None, headers: dict[str, str]
) -> None:
    place, schemas = stage.installation.place, [tenant.schema_name for tenant in stage.cast.tenants.values()]
    browser = browser_of(app, stage.cast[who] if who else None)
    browser.get("/acme/")  # which may note that they are here
    before = fingerprint(place, schemas)
    wrong, asked = [], 0
    for endpoint in endpoints(app):
        if endpoint.is_api or endpoint.method in SAFE or endpoint.rule.rule in SIGNED:
            continue
        asked += 1
        address = samples.address(app, endpoint)
        status = browser.open(address, method=endpoint.method, headers=headers, csrf=False).status_code
        # The console's gate comes first and leads everybody else away: below is who passes it.
        led_away = (who is None or endpoint.declared.kind == "operator") and status in (302, 303, 401)
        if status != 400 and not led_away:
            wrong.append(f"{endpoint}: {status}")
    assert wrong == []
    assert asked > 50
    assert fingerprint(place, schemas) == before


@pytest.mark.parametrize("headers", [{}, {"X-CSRFToken": "forged"}], ids=["none", "forged"])
def test_nothing_is_changed_for_who_passed_the_consoles_gate(
    app: Flask, stage: Stage, samples: Samples, olga: OperatorPerson, headers: dict[str, str]
) -> None:
    """A signed-in operator, who has just given password and code, over the live list of the console's forms."""
    place, schemas = stage.installation.place, [tenant.schema_name for tenant in stage.cast.tenants.values()]
    assert olga.browser.get("/operator").status_code == 200
    before = fingerprint(place, schemas)
    found = {}
    for endpoint in endpoints(app):
        if endpoint.declared.kind in ("operator", "operator-door") and endpoint.method not in SAFE:
            address = samples.address(app, endpoint)
            answer = olga.browser.open(address, method=endpoint.method, headers=headers, csrf=False)
            found[str(endpoint)] = answer.status_code
    assert {name: status for name, status in found.items() if status != 400} == {}
    assert len(found) >= 16
    assert fingerprint(place, schemas) == before
