"""Events as the API lists them, webhook endpoints, and test clocks."""

from __future__ import annotations

from fnmatch import fnmatch
from typing import Any

from tests.stripe.catalogue import merged
from tests.stripe.due import run_until
from tests.stripe.errors import Refused
from tests.stripe.routes import PAGING, operation
from tests.stripe.shapes import page
from tests.stripe.world import DAY, World

CLOCK = "test_helpers.test_clock"


@operation("GET /v1/events/{}")
def _event(world: World, id: str, params: dict[str, Any]) -> dict[str, Any]:
    return world.get("event", id)


@operation("GET /v1/events", f"type types created delivery_success {PAGING}")
def _events(world: World, params: dict[str, Any]) -> dict[str, Any]:
    rows = [row for row in world.rows("event") if row["created"] > world.now - 30 * DAY]  # Stripe keeps them so long
    wanted = params.get("types") or ([params["type"]] if "type" in params else ["*"])
    rows = [row for row in rows if any(fnmatch(row["type"], one) for one in wanted)]
    if "delivery_success" in params:
        rows = [row for row in rows if (row["pending_webhooks"] == 0) == params["delivery_success"]]
    return page(rows, params, "/v1/events")


def new_endpoint(world: World, url: str, events: list[str], secret: str = "", **more: Any) -> dict[str, Any]:
    """Make a webhook endpoint; its secret is told only here."""
    made = world.make("webhook_endpoint", url=url, enabled_events=events, status="enabled", metadata={}, **more)
    made["_secret"] = secret or f"whsec_{made['id']}"
    return made


@operation("POST /v1/webhook_endpoints", "url enabled_events description metadata api_version")
def _make_endpoint(world: World, params: dict[str, Any]) -> dict[str, Any]:
    made = new_endpoint(world, params.pop("url"), params.pop("enabled_events"))
    merged(made, params)
    return {**made, "secret": made["_secret"]}


@operation("GET /v1/webhook_endpoints/{}")
def _endpoint(world: World, id: str, params: dict[str, Any]) -> dict[str, Any]:
    return world.get("webhook_endpoint", id)


@operation("POST /v1/webhook_endpoints/{}", "url enabled_events description metadata disabled")
def _change_endpoint(world: World, id: str, params: dict[str, Any]) -> dict[str, Any]:
    held = world.get("webhook_endpoint", id)
    if "disabled" in params:
        held["status"] = "disabled" if params.pop("disabled") else "enabled"
    merged(held, params)
    return held


@operation("DELETE /v1/webhook_endpoints/{}")
def _delete_endpoint(world: World, id: str, params: dict[str, Any]) -> dict[str, Any]:
    world.get("webhook_endpoint", id)
    del world.tables["webhook_endpoint"][id]
    return {"id": id, "object": "webhook_endpoint", "deleted": True}


@operation("GET /v1/webhook_endpoints", PAGING)
def _endpoints(world: World, params: dict[str, Any]) -> dict[str, Any]:
    return page(world.rows("webhook_endpoint"), params, "/v1/webhook_endpoints")


@operation("POST /v1/test_helpers/test_clocks", "frozen_time name")
def _make_clock(world: World, params: dict[str, Any]) -> dict[str, Any]:
    return world.make(
        CLOCK, frozen_time=params["frozen_time"], name=params.get("name"), status="ready", status_details={},
        deletes_after=world.now + 30 * DAY,
    )  # fmt: skip


@operation("GET /v1/test_helpers/test_clocks/{}")
def _clock(world: World, id: str, params: dict[str, Any]) -> dict[str, Any]:
    return world.get(CLOCK, id)


@operation("GET /v1/test_helpers/test_clocks", PAGING)
def _clocks(world: World, params: dict[str, Any]) -> dict[str, Any]:
    return page(world.rows(CLOCK), params, "/v1/test_helpers/test_clocks")


@operation("DELETE /v1/test_helpers/test_clocks/{}")
def _delete_clock(world: World, id: str, params: dict[str, Any]) -> dict[str, Any]:
    world.get(CLOCK, id)
    for customer in world.rows("customer", test_clock=id):
        customer["_deleted"] = True
        for subscription in world.rows("subscription", customer=customer["id"]):
            subscription["status"] = "canceled"
    del world.tables[CLOCK][id]
    return {"id": id, "object": CLOCK, "deleted": True}


@operation("POST /v1/test_helpers/test_clocks/{}/advance", "frozen_time")
def _advance_clock(world: World, id: str, params: dict[str, Any]) -> dict[str, Any]:
    clock = world.get(CLOCK, id)
    if params["frozen_time"] < clock["frozen_time"]:
        raise Refused(400, "A test clock can only be advanced.", param="frozen_time")
    run_until(world, params["frozen_time"], id)
    clock["frozen_time"] = params["frozen_time"]
    world.tell("test_helpers.test_clock.ready", clock)
    return clock
