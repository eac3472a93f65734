"""The customer portal: its sessions and configurations. What is clicked there is in pages."""

from __future__ import annotations

from typing import Any

from tests.stripe.customers import living
from tests.stripe.errors import Refused
from tests.stripe.routes import PAGING, operation
from tests.stripe.shapes import blank, page
from tests.stripe.world import World

SESSION, CONFIGURATION = "billing_portal.session", "billing_portal.configuration"


def default_configuration(world: World) -> dict[str, Any]:
    """Return the configuration of the account, made with the first need of it."""
    found = world.rows(CONFIGURATION, is_default=True)
    return found[0] if found else _new(world, {}, is_default=True)


def _new(world: World, params: dict[str, Any], *, is_default: bool) -> dict[str, Any]:
    made = world.make(CONFIGURATION, active=True, is_default=is_default, updated=world.now, metadata={})
    made["default_return_url"] = params.get("default_return_url")
    made["metadata"] = params.get("metadata") or {}
    made["business_profile"] = blank("portal_business_profile") | params.get("business_profile", {})
    for name, feature in params.get("features", {}).items():
        made["features"][name] = {**made["features"][name], **feature}
    return made


@operation("POST /v1/billing_portal/configurations", "business_profile features default_return_url metadata")
def _make_configuration(world: World, params: dict[str, Any]) -> dict[str, Any]:
    return _new(world, params, is_default=False)


@operation("GET /v1/billing_portal/configurations/{}")
def _configuration(world: World, id: str, params: dict[str, Any]) -> dict[str, Any]:
    return world.get(CONFIGURATION, id)


@operation("POST /v1/billing_portal/configurations/{}", "active business_profile features default_return_url metadata")
def _change_configuration(world: World, id: str, params: dict[str, Any]) -> dict[str, Any]:
    held = world.get(CONFIGURATION, id)
    for name, feature in params.pop("features", {}).items():
        held["features"][name] = {**held["features"][name], **feature}
    held["business_profile"] |= params.pop("business_profile", {})
    held["metadata"] |= params.pop("metadata", None) or {}
    held |= {**params, "updated": world.now}
    return held


@operation("GET /v1/billing_portal/configurations", f"active is_default {PAGING}")
def _configurations(world: World, params: dict[str, Any]) -> dict[str, Any]:
    wanted = {name: params[name] for name in ("active", "is_default") if name in params}
    return page(world.rows(CONFIGURATION, **wanted), params, "/v1/billing_portal/configurations")


@operation(
    "POST /v1/billing_portal/sessions",
    "customer return_url configuration locale flow_data.type flow_data.after_completion flow_data.subscription_cancel",
)
def _make_session(world: World, params: dict[str, Any]) -> dict[str, Any]:
    living(world, params["customer"])
    id = params.get("configuration") or default_configuration(world)["id"]
    if not world.get(CONFIGURATION, id, "configuration")["active"]:
        raise Refused(400, "This portal configuration is inactive.", param="configuration")
    if not params.get("return_url", "https://").startswith(("http://", "https://")):
        raise Refused(400, "Not a valid URL", code="url_invalid", param="return_url")
    session = world.make(
        SESSION, customer=params["customer"], configuration=id, return_url=params.get("return_url"),
        locale=params.get("locale"),
    )  # fmt: skip
    session["url"] = f"/p/session/{session['id']}"
    if flow := params.get("flow_data"):
        session["url"] += f"?flow={flow['type']}"
        after = {"type": "portal_homepage", "hosted_confirmation": None, "redirect": None} | flow.get(
            "after_completion", {}
        )
        cancels = None
        if flow["type"] == "subscription_cancel":
            given = flow.get("subscription_cancel", {})
            world.get("subscription", given.get("subscription", ""), "flow_data[subscription_cancel][subscription]")
            cancels = {"retention": None, "subscription": given["subscription"]}
        session["flow"] = {
            "type": flow["type"], "after_completion": after, "subscription_cancel": cancels,
            "subscription_update": None, "subscription_update_confirm": None,
        }  # fmt: skip
    world.tell("billing_portal.session.created", session)
    return session
