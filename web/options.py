"""The options of a select: written once for the same ones, because a filter by owner may offer five hundred."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, TypeAlias

from flask import Flask
from markupsafe import Markup, escape

KEPT = 200


Option: TypeAlias = tuple[str, str] | tuple[str, str, bool]
"""Value, label, and whether it cannot be chosen: plain tuples, because of many they are compared with what is kept."""


def init_app(app: Flask) -> None:
    """Give the templates `option_tags`."""
    app.jinja_env.globals.update(option_tags=option_tags)


def option_tags(options: Iterable[Any], chosen: object) -> Markup:
    """Return the tags of options, which are (value, label) or have `value`, `label` and perhaps `disabled`."""
    return _written(tuple(map(_option, options)), str(chosen))


def _option(given: Any) -> Option:
    if isinstance(given, Mapping):
        return (str(given["value"]), str(given["label"]), bool(given.get("disabled")))
    if type(given) is tuple and len(given) == 2 and type(given[0]) is type(given[1]) is str:
        return given
    return (str(given[0]), str(given[1]))


@lru_cache(KEPT)
def _written(options: tuple[Option, ...], chosen: str) -> Markup:
    return Markup("").join(_tag(option, chosen) for option in options)


def _tag(option: Option, chosen: str) -> Markup:
    value, label, *disabled = option
    state = " selected" if value == chosen else ""
    state += " disabled" if any(disabled) else ""
    return Markup(f'<option value="{escape(value)}"{state}>{escape(label)}</option>')  # noqa: S704 - escaped
