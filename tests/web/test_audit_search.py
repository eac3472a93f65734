"""The audit log is searched by words of names and by fields; a hand-over is one entry that leads to all it did."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from html import unescape
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import update

from saas_crm.access.audit_search import records_called
from saas_crm.access.permissions import CurrentMember
from saas_crm.access.shared_models import User
from saas_crm.core.clock import now
from tenants.db import SHARED, db
from tests.support.cast import Cast
from tests.support.clients import Browser, Phone, statements
from tests.support.field_rules import close_fields
from tests.support.installation import Installation
from tests.support.making import Maker
from tests.web.pages import value

ClientFor = Callable[..., Browser]
Acting = Callable[[str], AbstractContextManager[CurrentMember]]
LOG = "/acme/settings/audit"


def hand_over(client_for: ClientFor, cast: Cast) -> str:
    key = str(uuid4())
    plan = {"from_id": str(cast["rep"].member_id), "by": "one", "to_one": str(cast["teammate"].member_id),
            "then": "keep", "closed": "1", "record_id": key}  # fmt: skip
    assert client_for("owner").post("/acme/hand-overs", data=plan).status_code == 303
    return key


def entries(page: str) -> list[str]:
    """Return the entries of a log as words."""
    found = re.findall(r'<li class="entry entry-changed".*?</li>', page, re.S)
    return [" ".join(unescape(re.sub(r"<[^>]+>", " ", one)).split()) for one in found]


def test_a_hand_over_is_one_entry_that_leads_to_its_records(
    client_for: ClientFor, make: Maker, cast: Cast, api_for: Callable[..., object]
) -> None:
    for number in range(6):
        make.company("rep", name=f"Moved {number}")
    hand_over(client_for, cast)
    owner = client_for("owner")
    page = owner.get(LOG)
    assert statements(page) <= 8
    first = entries(page.text)[:2]
    assert first[0].startswith("Added: Hand-over")
    assert "Show each record" in first[0]
    assert first[1].startswith("Added: Company"), "what it did to records is not told a second time"
    there = unescape(re.search(r'href="([^"]+part_of=[^"]+)"', page.text)[1])  # type: ignore[index]
    shown = owner.get(there)
    assert statements(shown) <= 8
    assert len([one for one in entries(shown.text) if one.startswith("Changed: Company Moved")]) == 6
    assert "Rita Rep" in shown.text
    assert len(entries(owner.get(f"{LOG}?resource=company&action=update").text)) == 6, "asked for, each is told"


def test_taking_it_back_is_one_entry_too(client_for: ClientFor, make: Maker, cast: Cast) -> None:
    make.company("rep", name="Moved")
    key, owner = hand_over(client_for, cast), client_for("owner")
    assert owner.post(f"/acme/hand-overs/{key}/undo").status_code in (200, 303)
    said = entries(owner.get(LOG).text)
    assert not [one for one in said if one.startswith("Changed: Company")]
    assert "Show each record" in next(one for one in said if one.startswith("Taken back: Hand-over"))


def test_words_of_names_find_what_was_done_with_them(client_for: ClientFor, make: Maker, acting: Acting) -> None:
    make.company("rep", name="Nordlicht Kaffee")
    make.company("rep", name="Andere")
    gone = make.company("rep", name="Nordlicht Alt")
    client_for("rep").post(f"/acme/companies/{gone.id}/recycle")
    owner = client_for("owner")
    page = owner.get(f"{LOG}?q=nordlicht")
    assert statements(page) <= 8
    said = entries(page.text)
    assert any("Nordlicht Kaffee" in one for one in said)
    assert any("Nordlicht Alt" in one for one in said), "also what lies in the recycle bin"
    assert not any("Andere" in one for one in said)
    assert entries(owner.get(f"{LOG}?q=nothing-of-that-name").text) == []
    assert entries(client_for("manager").get(f"{LOG}?q=nordlicht").text)
    assert client_for("rep").get(f"{LOG}?q=nordlicht").status_code == 403


def test_words_find_nothing_of_what_the_reader_does_not_see(client_for: ClientFor, make: Maker) -> None:
    make.company("colleague", name="Geheimrat")
    assert entries(client_for("manager").get(f"{LOG}?q=geheimrat").text) == []
    assert entries(client_for("owner").get(f"{LOG}?q=geheimrat").text) != []


def test_a_field_finds_its_changes_within_a_time(client_for: ClientFor, make: Maker) -> None:
    company = make.company("rep", name="Adler", city="Bonn")
    rep, owner = client_for("rep"), client_for("owner")
    form = {"name": "Adler", "city": "Berlin", "version": "1"}
    assert rep.post(f"/acme/companies/{company.id}", data=form).status_code == 303
    assert rep.post(f"/acme/companies/{company.id}", data=form | {"industry": "Bau", "version": "2"}).location
    page = owner.get(f"{LOG}?field=company.city&action=update")
    assert statements(page) <= 8
    assert len(entries(page.text)) == 1
    assert "Bonn" in page.text
    assert "Searched since" in page.text
    before = unescape(re.search(r'href="([^"]+)">Search the time before', page.text)[1])  # type: ignore[index]
    assert "until=" in before
    assert entries(owner.get(before).text) == []
    assert len(entries(owner.get(f"{LOG}?field=nonsense&action=update&resource=company").text)) == 2


def link_before(page: str) -> str:
    found = re.search(r'href="([^"]+)">Search the time before', page)
    assert found is not None
    return unescape(found[1])


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/New_York"])
def test_each_day_is_searched_on_one_of_the_pages(
    client_for: ClientFor, make: Maker, app: Flask, installation: Installation, cast: Cast, zone: str
) -> None:
    company = make.company("rep", name="Adler", city="Bonn")
    with app.app_context(), db.engines[SHARED].begin() as connection:
        connection.execute(update(User).where(User.id == cast["owner"].user_id).values(timezone=zone))
    owner = client_for("owner")
    for hours in range(24 * 88, 24 * 92, 11):
        moved = f"UPDATE {cast.tenants['acme'].schema_name}.audit_log SET at = %s WHERE record_id = %s"
        with installation.place.owner() as connection:
            connection.execute(moved, (now() - timedelta(hours=hours), company.id))
        first = owner.get(f"{LOG}?field=company.city")
        later = owner.get(link_before(first.text))
        assert len(entries(first.text) + entries(later.text)) == 1, hours


def test_the_time_searched_is_told_whatever_the_first_day_says(client_for: ClientFor) -> None:
    owner = client_for("owner")
    assert "Searched since" in owner.get(f"{LOG}?field=company.city&from=x").text
    assert "Searched since" not in owner.get(f"{LOG}?field=company.city&from=2020-01-01").text
    assert "Searched since" not in owner.get(f"{LOG}?field=no.such").text
    assert owner.get(f"{LOG}?field=company.city&until=0001-02-01").status_code == 200
    assert owner.get(f"{LOG}?field=company.city&until=9999-12-31").status_code == 200


def test_a_long_search_stays_whole_and_does_not_say_for_ever(client_for: ClientFor) -> None:
    owner, long = client_for("owner"), "word " * 39 + "last"
    page = owner.get(LOG, query_string={"q": long})
    assert f'id="audit-q" name="q" value="{long}"' in page.text
    assert "Kept for ever" not in page.text
    assert "Kept for ever" in owner.get(LOG).text


def test_a_hand_over_stays_chosen_beside_other_filters(client_for: ClientFor, make: Maker, cast: Cast) -> None:
    make.company("rep", name="Moved")
    hand_over(client_for, cast)
    owner = client_for("owner")
    there = unescape(re.search(r'href="([^"]+part_of=[^"]+)"', owner.get(LOG).text)[1])  # type: ignore[index]
    page = owner.get(there)
    assert "Only what one hand-over did to single records." in page.text
    assert value(page, "part_of") in there
    assert "Only what one hand-over" not in owner.get(LOG).text


@pytest.mark.parametrize("rule", ["hidden", "masked"])
def test_a_field_that_the_role_does_not_show_is_not_asked(
    client_for: ClientFor, make: Maker, acting: Acting, rule: str
) -> None:
    make.contact("rep", phone="+1 650 253 0000")
    close_fields(acting, {"contact.phone": rule}, key="manager")
    manager = client_for("manager")
    assert 'value="contact.phone"' in client_for("owner").get(LOG).text
    assert 'value="contact.phone"' not in manager.get(LOG).text
    whole, asked = (entries(manager.get(f"{LOG}{query}").text) for query in ("", "?field=contact.phone"))
    assert whole == asked, "it narrows nothing, so it tells nothing"


def test_what_lies_in_the_bin_is_found_by_who_sees_it_alone(client_for: ClientFor, make: Maker, acting: Acting) -> None:
    gone = make.company("colleague", name="Geheimrat")
    assert client_for("colleague").post(f"/acme/companies/{gone.id}/recycle").status_code == 303
    for who, found in (("owner", [gone.id]), ("colleague", [gone.id]), ("manager", []), ("rep", [])):
        with acting(who) as member:
            assert records_called("geheim", member) == found, who


def test_a_field_tells_nothing_of_records_the_reader_does_not_see(
    client_for: ClientFor, make: Maker, cast: Cast
) -> None:
    mine, other = make.company("rep", name="Mine", city="Bonn"), make.company("colleague", name="Other", city="Bonn")
    role = make.own_role("owner", "Auditors", audit__read="all", company__read="own", member__read="all")
    form = {"members": str(cast["rep"].member_id), "what": "role", "role_id": role, "confirmed": "1"}
    assert client_for("owner").post("/acme/settings/members/changes", data=form).status_code == 303
    rep = client_for("rep")
    assert len(entries(rep.get(f"{LOG}?resource=company&action=create").text)) == 2
    told = rep.get(f"{LOG}?field=company.city&action=create").text
    assert [str(one.id) in told for one in (mine, other)] == [True, False]
    assert len(entries(told)) == 1


def test_programs_search_it_too(api_for: Callable[..., Phone], client_for: ClientFor, make: Maker) -> None:
    company = make.company("rep", name="Nordlicht", city="Bonn")
    make.company("rep", name="Andere")
    owner = api_for("owner")
    owner.get("/audit")
    answer = owner.get("/audit?q=nordlicht")
    assert statements(answer) <= 5
    assert {one["record_id"] for one in answer.json["items"]} == {str(company.id)}
    answer = owner.get("/audit?field=company.city")
    assert statements(answer) <= 5
    assert [one["record_id"] for one in answer.json["items"]] == [str(company.id)]
    assert api_for("rep").get("/audit?q=nordlicht").status_code == 403


@pytest.mark.parametrize("field", ["nonsense", "nonsense.city", "company.", ".city", "company.a b", "company.%00"])
def test_a_field_that_is_none_is_told_to_programs(api_for: Callable[..., Phone], field: str) -> None:
    refused = api_for("owner").get(f"/audit?field={field}")
    assert refused.status_code == 422
    assert [error["parameter"] for error in refused.json["errors"]] == ["field"]


@pytest.mark.parametrize("field", ["contact.member", "contact.resource", "contact.phone", "workspace.slug"])
def test_any_name_of_a_field_can_be_asked_for(api_for: Callable[..., Phone], field: str) -> None:
    assert api_for("owner").get(f"/audit?field={field}").status_code == 200


def test_a_closed_field_is_refused_to_programs(api_for: Callable[..., Phone], acting: Acting) -> None:
    close_fields(acting, {"contact.phone": "hidden"}, key="manager")
    refused = api_for("manager").get("/audit?field=contact.phone")
    assert refused.status_code == 422
    assert api_for("manager").get("/audit?field=contact.email").status_code == 200
