"""Activities on any record: written, planned, done, reopened, changed, recycled."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from saas_crm.core.cursors import encode_cursor
from tests.support.clients import Browser, statements
from tests.support.making import Maker
from tests.web.pages import errors, flashed, heading, value

ClientFor = Callable[..., Browser]
STORY = {"HX-Request": "true", "HX-Target": "div#story"}


@pytest.fixture
def rep(client_for: ClientFor) -> Browser:
    return client_for("rep")


def tomorrow() -> str:
    return (datetime.now(UTC) + timedelta(days=1)).strftime("%Y-%m-%dT09:00")


def test_a_note_is_written_from_the_page_of_any_record(rep: Browser, make: Maker) -> None:
    company, contact, deal = make.company("rep"), make.contact("rep"), make.deal("rep")
    for parent, record in (("company", company), ("contact", contact), ("opportunity", deal)):
        text = f"Note on the {parent} <b>&</b>"
        answer = rep.post("/acme/activities", data={"kind": "note", "body": text, f"{parent}_id": str(record.id)})
        assert answer.status_code == 303
        where = {"company": "companies", "contact": "contacts", "opportunity": "deals"}[parent]
        assert answer.location == f"/acme/{where}/{record.id}"
        page = rep.get(answer.location)
        assert f"Note on the {parent} &lt;b&gt;&amp;&lt;/b&gt;" in page.text


def test_a_plan_stands_above_the_story_until_it_is_done(rep: Browser, make: Maker) -> None:
    company = make.company("rep")
    here = f"/acme/companies/{company.id}"
    rep.post("/acme/activities", data={
        "kind": "visit", "subject": "See the new hall", "state": "planned", "due_at": tomorrow(), "location": "Linz",
        "customer": f"company:{company.id}", "customer_text": company.name,
    })  # fmt: skip
    page = rep.get(here)
    planned, _sep, happened = page.text.partition('id="note-body"')
    assert "See the new hall" in planned
    assert "Tomorrow, 9:00" in planned.replace("\u202f", " ")
    assert "Linz" in planned
    done = planned.partition('/done"')[0].rpartition('"')[2] + "/done"
    answer = rep.post(done, headers={"Referer": f"http://localhost{here}"})
    assert answer.location == here
    page = rep.get(here)
    assert flashed(page) == "Done."
    planned, _sep, happened = page.text.partition('id="note-body"')
    assert "See the new hall" not in planned
    assert "See the new hall" in happened
    rep.post(done.replace("/done", "/reopen"))
    assert "See the new hall" in rep.get(here).text.partition('id="note-body"')[0]


def test_htmx_gets_the_story_alone_with_its_message(rep: Browser, make: Maker) -> None:
    company = make.company("rep")
    here = f"/acme/companies/{company.id}"
    rep.post("/acme/activities", data={"kind": "note", "body": "Hello", "company_id": str(company.id)}, headers=STORY)
    part = rep.get(here, headers=STORY)
    assert part.text.lstrip().startswith('<div id="story"')
    assert "Hello" in part.text
    assert flashed(part) == "Saved."
    assert "<html" not in part.text


def test_a_long_story_pages_by_key_and_names_each_day_once(rep: Browser, make: Maker) -> None:
    company = make.company("rep")
    start = datetime(2025, 3, 10, 12, tzinfo=UTC)
    for at in range(45):
        when = start - timedelta(hours=at)
        make.activity("rep", company_id=company.id, subject=f"Entry {at:02}", done_at=when.isoformat())
    seen, days, url = [], [], f"/acme/companies/{company.id}"
    while url:
        page = rep.get(url, headers={"HX-Request": "true", "HX-Target": "ol#timeline"})
        seen += [text[:8] for text in page.text.split('entry-title">')[1:]]
        days += [text.partition("<")[0] for text in page.text.split('timeline-day">')[1:]]
        url = page.text.partition('id="pager-more" href="')[2].partition('"')[0].replace("&amp;", "&")
    assert seen == [f"Entry {at:02}" for at in range(45)]
    assert days == ["Mar 10, 2025", "Mar 9, 2025", "Mar 8, 2025"]


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+00:00", "9999-12-31T23:59:59+00:00"])
def test_a_story_that_goes_on_where_no_calendar_goes_begins_anew(rep: Browser, make: Maker, moment: str) -> None:
    company = make.company("rep")
    make.activity("rep", company_id=company.id, subject="Said")
    for zone in ("America/New_York", "Asia/Shanghai"):
        assert rep.post("/profile", data={"name": "Rita Rep", "locale": "en", "timezone": zone}).status_code == 303
        after = encode_cursor("story", (datetime.fromisoformat(moment), company.id))
        page = rep.get(f"/acme/companies/{company.id}?after={after}")
        assert page.status_code == 200
        assert "Said" in page.text


def test_the_form_knows_customer_and_kind_beforehand(rep: Browser, make: Maker) -> None:
    contact = make.contact("rep", name="Eva")
    page = rep.get(f"/acme/activities/new?kind=meeting&contact_id={contact.id}")
    assert value(page, "customer") == f"contact:{contact.id}"
    assert value(page, "customer_text") == "Eva"
    assert 'value="meeting" checked' in page.text


def test_a_plan_needs_its_time_and_a_note_its_text(rep: Browser) -> None:
    plan = rep.post("/acme/activities", data={"kind": "task", "state": "planned", "subject": "Think", "due_at": ""})
    assert plan.status_code == 422
    assert "due_at" in errors(plan)
    assert value(plan, "subject") == "Think"
    soon = rep.post("/acme/activities", data={"kind": "task", "state": "planned", "due_at": "soon"})
    assert errors(soon)["due_at"] == "Write a date and a time."
    note = rep.post("/acme/activities", data={"kind": "note", "body": "  "})
    assert note.status_code == 422
    assert "body" in errors(note)


@pytest.mark.parametrize(("field", "bad"), [
    ("kind", "party"), ("outcome", "great"), ("done_at", "0001-01-01T00:00+14:00"),
    ("duration_minutes", "-1"), ("duration_minutes", "a while"), ("subject", "x" * 201), ("location", "x" * 10_000),
    ("customer", "company:nonsense"), ("customer", "planet:1"), ("customer_text", "Nobody Known"),
])  # fmt: skip
def test_bad_input_is_said_beside_its_field(rep: Browser, make: Maker, field: str, bad: str) -> None:
    activity = make.activity("rep", kind="call")
    data = {"kind": "call", "state": "done", "done_at": "2025-01-01T10:00", "version": "1"} | {field: bad}
    for path in ("/acme/activities", f"/acme/activities/{activity.id}"):
        answer = rep.post(path, data=data)
        assert answer.status_code == 422, field
        assert field.removesuffix("_text") in errors(answer)


def test_an_activity_is_changed_and_a_lost_race_shows_both(rep: Browser, make: Maker) -> None:
    activity = make.activity("rep", kind="call", subject="First words", body="Long ago")
    here = f"/acme/activities/{activity.id}"
    form = rep.get(f"{here}/edit")
    assert value(form, "subject") == "First words"
    data = {"kind": "call", "state": "done", "done_at": value(form, "done_at"), "version": "1", "body": "Long ago"}
    assert rep.post(here, data=data | {"subject": "Better words"}).status_code == 303
    late = rep.post(here, data=data | {"subject": "Other words"})
    assert late.status_code == 409
    assert "Better words" in late.text
    assert "Other words" in late.text
    assert heading(rep.get(here)) == "Better words"


def test_a_moved_activity_belongs_to_the_other_customer(rep: Browser, make: Maker) -> None:
    first, second = make.company("rep", name="First Ltd"), make.company("rep", name="Second Ltd")
    contact = make.contact("rep", company_id=second.id)
    activity = make.activity("rep", company_id=first.id, subject="Wanders")
    rep.post(f"/acme/activities/{activity.id}", data={
        "kind": "call", "subject": "Wanders", "state": "done", "customer": f"contact:{contact.id}",
        "customer_text": "x",
    })  # fmt: skip
    assert "Wanders" not in rep.get(f"/acme/companies/{first.id}").text
    assert "Wanders" in rep.get(f"/acme/companies/{second.id}").text
    assert "Wanders" in rep.get(f"/acme/contacts/{contact.id}").text


def test_recycling_can_be_undone_from_where_one_was(rep: Browser, make: Maker) -> None:
    company = make.company("rep")
    here = f"/acme/companies/{company.id}"
    activity = make.activity("rep", company_id=company.id, subject="Gone soon")
    answer = rep.post(
        f"/acme/activities/{activity.id}/recycle", headers={"Referer": f"http://localhost{here}?part=deals"}
    )
    assert answer.location == f"{here}?part=deals"
    page = rep.get(here)
    assert "Gone soon" not in page.text
    undo = f"/acme/recycle-bin/activity/{activity.id}/restore"
    assert undo in page.text
    assert rep.post(undo, headers={"Referer": f"http://localhost{here}"}).location == here
    assert "Gone soon" in rep.get(here).text


def test_nobody_is_sent_to_another_site(rep: Browser, make: Maker) -> None:
    company = make.company("rep")
    for bad in ("https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "http:evil"):
        data = {"kind": "note", "body": "x", "company_id": str(company.id), "next": bad}
        assert rep.post("/acme/activities", data=data).location == f"/acme/companies/{company.id}"


def test_who_may_do_what(client_for: ClientFor, make: Maker) -> None:
    company = make.company("rep")
    activity = make.activity("rep", company_id=company.id, kind="task", due_at=tomorrow())
    here = f"/acme/activities/{activity.id}"
    for who, seen, changed in (
        ("viewer", 200, 403),
        ("teammate", 200, 403),
        ("colleague", 404, 404),
        ("outsider", 404, 404),
    ):
        browser = client_for(who)
        assert browser.get(here).status_code == seen, who
        assert browser.get(f"{here}/edit").status_code == changed
        for act in ("", "/done", "/reopen", "/recycle"):
            assert browser.post(f"{here}{act}", data={"kind": "task"}).status_code == changed, (who, act)
        if seen == 200:
            assert f"{here}/done" not in browser.get(f"/acme/companies/{company.id}").text
    assert client_for("viewer").post("/acme/activities", data={"kind": "note", "body": "x"}).status_code == 403
    hidden = client_for("colleague").post(
        "/acme/activities", data={"kind": "note", "body": "x", "company_id": str(company.id)}
    )
    assert hidden.status_code == 422
    manager = client_for("manager")
    assert f"{here}/done" in manager.get(f"/acme/companies/{company.id}").text
    assert manager.post(f"{here}/done").status_code == 303


def test_a_task_of_somebody_whose_customer_went_away_tells_no_name(client_for: ClientFor, make: Maker) -> None:
    company = make.company("rep", name="Moved Away Ltd")
    activity = make.activity("rep", company_id=company.id, kind="task", subject="Ring them", due_at=tomorrow())
    owner = client_for("owner")
    owner.post(
        f"/acme/companies/{company.id}", data={"name": "Moved Away Ltd", "owner_id": str(make.member_id("colleague"))}
    )
    rep = client_for("rep")
    for path in ("/acme/", f"/acme/activities/{activity.id}", f"/acme/activities/{activity.id}/edit", "/acme/log"):
        page = rep.get(path)
        assert page.status_code == 200
        assert "Moved Away" not in page.text, path
    assert "Ring them" in rep.get("/acme/").text


def test_pages_are_cheap(rep: Browser, make: Maker, acting: Callable[[str], Any]) -> None:
    company = make.company("rep")
    activity = make.activity("rep", company_id=company.id, opportunity_id=make.deal("rep", company_id=company.id).id)
    for path in (f"/{activity.id}", f"/{activity.id}/edit", f"/new?company_id={company.id}"):
        assert statements(rep.get(f"/acme/activities{path}")) <= 8
    assert statements(rep.get(f"/acme/companies/{company.id}", headers=STORY)) <= 6
