"""Support access by the API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.clients import statements

ApiFor = Callable[..., Any]
BODY = {"hours": 8, "note": "The board is empty"}
PATH = "/support-access"


def test_it_is_given_shown_and_withdrawn(api_for: ApiFor) -> None:
    admin = api_for("admin")
    assert admin.get(PATH).json == {
        "allowed": False, "id": None, "note": None, "given_at": None, "until": None, "member_name": None
    }  # fmt: skip
    made = admin.post(PATH, json=BODY)
    assert made.status_code == 201
    assert made.json["allowed"] is True
    assert made.json["member_name"] == "Adam Admin"
    shown = api_for("owner").get(PATH)
    assert shown.json == made.json
    assert statements(made) <= 6
    assert statements(shown) <= 5
    assert admin.delete(PATH).status_code == 204
    assert admin.delete(PATH).status_code == 204
    assert admin.get(PATH).json["allowed"] is False


@pytest.mark.parametrize("who", ["manager", "rep", "viewer"])
def test_it_is_for_administrators(api_for: ApiFor, who: str) -> None:
    client = api_for(who)
    answers = [client.get(PATH), client.post(PATH, json=BODY), client.delete(PATH)]
    assert [answer.status_code for answer in answers] == [403] * 3


def test_another_workspaces_token_opens_nothing(api_for: ApiFor) -> None:
    assert api_for("outsider", slug="acme").get(PATH).status_code == 401


@pytest.mark.parametrize("body", [{"hours": 9, "note": "x"}, {"hours": 8, "note": " "}, {"hours": 8}, {**BODY, "x": 1}])
def test_what_does_not_fit_is_refused(api_for: ApiFor, body: dict[str, Any]) -> None:
    assert api_for("admin").post(PATH, json=body).status_code == 422


def test_sent_twice_with_a_key_it_is_one(api_for: ApiFor) -> None:
    admin = api_for("admin")
    answers = [admin.post(PATH, json=BODY, headers={"Idempotency-Key": "support-1"}) for _turn in range(2)]
    assert answers[0].json["id"] == answers[1].json["id"]
