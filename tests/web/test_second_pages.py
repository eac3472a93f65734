"""Second steps: their addresses lead to where the work begins, and who goes back finds what was chosen."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.support.cast import Cast
from tests.support.clients import Browser
from tests.support.making import Maker
from tests.web.pages import heading

ClientFor = Callable[..., Browser]


@pytest.mark.parametrize(("address", "first"), [
    ("settings/members/invitations", "settings/members/invite"), ("hand-overs/preview", "hand-overs/new"),
    ("settings/teams/moves", "settings/teams"), ("settings/members/changes", "settings/members"),
    ("settings/members/changes?q=ben&sort=email", "settings/members?q=ben&sort=email"),
])  # fmt: skip
def test_the_address_of_a_second_step_leads_to_the_first(client_for: ClientFor, address: str, first: str) -> None:
    answer = client_for("admin").get(f"/acme/{address}")
    assert (answer.status_code, answer.location) == (303, f"/acme/{first}")


def test_an_address_below_a_page_leads_to_that_page(client_for: ClientFor, cast: Cast) -> None:
    team, member = f"/acme/settings/teams/{cast.teams['north']}", f"/acme/settings/members/{cast['rep'].member_id}"
    for address, page in ((f"{team}/closing", team), (f"{member}/role", member), (f"{team}/helpers", team)):
        answer = client_for("admin").get(address)
        assert (answer.status_code, answer.location) == (303, page), address


def test_who_is_no_member_is_led_nowhere(client_for: ClientFor) -> None:
    for who in ("outsider", "stranger", None):
        answer = client_for(who).get("/acme/settings/teams/moves")
        assert answer.status_code in (404, 405), who
    assert client_for("viewer").get("/acme/settings/members/invitations").status_code == 403
    part = client_for("admin").get("/acme/settings/teams/moves", headers={"HX-Request": "true"})
    assert part.status_code == 405
    assert client_for("admin").put("/acme/settings/teams").status_code == 405


def ticked(page: str) -> set[str]:
    """Return who is ticked on the page of members."""
    return set(re.findall(r'name="members" value="([^"]+)"[^>]* checked', page))


@pytest.mark.parametrize("what", ["role", "freeze"])
@pytest.mark.newest
def test_who_was_ticked_is_ticked_again(client_for: ClientFor, cast: Cast, make: Maker, what: str) -> None:
    make.company("colleague")
    admin = client_for("admin")
    chosen = [str(cast[who].member_id) for who in ("rep", "teammate")]
    role = re.search(r'<select[^>]*name="role_id".*?</select>', admin.get("/acme/settings/members").text, re.S)
    assert role is not None
    viewer = re.search(r'value="([^"]+)"[^>]*>\s*Viewer', role[0])
    assert viewer is not None
    sent = {"what": what, "members": chosen, "role_id": viewer[1]}
    listed = {"Referer": "http://localhost/acme/settings/members?q=rep&sort=email"}
    asked = admin.post("/acme/settings/members/changes", data=sent, headers=listed)
    assert asked.status_code == 200
    assert 'name="again"' in asked.text
    kept = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', asked.text)
    back: dict[str, list[str]] = {"again": ["1"]}
    for name, text in kept:
        if name not in ("csrf_token", "confirmed"):
            back.setdefault(name, []).append(text.replace("&amp;", "&"))
    page = admin.post("/acme/settings/members/changes", data=back)
    assert page.status_code == 200
    assert heading(page) == "Members"
    assert ticked(page.text) == set(chosen), "also who the search does not show"
    assert "Also chosen" in page.text
    assert 'value="rep"' in page.text, "the list is narrowed as it was"
