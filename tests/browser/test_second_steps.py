"""The Back button after work in two steps: never an error of the browser, and nothing typed is lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select, update

from saas_crm.access.models import Member, Role
from tenants.db import db
from tests.browser.conftest import Width
from tests.support.cast import Cast
from tests.support.making import Maker

PageFor = Callable[..., Page]
MAIN = "main form[method=post] button[type=submit]"


def _no_page_of_the_browsers(page: Page) -> None:
    expect(page.locator("main#main")).to_be_visible()
    assert page.url.startswith("http://"), page.url


def test_back_after_inviting(page_for: PageFor, width: Width) -> None:
    page = page_for("owner", width)
    page.goto("/acme/settings/members")
    page.goto("/acme/settings/members/invite")
    page.locator("[name=addresses]").fill("Eva Lind <eva.back@new.example>")
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_role("button", name="Send")).to_be_visible()
    assert page.url.endswith("/settings/members/invite")
    page.go_back()
    expect(page.locator("[name=addresses]")).to_have_value("Eva Lind <eva.back@new.example>")
    page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Send").click()
    page.wait_for_url("**/settings/members")
    page.go_back()
    expect(page.locator("[name=addresses]")).to_be_visible()
    expect(page.locator("[name=addresses]")).to_have_value("")
    page.reload()
    _no_page_of_the_browsers(page)


def test_back_after_handing_over(page_for: PageFor, make: Maker, cast: Cast, width: Width) -> None:
    make.company("rep", name="Given Ltd")
    page = page_for("owner", width)
    page.goto(f"/acme/hand-overs/new?from={cast['rep'].member_id}")
    page.locator("[name=to_one]").select_option(label="Tom Teammate")
    page.get_by_role("button", name="See who gets what").click()
    hand_over = page.get_by_role("button", name="Hand over 1 company or contact")
    expect(hand_over).to_be_visible()
    page.reload()
    expect(page.locator("[name=to_one]")).to_be_visible()
    page.get_by_role("button", name="See who gets what").click()
    hand_over.click()
    page.wait_for_url("**/hand-overs/*")
    page.go_back()
    _no_page_of_the_browsers(page)
    assert f"from={cast['rep'].member_id}" in page.url


@pytest.mark.parametrize("sure", ["Save", "again"])
def test_back_after_a_role_was_previewed(page_for: PageFor, make: Maker, acting: Any, width: Width, sure: str) -> None:
    make.company("colleague")
    page = page_for("owner", width)
    page.goto("/acme/settings/roles")
    page.get_by_role("link", name="Sales rep").click()
    here = page.url
    if width == "phone":
        page.locator("[data-fold]").first.click()
    page.locator("select[name=company__read]").select_option("all")
    page.locator(MAIN).last.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Before you save")
    assert page.url == here
    if sure == "again":
        page.get_by_role("button", name="Back to change it").click()
        expect(page.locator("select[name=company__read]")).to_have_value("all")
        assert page.url == here
        page.locator(MAIN).last.click()
    page.get_by_role("button", name="Save").first.click()
    expect(page.locator(".toast")).to_contain_text("Saved")
    page.go_back()
    _no_page_of_the_browsers(page)
    page.goto(here)
    expect(page.locator("select[name=company__read]")).to_have_value("all")
    expect(page.locator(".draft-note")).to_have_count(0)


def test_back_after_a_team_was_moved(page_for: PageFor, make: Maker, acting: Any, cast: Cast, width: Width) -> None:
    make.company("rep")
    with acting("owner"):
        leads = select(Role.id).where(Role.key == "manager").scalar_subquery()
        db.session.execute(update(Member).where(Member.id == cast["colleague"].member_id).values(role_id=leads))
    page = page_for("owner", width)
    page.goto(f"/acme/settings/teams/{cast.teams['north']}/move")
    page.get_by_role("button", name="South").click()
    page.get_by_role("button", name="Save").first.click()
    page.wait_for_url("**/settings/teams")
    page.go_back()
    _no_page_of_the_browsers(page)
    page.goto("/acme/settings/teams/moves")
    assert page.url.endswith("/settings/teams")


def test_back_after_a_bulk_change(page_for: PageFor, make: Maker, cast: Cast, width: Width) -> None:
    make.company("colleague")
    page = page_for("owner", width)
    page.goto("/acme/settings/members")
    chosen = page.locator(f"input[name=members][value='{cast['rep'].member_id}']")
    chosen.check()
    if width == "phone":
        page.get_by_role("button", name="Change…").click()
    page.get_by_role("button", name="Lock out").click()
    page.get_by_role("button", name="Back to change it").click()
    expect(chosen).to_be_checked()
    if width == "phone":
        page.get_by_role("button", name="Change…").click()
    page.get_by_role("button", name="Lock out").click()
    page.get_by_role("button", name="Lock out").last.click()
    expect(page.locator(".toast")).to_contain_text("Locked out")
    page.go_back()
    _no_page_of_the_browsers(page)
