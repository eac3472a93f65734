"""What was typed is kept for the workspace, whatever its address."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from playwright.sync_api import Page, expect

from tests.support.cast import Cast
from tests.support.making import Maker

PageFor = Callable[..., Page]


def test_a_note_survives_a_new_address_of_the_workspace(page_for: PageFor, make: Maker) -> None:
    company = make.company("rep", name="Ada Ltd")
    rep, owner = page_for("rep"), page_for("owner")
    for page, form in ((rep, f"/acme/companies/{company.id}"), (owner, "/acme/settings/address")):
        page.goto(form)
    rep.locator(".note-box textarea").fill("Half of it")
    expect(rep.locator(".note-box .save-state")).not_to_be_empty()
    owner.locator("[name=slug]").fill("apex")
    owner.locator("main form button[type=submit]").last.click()
    owner.wait_for_url("**/apex/settings/address")
    rep.goto(f"/acme/companies/{company.id}")
    rep.wait_for_url(f"**/apex/companies/{company.id}")
    note = rep.locator(".note-box textarea")
    expect(note).to_have_value("Half of it")
    owner.goto("/apex/settings/address")
    owner.locator("[name=slug]").fill("azur")
    owner.locator("main form button[type=submit]").last.click()
    owner.wait_for_url("**/azur/settings/address")
    note.fill("All of it")
    rep.locator(".note-box button[type=submit]").click()
    expect(rep.locator(".timeline, main").get_by_text("All of it").last).to_be_visible()
    rep.goto(f"/azur/companies/{company.id}")
    expect(rep.locator(".note-box textarea")).to_have_value("")
    expect(rep.get_by_text("All of it")).to_be_visible()


def test_words_kept_under_the_former_key_are_found(page_for: PageFor, cast: Cast) -> None:
    page = page_for("rep")
    page.goto("/acme/companies")
    kept = {"at": int(datetime.now(UTC).timestamp() * 1000), "words": {"name": ["Half"]}}
    before = f"draft:acme:{cast['rep'].member_id}:company:new"
    page.evaluate("([key, kept]) => localStorage.setItem(key, JSON.stringify(kept))", [before, kept])
    page.goto("/acme/companies/new")
    expect(page.locator("[name=name]")).to_have_value("Half")
    assert page.evaluate("key => localStorage.getItem(key)", before) is None
