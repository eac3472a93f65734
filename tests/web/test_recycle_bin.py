"""The recycle bin: one list over all kinds, restored by who may delete."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from werkzeug.test import TestResponse

from tests.support.clients import Browser, statements
from tests.support.making import Maker
from tests.web.pages import flashed, heading

ClientFor = Callable[..., Browser]
BIN = "/acme/recycle-bin"


@pytest.fixture
def rep(client_for: ClientFor) -> Browser:
    return client_for("rep")


def recycled(browser: Browser, make: Maker, who: str = "rep") -> dict[str, str]:
    records = {
        "company": ("companies", make.company(who, name="Gone company")),
        "contact": ("contacts", make.contact(who, name="Gone contact")),
        "opportunity": ("deals", make.deal(who, name="Gone deal")),
        "activity": ("activities", make.activity(who, subject="Gone activity")),
    }
    for path, record in records.values():
        assert browser.post(f"/acme/{path}/{record.id}/recycle", data={"version": "1"}).status_code == 303
    return {kind: str(record.id) for kind, (_path, record) in records.items()}


def test_all_kinds_stand_in_one_list_and_come_back(rep: Browser, make: Maker) -> None:
    ids = recycled(rep, make)
    page = rep.get(BIN)
    for kind, record_id in ids.items():
        assert f"{BIN}/{kind}/{record_id}/restore" in page.text
        answer = rep.post(f"{BIN}/{kind}/{record_id}/restore", headers={"Referer": f"http://localhost{BIN}"})
        assert answer.location == BIN
    page = rep.get(BIN)
    assert flashed(page).startswith("Restored.")
    assert "The recycle bin is empty" in page.text
    for path, name in (("companies", "Gone company"), ("contacts", "Gone contact"), ("deals?view=list", "Gone deal")):
        assert name in rep.get(f"/acme/{path}").text


def test_one_kind_at_a_time(rep: Browser, make: Maker) -> None:
    recycled(rep, make)
    page = rep.get(f"{BIN}?kind=contact")
    assert "Gone contact" in page.text.partition("<table")[2]
    assert "Gone company" not in page.text.partition("<table")[2]
    assert rep.get(f"{BIN}?kind=nonsense").status_code == 200
    assert rep.get(f"{BIN}?after=nonsense").status_code == 200


def test_a_long_list_pages_by_key(rep: Browser, make: Maker) -> None:
    for at in range(55):
        company = make.company("rep", name=f"Gone {at:02}")
        rep.post(f"/acme/companies/{company.id}/recycle")
    first = rep.get(BIN)
    more = first.text.partition('id="pager-more" href="')[2].partition('"')[0].replace("&amp;", "&")
    second = rep.get(more)
    assert first.text.count("Gone ") >= 50
    for at in range(5):
        assert f"Gone {at:02}" in second.text
    assert statements(first) <= 5


def test_each_sees_only_what_they_may_delete(client_for: ClientFor, make: Maker) -> None:
    ids = recycled(client_for("rep"), make)
    for who, sees in (("owner", True), ("manager", True), ("teammate", False), ("colleague", False), ("viewer", False)):
        browser = client_for(who)
        assert ("Gone company" in browser.get(BIN).text) is sees, who
        if not sees:
            for kind, record_id in ids.items():
                assert browser.post(f"{BIN}/{kind}/{record_id}/restore").status_code == 404, (who, kind)
    assert client_for("outsider").post(f"{BIN}/company/{ids['company']}/restore").status_code == 404
    assert client_for("outsider").post(f"/other/recycle-bin/company/{ids['company']}/restore").status_code == 404


def test_only_what_is_in_it_can_be_taken_out(rep: Browser, make: Maker) -> None:
    company = make.company("rep")
    for kind in ("company", "contact", "member", "nonsense"):
        assert rep.post(f"{BIN}/{kind}/{company.id}/restore").status_code == 404


PAGES = {"company": "companies", "contact": "contacts", "opportunity": "deals", "activity": "activities"}


def test_the_address_of_a_deleted_record_says_so_to_who_may_restore_it(client_for: ClientFor, make: Maker) -> None:
    ids = recycled(client_for("rep"), make)
    for kind, record_id in ids.items():
        here = f"/acme/{PAGES[kind]}/{record_id}"
        for who, told in (("rep", True), ("owner", True), ("teammate", False), ("colleague", False), ("viewer", False)):
            for path in ("", "/edit"):
                page = client_for(who).get(f"{here}{path}")
                if path and who == "viewer":
                    assert page.status_code == 403
                    continue
                assert page.status_code == 404
                assert (f"{BIN}/{kind}/{record_id}/restore" in page.text) is told, (who, kind)
                assert ("Gone" in page.text) is told
                assert above(page) == (TITLES[kind] if told else "404")
                assert heading(page) == (f"“Gone {NAMED[kind]}” is in the recycle bin" if told else "Nothing is here")
        assert "Gone" not in client_for("outsider").get(here).text
        assert "Gone" not in client_for(None).get(here, follow_redirects=True).text


def above(page: TestResponse) -> str:
    """Return what stands above the heading of a page that says why something is not there."""
    found = re.search(r'<p class="error-code">([^<]*)</p>', page.text)
    return found[1] if found else ""


TITLES = {
    "company": "Deleted company", "contact": "Deleted contact", "opportunity": "Deleted deal",
    "activity": "Deleted activity",
}  # fmt: skip
NAMED = {"company": "company", "contact": "contact", "opportunity": "deal", "activity": "activity"}


def test_from_there_it_is_restored(rep: Browser, make: Maker) -> None:
    for kind, record_id in recycled(rep, make).items():
        here = f"/acme/{PAGES[kind]}/{record_id}"
        answer = rep.post(f"{BIN}/{kind}/{record_id}/restore", headers={"Referer": f"http://localhost{here}"})
        assert (answer.status_code, answer.location) == (303, here)
        assert rep.get(here).status_code == 200


def test_saving_a_record_that_was_deleted_meanwhile_says_so(rep: Browser, make: Maker) -> None:
    company = make.company("rep", name="Gone company")
    rep.post(f"/acme/companies/{company.id}/recycle")
    page = rep.post(f"/acme/companies/{company.id}", data={"name": "New words", "version": "1"})
    assert page.status_code == 404
    assert heading(page) == "“Gone company” is in the recycle bin"
    assert re.search(r"<body[^>]*data-error", page.text), "the draft is kept"


def test_who_may_erase_people_is_led_there(client_for: ClientFor, make: Maker) -> None:
    contact = make.contact("rep", name="Eva Tulpe")
    client_for("rep").post(f"/acme/contacts/{contact.id}/recycle")
    there = f"/acme/contacts/{contact.id}/erasure"
    assert there not in client_for("rep").get(BIN).text
    admin = client_for("admin")
    assert there in admin.get(BIN).text
    assert there in admin.get("/acme/settings/audit?action=recycle").text
    assert admin.get(there).status_code == 200
