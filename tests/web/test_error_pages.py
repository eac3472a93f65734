"""What an error page keeps around itself: a member's bars inside their workspace, nothing for anybody else."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest

from tests.support.clients import Browser
from tests.support.making import Maker
from tests.web.pages import heading

ClientFor = Callable[..., Browser]
NOWHERE = UUID(int=0)
BARS = ('class="sidebar"', 'class="bottom-bar"')


def has_bars(text: str) -> bool:
    found = {bar in text for bar in BARS}
    assert len(found) == 1, "one bar without the other"
    return found.pop()


@pytest.mark.parametrize(
    ("address", "status"),
    [
        (f"/acme/companies/{NOWHERE}", 404), ("/acme/no-such-page", 404), ("/acme/deals/new", 403),
        ("/acme/companies/x/y/z", 404),
    ],
)  # fmt: skip
def test_a_member_keeps_the_bars(client_for: ClientFor, address: str, status: int) -> None:
    page = client_for("viewer").get(address)
    assert page.status_code == status
    assert has_bars(page.text)
    assert 'href="/acme/" class="button button-primary' in page.text, "back to the start of the workspace"


def test_a_wrong_method_keeps_the_bars(client_for: ClientFor) -> None:
    page = client_for("rep").post("/acme/search")
    assert page.status_code == 405
    assert has_bars(page.text)


@pytest.mark.parametrize("who", ["stranger", "outsider"])
@pytest.mark.parametrize("path", ["/", "/companies", "/no-such-page"])
def test_who_is_no_member_sees_what_a_missing_workspace_shows(client_for: ClientFor, who: str, path: str) -> None:
    browser = client_for(who)
    there, nowhere = browser.get(f"/acme{path}"), browser.get(f"/no-such-place{path}")
    assert there.status_code == nowhere.status_code == 404
    assert heading(there) == heading(nowhere)
    assert not has_bars(there.text)
    assert "Acme Instruments" not in there.text


def test_nobody_sees_the_plain_page(client_for: ClientFor) -> None:
    page = client_for(None).get("/acme/no-such-page")
    assert page.status_code == 404
    assert not has_bars(page.text)


def test_both_values_of_a_lost_race_keep_the_bars(client_for: ClientFor, make: Maker) -> None:
    company = make.company("rep")
    here = f"/acme/companies/{company.id}"
    client_for("owner").post(here, data={"name": "Theirs", "version": "1"})
    page = client_for("rep").post(here, data={"name": "Mine", "version": "1"})
    assert page.status_code == 409
    assert has_bars(page.text)
