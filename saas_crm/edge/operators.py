"""The place where the operators' console hangs in what it needs of every request; without it nothing of it is here."""

from __future__ import annotations

from collections.abc import Callable

from flask import current_app
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

OPERATORS_GATE = "operators_gate"
Gate = Callable[[str], ResponseReturnValue | None]


def operators_gate() -> Gate:
    """Return the check that the console brought along; raises NotFound where it is not served."""
    gate: Gate | None = current_app.extensions.get(OPERATORS_GATE)
    if gate is None:
        raise NotFound
    return gate
