"""From where a request comes, as the audit log keeps it."""

from __future__ import annotations

from uuid import UUID

from flask import g, request

from saas_crm.core.audit import Actor
from saas_crm.edge.devices import device_of

LONGEST = 300  # characters of a User-Agent that are looked at


def request_origin() -> dict[str, str]:
    """Return the address and, in few words, the browser of this request: "Chrome on Android"."""
    device = device_of(request.user_agent.string[:LONGEST])
    browser = " on ".join(word for word in (device.browser, device.system) if word)
    found = {"address": request.remote_addr or "", "browser": browser}
    return {name: value for name, value in found.items() if value}


def request_actor(member_id: UUID | None, through: str, *, as_whom: UUID | None = None) -> Actor:
    """Return who acts by this request, with its id and its origin; `as_whom` is the member they look as."""
    origin = request_origin() | ({"as": str(as_whom)} if as_whom else {})
    return Actor(member_id, through, g.request_id, origin)
