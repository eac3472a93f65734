"""The way from what is administered to what the log says of it, and what is said of programs' reading."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest

from tests.support.cast import Cast
from tests.support.clients import Browser, statements

ClientFor = Callable[..., Browser]


def link_in(page: str) -> str:
    found = re.search(r'href="([^"]*/settings/audit\?[^"]*)"', page)
    return unescape(found[1]) if found else ""


@pytest.fixture
def changed(client_for: ClientFor, api_for: Callable[..., Any], cast: Cast) -> dict[str, tuple[str, str]]:
    """One of each was changed: its page, and a word that the log has of it."""
    owner = api_for("owner")
    roles = {one["key"]: one["id"] for one in owner.get("/roles").json["items"]}
    rep, north = cast["rep"].member_id, cast.teams["north"]
    for path, wanted in (
        (f"/members/{rep}", {"role_id": roles["viewer"]}), (f"/teams/{north}", {"name": "Nord"}),
        (f"/roles/{roles['rep']}", {"name": "Representatives"}),
    ):  # fmt: skip
        assert owner.patch(path, json=wanted).status_code == 200
    page = client_for("owner").get("/acme/settings/pipelines").text
    add = re.search(r'action="([^"]*/settings/pipelines/[0-9a-f-]{36}[^"]*)" data-draft="stage:new"', page)
    assert add is not None
    stage = {"name": "Tasting", "probability": "33"}
    assert client_for("owner").post(add[1], data=stage).status_code == 303
    return {
        "member": (f"members/{rep}", "Viewer"), "team": (f"teams/{north}", "Nord"),
        "role": (f"roles/{roles['rep']}", "Representatives"), "stages": ("pipelines", "Tasting"),
    }  # fmt: skip


@pytest.mark.parametrize("what", ["member", "team", "role", "stages"])
def test_its_history_is_one_click_away(client_for: ClientFor, changed: dict[str, tuple[str, str]], what: str) -> None:
    (path, said), owner = changed[what], client_for("owner")
    owner.get("/acme/")
    page = owner.get(f"/acme/settings/{path}")
    assert statements(page) <= 8
    log = owner.get(link_in(page.text))
    assert log.status_code == 200
    assert said in log.text.split('class="timeline"')[1]
    assert link_in(client_for("viewer").get(f"/acme/settings/{path}").text) == "", "who may not read the log"


def test_it_is_said_what_programs_read(client_for: ClientFor) -> None:
    owner = client_for("owner")
    assert "what programs read is not" in owner.get("/acme/settings/tokens").text
    found = re.findall(r'href="(/acme/settings/roles/[0-9a-f-]{36})"', owner.get("/acme/settings/roles").text)
    pages = [owner.get(address).text for address in dict.fromkeys(found)]
    assert sum("A program with a token reads" in page for page in pages) == 4, "of the five, the owners' is not edited"
