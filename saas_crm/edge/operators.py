"""The place where the operators' console hangs in what it needs of every request; without it nothing of it is here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from flask import current_app, g, session
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from saas_crm.access.permissions import CurrentMember

OPERATORS_GATE = "operators_gate"
VISITS = "operators_visits"
KEPT = "operator_visit"
"""Where the session cookie keeps the workspace that an operator looks into, and by which visit."""
Gate = Callable[[str], ResponseReturnValue | None]


def operators_gate() -> Gate:
    """Return the check that the console brought along; raises NotFound where it is not served."""
    gate: Gate | None = current_app.extensions.get(OPERATORS_GATE)
    if gate is None:
        raise NotFound
    return gate


@dataclass(frozen=True, slots=True)
class Visits:
    """How the console finds whom an operator looks as (None: no longer), and notes what was refused meanwhile.

    `photo` is a member's, by tenant and visit, user and digest: photos stand outside of workspaces, and are looked at.
    """

    find: Callable[[str], CurrentMember | None]
    refused: Callable[[], None]
    photo: Callable[[str, str, UUID, str], bytes | None]


class VisitOver(Exception):
    """An operator looked into the workspace, and that has come to its end."""


def visited() -> CurrentMember | None:
    """Return the member as whom an operator looks into this workspace; None for everybody else's browser.

    Nobody else has the mark in their cookie, so for nobody else it takes a statement. Raises VisitOver.
    """
    kept = session.get(KEPT)
    visits: Visits | None = current_app.extensions.get(VISITS)
    if not kept or visits is None or kept.get("tenant") != str(g.tenant.id):
        return None
    found = visits.find(str(kept.get("visit", "")))
    if found is None:
        session.pop(KEPT, None)
        raise VisitOver
    return found


def visited_photo(user_id: UUID, digest: str) -> bytes | None:
    """Return the photo of a member of the workspace an operator looks into; None for everybody else's browser."""
    kept = session.get(KEPT)
    visits: Visits | None = current_app.extensions.get(VISITS)
    if not kept or visits is None:
        return None
    return visits.photo(str(kept.get("tenant", "")), str(kept.get("visit", "")), user_id, digest)


def note_refused() -> None:
    """Write down that an operator tried more than looking."""
    visits: Visits | None = current_app.extensions.get(VISITS)
    if visits is not None:
        visits.refused()
