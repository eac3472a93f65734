"""Which of several causes decides, and what a process makes of what the database says."""

from __future__ import annotations

from itertools import product

import pytest

from tenants.standing import Suspension, access_of, status_for, telling

CAUSES = [None, "read_only", "closed"]


@pytest.mark.parametrize(("operator", "billing", "deletion"), [*product(CAUSES, CAUSES, [None, "closed"])])
def test_the_strictest_decides(operator: str | None, billing: str | None, deletion: str | None) -> None:
    kinds = {"operator": operator, "billing": billing, "deletion": deletion}
    causes = tuple(Suspension(cause, kind) for cause, kind in kinds.items() if kind)  # type: ignore[arg-type]
    said = {kind for kind in kinds.values() if kind}
    expected = "closed" if "closed" in said else "read_only" if said else "open"
    status = status_for(causes)
    assert access_of(status, causes) == expected
    mine = "closed" if operator == "closed" else expected.replace("closed", "read_only")
    assert access_of(status, causes, owner=True) == mine
    told = telling(causes)
    assert (told is None) == (not causes)
    assert told is None or told.kind == ("closed" if "closed" in said else "read_only")


@pytest.mark.parametrize("status", ["suspended", "closed", "read_only"])
def test_one_without_a_known_cause_is_as_its_status_says(status: str) -> None:
    assert access_of(status, (), owner=True) == ("read_only" if status == "read_only" else "closed")
