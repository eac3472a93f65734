"""A form that is answered as if another one had been sent."""

from __future__ import annotations

from collections.abc import Iterable

from flask import request
from werkzeug.datastructures import ImmutableMultiDict


def go_on_with(pairs: Iterable[tuple[str, str]]) -> None:
    """Let the rest of the request read these fields as its form, also where it reads form and address together."""
    request.form = ImmutableMultiDict(pairs)
    request.__dict__.pop("values", None)  # werkzeug remembers both together from the first time on
