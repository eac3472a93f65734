"""Working hours are filled in by one press, on the phone too."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.support.cast import Cast


@pytest.mark.newest
@pytest.mark.parametrize("width", ["phone", "desktop"])
def test_hours_are_filled_in_one_go(page_for: Callable[..., Page], cast: Cast, width: str) -> None:
    page = page_for("rep", width)
    page.goto(f"/acme/settings/members/{cast['rep'].member_id}")
    page.get_by_label("Sunday from").fill("10:00")
    page.get_by_role("button", name="Mon–Fri 09:00–17:00").click()
    expect(page.get_by_label("Monday from")).to_have_value("09:00")
    expect(page.get_by_label("Friday to")).to_have_value("17:00")
    expect(page.get_by_label("Sunday from")).to_have_value("")
    page.get_by_role("button", name="Save working hours").click()
    expect(page.get_by_text("Working hours: Mon–Fri 09:00–17:00")).to_be_visible()
