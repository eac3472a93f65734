"""What was wrong is said no longer once it is changed; and the words of a new role are kept."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.conftest import Width
from tests.support.cast import Cast
from tests.support.making import Maker

PageFor = Callable[..., Page]


def test_an_error_goes_with_the_choice_it_was_about(page_for: PageFor, make: Maker, cast: Cast, width: Width) -> None:
    make.company("rep")
    page = page_for("owner", width)
    page.goto(f"/acme/hand-overs/new?from={cast['rep'].member_id}")
    page.get_by_role("button", name="See who gets what").click()
    expect(page.get_by_role("heading", name="Please check:")).to_be_visible()
    assert "Not saved yet" not in page.content()
    page.get_by_text("By load").click()
    expect(page.locator(".form-errors")).to_have_count(0)
    expect(page.locator(".field-error:visible")).to_have_count(0)


def test_an_error_goes_when_its_field_is_mended(page_for: PageFor, width: Width) -> None:
    page = page_for("rep", width)
    page.goto("/acme/companies/new")
    page.locator("[name=email]").evaluate("field => { field.type = 'text'; }")
    page.locator("[name=email]").fill("x@")
    page.locator("main form[method=post] button[type=submit]").last.click()
    expect(page.locator(".form-errors li")).to_have_count(2)
    page.locator("[name=name]").fill("Mended Ltd")
    expect(page.locator(".form-errors li")).to_have_count(1)
    expect(page.locator("#field-email-error")).to_be_visible()
    page.locator("[name=email]").fill("")
    expect(page.locator(".form-errors")).to_have_count(0)


def test_a_new_role_is_not_lost_by_leaving(page_for: PageFor, width: Width) -> None:
    page = page_for("owner", width)
    page.goto("/acme/settings/roles/new")
    page.locator("[name=name]").fill("Partners abroad")
    if width == "phone":
        page.locator("[data-fold]").first.click()
    page.locator("select[name=company__read]").select_option("own")
    page.goto("/acme/settings/workspace")
    page.goto("/acme/settings/roles/new")
    expect(page.locator("[name=name]")).to_have_value("Partners abroad")
    expect(page.locator("select[name=company__read]")).to_have_value("own")
    page.locator("main form[method=post] button[type=submit]").last.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Partners abroad")
    page.goto("/acme/settings/roles/new")
    expect(page.locator("[name=name]")).to_have_value("")
    expect(page.locator(".draft-note")).to_have_count(0)


def test_a_draft_does_not_undo_what_another_saved(page_for: PageFor, make: Maker) -> None:
    here = f"/acme/companies/{make.company('rep', name='Ada', city='Linz').id}"
    page, other = page_for("rep"), page_for("owner")
    page.goto(f"{here}/edit")
    page.locator("[name=industry]").fill("Steel")
    page.goto("/acme/companies")
    other.goto(f"{here}/edit")
    other.locator("[name=city]").fill("Graz")
    other.locator("main form[method=post] button[type=submit]").last.click()
    expect(other.locator(".toast-text").first).to_have_text("Saved.")
    page.goto(f"{here}/edit")
    expect(page.locator("[name=industry]")).to_have_value("Steel")
    page.locator("main form[method=post] button[type=submit]").last.click()
    expect(page.get_by_text("What Olivia Owner changed meanwhile is kept too: City").last).to_be_visible()
    page.goto(f"{here}/edit")
    expect(page.locator("[name=city]")).to_have_value("Graz")
    expect(page.locator("[name=industry]")).to_have_value("Steel")
