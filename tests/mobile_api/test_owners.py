"""A record always has an owner: without one it is the member's own, and none is taken away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.api import places
from tests.support.clients import Phone
from tests.support.making import Maker

NEW = {
    "companies": {"name": "Ada Ltd"},
    "contacts": {"name": "Eva"},
    "activities": {"kind": "task", "subject": "Call"},
    "opportunities": {"name": "Ovens"},
}
PATCH = {"content_type": "application/merge-patch+json"}


@pytest.mark.parametrize("kind", NEW)
def test_no_owner_named_is_the_members_own(kind: str, api_for: Callable[..., Phone], make: Maker) -> None:
    made = api_for("rep").post(f"/{kind}", json={**NEW[kind], "owner_id": None})
    assert made.status_code == 201, made.text
    assert made.json["owner_id"] == str(make.member_id("rep"))


@pytest.mark.parametrize("kind", NEW)
def test_an_owner_is_not_taken_away(kind: str, api_for: Callable[..., Phone], make: Maker) -> None:
    owner: Any = api_for("owner")
    record = api_for("rep").post(f"/{kind}", json=NEW[kind]).json
    answer = owner.patch(f"/{kind}/{record['id']}", data=b'{"owner_id": null}', **PATCH)
    assert places(answer) == {"#/owner_id"}
    shown = owner.get(f"/{kind}/{record['id']}").json
    assert (shown["owner_id"], shown["version"]) == (str(make.member_id("rep")), 1)
    other = str(make.member_id("colleague")).encode()
    answer = owner.patch(f"/{kind}/{record['id']}", data=b'{"owner_id": "%s"}' % other, **PATCH)
    assert answer.json["owner_id"] == other.decode()
