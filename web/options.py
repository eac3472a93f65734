"""The options of a select: written once for the same ones, because a filter by owner may offer five hundred."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, TypeAlias

from flask import Flask
from markupsafe import Markup, escape

KEPT = 100


Option: TypeAlias = tuple[str, str] | tuple[str, str, bool]
"""Value, label, and whether it cannot be chosen: plain tuples, because of many they are compared with what is kept."""


class Offered(tuple[Option, ...]):
    """Options of which it is known that they are plain texts: nobody has to look at each of five hundred."""

    __slots__ = ()


def init_app(app: Flask) -> None:
    """Give the templates `option_tags`."""
    app.jinja_env.globals.update(option_tags=option_tags)


def option_tags(options: Iterable[Any], chosen: object) -> Markup:
    """Return the tags of options, which are (value, label) or have `value`, `label` and perhaps `disabled`."""
    written = _written(options if isinstance(options, Offered) else tuple(map(_option, options)))
    value = f'value="{escape(str(chosen))}"'  # in no label: there a quotation mark is escaped
    return Markup(written.replace(value, f"{value} selected"))  # noqa: S704 - escaped


def _option(given: Any) -> Option:
    if isinstance(given, Mapping):
        return (str(given["value"]), str(given["label"]), bool(given.get("disabled")))
    if type(given) is tuple and len(given) == 2 and type(given[0]) is type(given[1]) is str:
        return given
    return (str(given[0]), str(given[1]))


@lru_cache(KEPT)
def _written(options: tuple[Option, ...]) -> str:
    """Write the options, none of them chosen."""
    return "".join(map(_tag, options))


def _tag(option: Option) -> str:
    value, label, *disabled = option
    return f'<option value="{escape(value)}"{" disabled" if any(disabled) else ""}>{escape(label)}</option>'
