"""Attributes written from a mapping (`|xmlattr`), also such as hold JSON.

Jinja takes what `|tojson` wrote for HTML and leaves it as it is: good for a script, but in an attribute its first
quotation mark ends the value. What was escaped already has none left, and stays as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Flask
from jinja2.filters import do_xmlattr
from jinja2.nodes import EvalContext
from jinja2.utils import pass_eval_context
from markupsafe import Markup


@pass_eval_context
def attributes(context: EvalContext, values: Mapping[str, Any], autospace: bool = True) -> str:
    """Write attributes as `|xmlattr` does, with the quotation marks of HTML that was written already escaped."""
    return do_xmlattr(context, {name: _quoted(value) for name, value in values.items()}, autospace)


def _quoted(value: Any) -> Any:
    """Markup's own `replace` would escape what is put in."""
    return Markup(str.replace(value, '"', "&#34;")) if isinstance(value, Markup) else value  # noqa: S704 - only safer


def init_app(app: Flask) -> None:
    """Put it in the place of Jinja's own."""
    app.jinja_env.filters["xmlattr"] = attributes
