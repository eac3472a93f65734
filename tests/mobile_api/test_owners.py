"""A record always has an owner: without one it is the member's own, and none is taken away."""

from __future__ import annotations

import json
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


@pytest.mark.parametrize("kind", NEW)
def test_nobody_is_given_what_their_role_cannot_edit(kind: str, api_for: Callable[..., Phone], make: Maker) -> None:
    """A viewer sees everything and changes nothing: what they would own nobody could work on."""
    owner: Any = api_for("owner")
    viewer, colleague = str(make.member_id("viewer")), str(make.member_id("colleague"))
    record = owner.post(f"/{kind}", json=NEW[kind]).json
    given = owner.patch(f"/{kind}/{record['id']}", data=json.dumps({"owner_id": viewer}), **PATCH)
    assert places(given) == {"#/owner_id"}
    assert "cannot edit" in given.text
    assert places(owner.post(f"/{kind}", json={**NEW[kind], "owner_id": viewer})) == {"#/owner_id"}
    assert owner.get(f"/{kind}/{record['id']}").json["owner_id"] == str(make.member_id("owner"))
    # Who was given it edits it at once.
    assert owner.patch(f"/{kind}/{record['id']}", data=json.dumps({"owner_id": colleague}), **PATCH).status_code == 200
    name = "subject" if kind == "activities" else "name"
    edited = api_for("colleague").patch(f"/{kind}/{record['id']}", data=json.dumps({name: "Mine"}), **PATCH)
    assert (edited.status_code, edited.json[name]) == (200, "Mine")
