"""Whether who writes has seen what is there now."""

from __future__ import annotations

from flask import request

from mobile_api.problems import ApiProblem, problem
from mobile_api.reading import if_match_allows
from mobile_api.records import tag_of
from mobile_api.shapes import Fields


def check_if_match(present: Fields) -> None:
    """Raise ApiProblem (412) with what is there now, and its tag, where If-Match names something else."""
    tag = tag_of(present)
    if not if_match_allows(request.headers.get("If-Match"), tag):
        raise ApiProblem(problem("precondition-failed", current=present), {"ETag": tag})
