"""Jinja's environment, with one way shortened."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

from flask.templating import Environment


class TemplateEnvironment(Environment):
    """Flask's environment whose globals are one dictionary.

    Jinja lays an empty one over it for each template, and compares the two at every import of a component: a tenth
    of a page's time.
    """

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """Return the globals of a template; raises ValueError for a single one's, which would be everybody's."""
        if d:
            raise ValueError("a template takes values when it is rendered")
        return self.globals
