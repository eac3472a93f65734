"""The history of a record: readable, told to who sees the record, and former values put back by the room's rules."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.support.clients import Browser, statements
from tests.support.making import Maker

ForWhom = Callable[..., Browser]
BACK = re.compile(r'name="entry_id" value="([^"]+)"><input type="hidden" name="field" value="([^"]+)">')


def form_of(browser: Browser, path: str) -> dict[str, str]:
    """Return the values of the edit form of a record that its fields need."""
    page = browser.get(f"{path}/edit").text
    return {"version": re.findall(r'name="version" value="(\d+)"', page)[0]}


def put_back(browser: Browser, path: str, field: str, **others: str):
    page = browser.get(f"{path}/history").text
    entry_id = next(entry for entry, name in BACK.findall(page) if name == field)
    version = re.findall(r'name="version" value="(\d+)"', page)[0]
    values = {"entry_id": entry_id, "field": field, "version": version, **others}
    return browser.post(f"{path}/history/put-back", data=values)


def test_it_says_who_changed_which_field_from_what_to_what(client_for: ForWhom, make: Maker) -> None:
    company = make.company("rep", name="Adler", city="Bonn")
    rep, path = client_for("rep"), f"/acme/companies/{company.id}"
    rep.post(path, data={**form_of(rep, path), "name": "Adler", "city": "Berlin", "lifecycle": "active"})
    answer = rep.get(f"{path}/history")
    assert statements(answer) <= 8
    for label, old, new in (("City", "Bonn", "Berlin"), ("Lifecycle", "Potential", "Active")):
        line = rf"<dt>{label}</dt>\s*<dd><del>{old}</del><svg[^>]*aria-label=\"became\".*?<ins>{new}</ins>"
        assert re.search(line, answer.text, re.DOTALL), label
    assert "Website" in answer.text
    assert f"{path}/history" in rep.get(path).text


def test_names_stand_for_ids_and_amounts_have_their_currency(client_for: ForWhom, make: Maker) -> None:
    company = make.company("rep", name="Adler")
    deal = make.deal("rep", name="Umbau", amount="1200", company_id=str(company.id))
    text = client_for("rep").get(f"/acme/deals/{deal.id}/history").text
    assert "<ins>Adler</ins>" in text
    assert "<ins>$1,200</ins>" in text
    assert str(company.id) not in text.replace(f"/deals/{deal.id}", "")


def test_a_name_the_reader_may_not_see_is_not_told(client_for: ForWhom, make: Maker) -> None:
    company = make.company("colleague", name="Geheim AG")
    contact = make.contact("colleague", name="Kim", company_id=str(company.id), owner="colleague")
    given = client_for("owner")
    path = f"/acme/contacts/{contact.id}"
    rep_id = str(make.member_id("rep"))
    form = {**form_of(given, path), "name": "Kim", "company_id": str(company.id), "owner_id": rep_id}
    assert given.post(path, data=form).status_code == 303
    text = client_for("rep").get(f"{path}/history").text
    assert "Geheim" not in text
    assert "not visible to you" in text


@pytest.mark.parametrize(("who", "status"), [("colleague", 404), ("teammate", 403), ("viewer", 403), ("outsider", 404)])
def test_only_who_sees_the_record_sees_its_history_and_only_who_may_change_it_puts_back(
    client_for: ForWhom, make: Maker, who: str, status: int
) -> None:
    company = make.company("rep", name="Adler")
    path = f"/acme/companies/{company.id}"
    browser = client_for(who)
    assert browser.get(f"{path}/history").status_code == (404 if status == 404 else 200)
    assert browser.post(f"{path}/history/put-back", data={"field": "city"}).status_code == status
    if status == 403:
        assert "Put this value back" not in browser.get(f"{path}/history").text


def test_a_former_value_is_put_back_as_a_new_change(client_for: ForWhom, make: Maker) -> None:
    company = make.company("rep", name="Adler", phone="+1 650 253 0000", tags="VIP, Nord")
    rep, path = client_for("rep"), f"/acme/companies/{company.id}"
    rep.post(path, data={**form_of(rep, path), "name": "Adler", "phone": "+1 650 253 0001", "tags": ""})
    assert put_back(rep, path, "tags").status_code == 303
    assert put_back(rep, path, "phone").status_code == 303
    page = rep.get(path).text
    assert "tel:+16502530000" in page
    assert "Nord" in page
    assert rep.get(f"{path}/history").text.count('class="entry entry-changed"') == 4


def test_an_amount_a_stage_and_a_due_date_are_put_back(client_for: ForWhom, make: Maker) -> None:
    first, second = make.stages()[:2]
    deal = make.deal("rep", name="Umbau", amount="1200.50", stage_id=str(first.id))
    rep, path = client_for("rep"), f"/acme/deals/{deal.id}"
    form = {**form_of(rep, path), "name": "Umbau", "amount": "900", "stage_id": str(second.id)}
    assert rep.post(path, data=form).status_code == 303
    assert put_back(rep, path, "amount").status_code == 303
    assert put_back(rep, path, "stage_id").status_code == 303
    history = rep.get(f"{path}/history").text
    assert "<del>$900</del>" in history
    assert "$1,200.50" in rep.get(path).text
    task = make.activity("rep", kind="task", subject="Ring", due_at="2026-01-05T09:00")
    here = f"/acme/activities/{task.id}"
    form = {"version": "1", "kind": "task", "subject": "Ring", "state": "planned", "due_at": "2026-02-05T09:00"}
    assert rep.post(here, data=form).status_code == 303
    assert put_back(rep, here, "due_at").status_code == 303
    assert "Jan 5, 2026" in rep.get(here).text


def test_what_can_no_longer_be_put_back_says_why(client_for: ForWhom, make: Maker) -> None:
    company = make.company("owner", name="Alt")
    contact = make.contact("owner", name="Kim", company_id=str(company.id))
    owner, path = client_for("owner"), f"/acme/contacts/{contact.id}"
    owner.post(path, data={**form_of(owner, path), "name": "Kim", "company_id": ""})
    owner.post(f"/acme/companies/{company.id}/recycle")
    answer = put_back(owner, path, "company_id")
    assert answer.status_code == 422
    assert "Company cannot be put back: Choose one of the values offered." in answer.text


def test_a_lost_race_writes_nothing(client_for: ForWhom, make: Maker) -> None:
    company = make.company("rep", name="Adler", city="Bonn")
    rep, path = client_for("rep"), f"/acme/companies/{company.id}"
    rep.post(path, data={**form_of(rep, path), "name": "Adler", "city": "Berlin"})
    assert put_back(rep, path, "city", version="1").status_code == 409
    assert "Berlin" in rep.get(path).text


@pytest.mark.parametrize("field", ["", "id", "version", "owner", "sort_name", "deleted_at", "name"])
def test_a_field_that_was_not_changed_there_is_refused(client_for: ForWhom, make: Maker, field: str) -> None:
    company = make.company("rep", name="Adler", city="Bonn")
    rep, path = client_for("rep"), f"/acme/companies/{company.id}"
    rep.post(path, data={**form_of(rep, path), "name": "Adler", "city": "Berlin"})
    entry_id = BACK.findall(rep.get(f"{path}/history").text)[0][0]
    answer = rep.post(f"{path}/history/put-back", data={"entry_id": entry_id, "field": field})
    assert answer.status_code == 422


def test_an_entry_of_another_record_is_not_found(client_for: ForWhom, make: Maker) -> None:
    one, other = make.company("rep", name="Adler", city="Bonn"), make.company("rep", name="Biber")
    rep = client_for("rep")
    path = f"/acme/companies/{one.id}"
    rep.post(path, data={**form_of(rep, path), "name": "Adler", "city": "Berlin"})
    entry_id = BACK.findall(rep.get(f"{path}/history").text)[0][0]
    answer = rep.post(f"/acme/companies/{other.id}/history/put-back", data={"entry_id": entry_id, "field": "city"})
    assert answer.status_code == 404


def test_long_histories_come_page_by_page(client_for: ForWhom, make: Maker) -> None:
    company = make.company("rep", name="Adler")
    rep, path = client_for("rep"), f"/acme/companies/{company.id}"
    for number in range(27):
        rep.post(path, data={"version": str(number + 1), "name": "Adler", "city": f"Ort {number}"})
    page = rep.get(f"{path}/history").text
    assert page.count('class="entry entry-changed"') == 25
    further = re.findall(r'href="([^"]*after=[^"]*)"', page)[0].replace("&amp;", "&")
    rest = rep.get(further, headers={"HX-Request": "true"}).text
    assert rest.count('class="entry entry-changed"') == 3
    assert "<html" not in rest
