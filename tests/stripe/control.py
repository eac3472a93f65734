"""What tests and the demo steer a double by that runs in a process of its own: `/_control/…`, in JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from flask import Blueprint, jsonify, request

from tests.stripe.errors import Refused

if TYPE_CHECKING:
    from flask import Response

    from tests.stripe.double import Double

_ACTS = ("pay", "leave", "change_card", "cancel", "resume", "pay_invoice")


def blueprint(double: Double) -> Blueprint:
    """Return the routes."""
    routes = Blueprint("control", __name__, url_prefix="/_control")

    @routes.errorhandler(Refused)
    def refused(error: Refused) -> tuple[Response, int]:
        return jsonify(error.body), error.status

    @routes.get("/clock")
    def clock() -> Response:
        return jsonify(now=double.now)

    @routes.post("/clock")
    def move_clock() -> Response:
        asked = _body()
        double.advance_to(asked["to"]) if "to" in asked else double.advance(seconds=asked["by"])
        return jsonify(now=double.now)

    @routes.post("/account")
    def change_account() -> Response:
        for name, value in _body().items():
            assert hasattr(double.account, name), name
            setattr(double.account, name, tuple(value) if isinstance(value, list) else value)
        return jsonify(asdict(double.account))

    @routes.post("/cards")
    def cards() -> Response:
        double.cards(**_body())
        return jsonify(done=True)

    @routes.post("/trouble")
    def trouble() -> Response:
        double.trouble(**_body())
        return jsonify(done=True)

    @routes.post("/acts/<name>")
    def act(name: str) -> Response:
        assert name in _ACTS, name
        return jsonify(getattr(double.acts, name)(**_body()))

    @routes.get("/requests")
    def requests() -> Response:
        return jsonify([asdict(asked) for asked in double.requests])

    @routes.get("/violations")
    def violations() -> Response:
        return jsonify(double.violations)

    @routes.get("/events")
    def events() -> Response:
        return jsonify(double.events(request.args.get("type", "")))

    @routes.post("/reset")
    def reset() -> Response:
        double.reset()
        return jsonify(done=True)

    @routes.get("/dump")
    def dump() -> Response:
        return jsonify(double.dump())

    @routes.post("/load")
    def load() -> Response:
        double.load(_body())
        return jsonify(done=True)

    _of_webhooks(routes, double)
    return routes


def _of_webhooks(routes: Blueprint, double: Double) -> None:
    @routes.post("/webhooks/endpoint")
    def endpoint() -> Response:
        return jsonify(double.webhooks.endpoint(**_body()))

    @routes.post("/webhooks/switch")
    def switch() -> Response:
        double.webhooks.switch(**_body())
        return jsonify(asdict(double.webhooks.switches))

    @routes.post("/webhooks/auto")
    def auto() -> Response:
        double.webhooks.auto(**_body())
        return jsonify(done=True)

    @routes.post("/webhooks/deliver")
    def deliver() -> Response:
        return jsonify(double.webhooks.deliver())

    @routes.get("/webhooks/undelivered")
    def undelivered() -> Response:
        names = ("event", "type", "url", "due", "state", "answers")
        return jsonify([{name: getattr(post, name) for name in names} for post in double.webhooks.undelivered()])


def _body() -> dict[str, Any]:
    found: dict[str, Any] = request.get_json()
    return found
