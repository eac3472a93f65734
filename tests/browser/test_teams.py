"""Moving teams by mouse, by keyboard and on the phone; changing many members at once."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.support.cast import Cast
from tests.support.clients import Browser

PageFor = Callable[..., Page]
TREE = "/acme/settings/teams"


def inside(page: Page, cast: Cast, key: str, parent: str) -> None:
    """Expect one team below another, on the page as it is and as it is loaded anew."""
    for _ in range(2):
        expect(page.locator(f"#team-{cast.teams[parent]} #team-{cast.teams[key]}")).to_be_visible()
        page.goto(TREE)


def test_a_team_is_dragged_onto_another(page_for: PageFor, cast: Cast) -> None:
    page = page_for("admin")
    page.goto(TREE)
    page.get_by_role("link", name="North", exact=True).drag_to(page.get_by_role("link", name="South", exact=True))
    expect(page.locator(".toast-text", has_text="“North” is in its new place.")).to_be_visible()
    inside(page, cast, "north", "south")


def test_a_team_is_moved_by_keys_and_keeps_the_focus(page_for: PageFor, cast: Cast) -> None:
    page = page_for("admin")
    page.goto(TREE)
    page.get_by_role("link", name="South", exact=True).focus()
    page.keyboard.press("Alt+ArrowRight")
    expect(page.locator(f"#team-{cast.teams['north']} #team-{cast.teams['south']}")).to_be_visible()
    expect(page.get_by_role("link", name="South", exact=True)).to_be_focused()
    page.keyboard.press("Alt+ArrowLeft")
    expect(page.locator(f"#team-{cast.teams['north']} #team-{cast.teams['south']}")).to_have_count(0)
    inside(page, cast, "south", "root")


@pytest.mark.parametrize("width", ["phone", "desktop"])
def test_a_team_is_moved_by_the_list_of_places(page_for: PageFor, cast: Cast, width: str) -> None:
    page = page_for("admin", width)
    page.goto(TREE)
    page.get_by_role("link", name="Move to… North").click()
    page.get_by_role("button", name="South").click()
    expect(page.locator(".toast-text", has_text="“North” is in its new place.")).to_be_visible()
    inside(page, cast, "north", "south")


def test_moving_is_told_in_words_and_leaves_names_their_room(
    page_for: PageFor, client_for: Callable[..., Browser], cast: Cast
) -> None:
    admin = client_for("admin")
    admin.post(f"{TREE}/{cast.teams['south']}", data={"name": "Team South Sea", "version": "1"})
    admin.post(
        f"{TREE}/move",
        data={"team_id": str(cast.teams["south"]), "parent_id": str(cast.teams["north"]), "confirmed": "1"},
    )
    page = page_for("admin", "phone")
    page.goto(TREE)
    for key in ("north", "south"):
        words = page.locator(f"#team-{cast.teams[key]} > .team-line").get_by_text("Move to…").bounding_box()
        assert words is not None
        assert words["width"] > 40, "shown, and not only read aloud"
    name = page.get_by_role("link", name="Team South Sea", exact=True)
    assert name.evaluate("link => link.getClientRects().length") == 1, "on one line"


@pytest.mark.newest
@pytest.mark.parametrize("width", ["phone", "desktop"])
def test_many_members_are_changed(page_for: PageFor, client_for: Callable[..., Browser], width: str) -> None:
    page = page_for("admin", width)
    page.goto("/acme/settings/members")
    expect(page.locator("#bulk")).to_be_hidden()
    page.get_by_role("checkbox", name="Choose Rita Rep").check()
    page.get_by_role("checkbox", name="Choose Tom Teammate").check()
    if width == "phone":
        page.get_by_role("button", name="Change…").click()
    page.locator("#field-role_id").select_option(label="Viewer")
    page.get_by_role("button", name="Set role").click()
    page.locator("main form button[type=submit]").first.click()  # whom it touches is shown first
    expect(page.locator(".toast-text", has_text="2 people changed.")).to_be_visible()
    assert client_for("rep").get("/acme/companies/new").status_code == 403


def test_all_that_are_shown_are_chosen_at_once(page_for: PageFor) -> None:
    page = page_for("admin")
    page.goto("/acme/settings/members")
    page.get_by_role("checkbox", name="Choose Rita Rep").check()
    page.get_by_label("All shown").check()
    expect(page.locator("input[name=members]:checked")).to_have_count(7)
    page.get_by_role("checkbox", name="Choose Rita Rep").uncheck()
    expect(page.get_by_label("All shown")).not_to_be_checked()


def test_names_stand_whole_on_the_phone(page_for: PageFor, client_for: Callable[..., Browser], cast: Cast) -> None:
    client_for("admin").post(f"{TREE}/{cast.teams['north']}", data={"name": "Team North Sea", "version": "1"})
    page = page_for("admin", "phone")
    page.goto(f"{TREE}/{cast.teams['north']}")
    name, actions = page.locator("h1").bounding_box(), page.locator(".page-actions").bounding_box()
    assert name is not None
    assert actions is not None
    assert name["height"] < 40, "on one line"
    assert actions["y"] > name["y"] + name["height"], "actions that leave no room stand below"
    page.goto("/acme/settings/members")
    name, actions = page.locator("h1").bounding_box(), page.locator(".page-actions").bounding_box()
    assert name is not None
    assert actions is not None
    assert actions["y"] < name["y"] + name["height"], "where there is room they stand beside it"
    page.goto(f"{TREE}/{cast.teams['south']}/move")
    place = page.get_by_role("button", name="Team North Sea").bounding_box()
    assert place is not None
    assert place["height"] < 70, "what it is part of stands above its name"


def test_a_long_team_begins_under_the_name_and_not_under_the_picture(page_for: PageFor) -> None:
    page = page_for("admin", "phone")
    page.goto("/acme/settings/members")
    under = page.evaluate(
        """[...document.querySelectorAll('tbody tr')].map((row) => {
            const team = row.querySelector('.cell-first-meta + td')
            team.textContent = 'Straßenbahnhaltestellengesellschaft Nordwestmecklenburg'
            return team.getBoundingClientRect().left - row.querySelector('.avatar').getBoundingClientRect().right
        })"""
    )
    assert under
    assert min(under) > 0
