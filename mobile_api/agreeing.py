"""Whether who writes has seen what is there now."""

from __future__ import annotations

from collections.abc import Callable

from flask import g, request

from mobile_api.problems import ApiProblem, problem
from mobile_api.reading import if_match_allows
from mobile_api.records import tag_of, with_tag
from mobile_api.shapes import Fields


def check_if_match(present: Fields, again: Callable[[], Fields] | None = None) -> None:
    """Raise ApiProblem (412) with what is there now, and its tag, where If-Match names something else.

    `again` tells what is there where the race is lost only at the database.
    """
    if again is not None:
        g.show_current = lambda: with_tag(again())
    tag = tag_of(present)
    if not if_match_allows(request.headers.get("If-Match"), tag):
        raise ApiProblem(problem("precondition-failed", current=present), {"ETag": tag})
