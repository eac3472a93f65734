"""What a workspace a release behind has no place for: it is said to wait, never kept by half, and what was typed stays.

The year and the languages have their place at an address that others of its fields could be changed at before; the
numbers' pages have no other.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.rollout.conftest import Rollout
from tests.support.api import problem
from tests.support.clients import browser_of, phone_of
from tests.support.pages import Page

PAGE = "/acme/settings/workspace"
WAIT = "This workspace is being upgraded; try again in some minutes."


@pytest.mark.parametrize(
    "change", [{"fiscal_month": 4}, {"languages": ["en"]}, {"name": "Two at once", "fiscal_month": 4}]
)
def test_a_program_is_told_to_wait_and_nothing_of_it_is_kept(rollout: Rollout, change: dict[str, Any]) -> None:
    owner = phone_of(rollout.app, rollout.cast["owner"])
    before = owner.get("/workspace")
    told = owner.patch("/workspace", json=change, headers={"Idempotency-Key": "once"})
    assert problem(told, 503, "unavailable")["detail"] == "The workspace is being upgraded; this takes a moment."
    assert int(told.headers["Retry-After"]) > 0
    assert owner.get("/workspace").json == before.json
    assert owner.get("/workspace").headers["ETag"] == before.headers["ETag"]
    rollout.upgrade("acme")
    done = owner.patch("/workspace", json=change, headers={"Idempotency-Key": "once"})
    assert (done.status_code, {name: done.json[name] for name in change}) == (200, change), "the key was not used up"
    assert owner.get("/workspace").json == done.json


def test_what_is_wrong_is_told_before(rollout: Rollout) -> None:
    owner = phone_of(rollout.app, rollout.cast["owner"])
    for wrong in ({"fiscal_month": 13}, {"languages": ["zh_Hans"]}, {"fiscal_month": 4, "currency": "XXQ"}):
        assert owner.patch("/workspace", json=wrong).status_code == 422, wrong
    refused = owner.patch("/workspace", json={"fiscal_month": 4}, headers={"If-Match": '"another"'})
    assert refused.status_code == 412


def test_who_sends_all_as_it_was_has_the_rest_kept(rollout: Rollout) -> None:
    owner = phone_of(rollout.app, rollout.cast["owner"])
    same = {name: owner.get("/workspace").json[name] for name in ("fiscal_month", "languages")}
    assert owner.patch("/workspace", json={"name": "Acme Behind", **same}).status_code == 200
    assert owner.get("/workspace").json["name"] == "Acme Behind"
    assert owner.patch("/workspace", json=same).status_code == 200


def test_a_form_comes_back_with_what_was_typed_and_is_sent_again(rollout: Rollout) -> None:
    owner = browser_of(rollout.app, rollout.cast["owner"])
    [form] = [form for form in Page(owner.get(PAGE).text).forms if form.action == PAGE]
    sent = form.filled({}) | {"name": "Acme of April", "fiscal_month": "4", "languages": "en"}
    told = owner.post(PAGE, data=sent, headers={"Referer": f"http://localhost{PAGE}"})
    assert told.status_code == 503
    assert [words in told.text for words in (WAIT, "Nothing was saved.", "Acme of April")] == [True] * 3
    assert "Acme of April" not in owner.get(PAGE).text
    [again] = [form for form in Page(told.text).forms if form.action == PAGE]
    assert f'href="{PAGE}"' in told.text, "the way back"
    rollout.upgrade("acme")
    assert owner.post(PAGE, data=again.filled({})).status_code == 303
    assert phone_of(rollout.app, rollout.cast["owner"]).get("/workspace").json["fiscal_month"] == 4
    assert 'value="Acme of April"' in owner.get(PAGE).text


def test_a_part_of_a_page_says_it_at_its_foot(rollout: Rollout) -> None:
    owner = browser_of(rollout.app, rollout.cast["owner"])
    told = owner.post("/acme/settings/sharing", data={"children_follow": "1"}, headers={"HX-Request": "true"})
    assert told.status_code == 503
    assert "Nothing was saved" in told.headers["HX-Trigger"]
    assert not told.text


NUMBERS = "/settings/numbering"


@pytest.mark.parametrize("page", [NUMBERS, f"{NUMBERS}/company", f"{NUMBERS}/company/next?pattern=C-{{000}}"])
def test_the_pages_of_the_numbers_wait(rollout: Rollout, page: str) -> None:
    owner = browser_of(rollout.app, rollout.cast["owner"])
    told = owner.get(f"/acme{page}")
    assert (told.status_code, WAIT in told.text) == (503, True)
    assert owner.get(f"/acme{NUMBERS}/nothing").status_code == 404
    rollout.upgrade("acme")
    assert owner.get(f"/acme{page}").status_code == 200


def test_a_rule_that_is_typed_comes_back(rollout: Rollout) -> None:
    owner, phone = browser_of(rollout.app, rollout.cast["owner"]), phone_of(rollout.app, rollout.cast["owner"])
    told = owner.post(f"/acme{NUMBERS}/company", data={"on": "1", "pattern": "KU-{000}"})
    assert (told.status_code, "KU-{000}" in told.text) == (503, True)
    for answer in (
        phone.get("/numbering"), phone.patch("/numbering/company", json={"on": True}),
        phone.post("/numbering/company/existing"),
    ):  # fmt: skip
        problem(answer, 503, "unavailable")
    assert phone.patch("/numbering/nothing", json={"on": True}).status_code == 404
