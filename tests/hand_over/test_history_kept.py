"""Who is given a customer is given all that is open with it and what happened with it: nothing is lost on the way."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from uuid import UUID

import pytest
from sqlalchemy import select, update

from saas_crm.access.models import Policy, Team
from saas_crm.access.policy import let_children_follow
from saas_crm.activities import telling
from saas_crm.core.clock import now
from saas_crm.hand_over.owned import left_behind
from saas_crm.opportunities.models import OpportunityContact
from tenants.db import db
from tests.hand_over.estate import Acting, Estate, owners
from tests.support.clients import Browser, statements
from tests.support.making import Maker

Give = Callable[..., UUID]
ClientFor = Callable[..., Browser]


def close(acting: Acting, name: str) -> None:
    with acting("owner"):
        db.session.execute(update(Team).where(Team.name == name).values(closed_at=now()))


def switch_off(acting: Acting) -> None:
    with acting("owner") as owner:
        let_children_follow(False, actor=owner)
    with acting("owner"):
        assert db.session.scalar(select(Policy.children_follow)) is False


@pytest.mark.parametrize("hindrance", ["closed unit", "children do not follow", "both"])
def test_a_successor_elsewhere_reads_what_happened(
    give: Give, acting: Acting, estate: Estate, client_for: ClientFor, make: Maker, hindrance: str
) -> None:
    past = make.activity("rep", kind="call", subject="Spoke of the engine", opportunity_id=str(estate.deal.id))
    alone = make.activity("rep", kind="meeting", subject="Met Bob", contact_id=str(estate.person.id))
    if hindrance != "children do not follow":
        close(acting, "North")
    if hindrance != "closed unit":
        switch_off(acting)
    before = client_for("colleague")
    assert before.get(f"/acme/activities/{estate.call.id}").status_code == 404
    hand_over_id = give("colleague")
    colleague = client_for("colleague")
    briefs = colleague.get(f"/acme/handed-to-me?hand_over={hand_over_id}").text
    for told in ("They called", "Spoke of the engine", "Met Bob"):
        assert told in briefs
    for record, told in ((estate.company, "They called"), (estate.person, "Met Bob"), (estate.deal, past.subject)):
        page = {"companies": estate.company, "contacts": estate.person, "deals": estate.deal}
        kind = next(name for name, found in page.items() if found is record)
        assert told in colleague.get(f"/acme/{kind}/{record.id}").text
    for activity in (estate.call, past, alone):
        assert colleague.get(f"/acme/activities/{activity.id}").status_code == 200
        form = {"kind": activity.kind, "subject": "Mine now", "version": str(activity.version)}
        assert colleague.post(f"/acme/activities/{activity.id}", data=form).status_code == 403, "to read, not to change"
    assert owners(acting, estate.call, past, alone) == [make.member_id("rep")] * 3


def test_what_hangs_on_it_is_found_by_searching(
    give: Give, acting: Acting, estate: Estate, client_for: ClientFor, make: Maker
) -> None:
    hers = make.contact("rep", name="Quentin Quokka", company_id=str(estate.foreign.id))
    close(acting, "North")
    switch_off(acting)
    assert "Quentin" not in client_for("colleague").get("/acme/search?q=quokka").text
    give("colleague", who="teammate")
    page = client_for("colleague").get("/acme/search?q=quokka")
    assert "Quentin" in page.text
    assert "Quentin" in client_for("colleague").get("/acme/contacts").text
    assert owners(acting, hers) == [make.member_id("rep")]


def test_tasks_without_a_day_go_along(
    give: Give, acting: Acting, estate: Estate, client_for: ClientFor, make: Maker
) -> None:
    at = {"company_id": str(estate.company.id)}
    undated = make.activity("rep", kind="task", subject="Some day", **at)
    noted = make.activity("rep", kind="note", subject="They like tea", **at)
    preview = client_for("owner").post(
        "/acme/hand-overs/preview",
        data={"from_id": str(make.member_id("rep")), "by": "one", "to_one": str(make.member_id("teammate")),
              "then": "keep"},
    )  # fmt: skip
    assert preview.status_code == 200
    assert re.search(r"2\s+planned activities", preview.text)
    hand_over_id = give("teammate")
    assert owners(acting, undated, noted) == [make.member_id("teammate"), make.member_id("rep")]
    briefs = client_for("teammate").get(f"/acme/handed-to-me?hand_over={hand_over_id}").text
    of_company = briefs[briefs.index("Ada Ltd") :]
    assert of_company.index("Ring back") < of_company.index("Some day") < of_company.index("Last contacts")


def test_who_left_only_a_task_without_a_day_is_named(acting: Acting, make: Maker, client_for: ClientFor) -> None:
    make.activity("rep", kind="task", subject="Some day")
    with acting("owner") as owner:
        assert make.member_id("rep") not in {row.id for row in left_behind(owner)}
    client_for("owner").post(f"/acme/settings/members/{make.member_id('rep')}/removal")
    with acting("owner") as owner:
        assert make.member_id("rep") in {row.id for row in left_behind(owner)}


def test_contacts_are_what_happened_with_them_and_notes_stand_apart(
    give: Give, estate: Estate, client_for: ClientFor, make: Maker
) -> None:
    at = {"company_id": str(estate.company.id)}
    make.activity("rep", kind="call", subject="A call", done_at="2026-01-01T09:00", **at)
    make.activity("rep", kind="task", subject="Ticked off", done_at="2026-01-02T09:00", **at)
    for number in range(6):
        make.activity("rep", kind="note", subject=f"Note {number}", **at)
    hand_over_id = give("teammate")
    page = client_for("teammate").get(f"/acme/handed-to-me?hand_over={hand_over_id}").text
    part = page[page.index("Ada Ltd") :].split("</article>")[0]
    contacts, notes = part.split("Last contacts")[1].split("Last notes")
    assert "A call" in contacts
    assert "Note" not in contacts
    assert "Ticked off" not in part
    assert notes.count("<li>") == 3
    assert "and 3 more entries" in notes
    assert "Note 5" in notes


def test_of_very_many_it_is_said_that_they_are_at_least_so_many(
    give: Give, estate: Estate, client_for: ClientFor, make: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are not all read for a number that nobody needs."""
    monkeypatch.setattr(telling, "COUNTED", 5)
    at = {"company_id": str(estate.company.id)}
    for number in range(7):
        make.activity("rep", kind="note", subject=f"Note {number}", **at)
    another = make.company("rep", name="Bob Ltd")
    make.activity("rep", kind="note", subject="Of the other one", company_id=str(another.id))
    hand_over_id = give("teammate")
    page = client_for("teammate").get(f"/acme/handed-to-me?hand_over={hand_over_id}").text
    notes = page[page.index("Ada Ltd") :].split("</article>")[0].split("Last notes")[1]
    others = page[page.index("Bob Ltd") :].split("</article>")[0].split("Last notes")[1]
    assert notes.count("<li>") == 3
    assert "Of the other one" not in notes
    assert (others.count("<li>"), "Of the other one" in others, "more" in others) == (1, True, False)
    assert [f"Note {number}" in notes for number in range(7)] == [False] * 4 + [True] * 3
    assert "and at least 2 more entries" in notes


def test_nothing_is_cut_without_a_word(
    give: Give, acting: Acting, estate: Estate, client_for: ClientFor, make: Maker
) -> None:
    at = {"company_id": str(estate.company.id)}
    for number in range(10):
        make.activity("rep", kind="task", subject=f"Step {number}", due_at="2031-05-06T09:00", **at)
        make.deal("rep", name=f"Deal {number}", amount="5", **at)
        make.contact("rep", name=f"Person {number}", **at)
    further = [make.contact("rep", name=name, job_title="Engineer") for name in ("Ida Rhodes", "Jean Bartik")]
    with acting("owner"):
        db.session.add_all(OpportunityContact(opportunity_id=estate.deal.id, contact_id=one.id) for one in further)
    hand_over_id = give("teammate")
    teammate = client_for("teammate")
    teammate.get("/acme/handed-to-me")
    page = teammate.get(f"/acme/handed-to-me?hand_over={hand_over_id}")
    part = page.text[page.text.index("Ada Ltd") :].split("</article>")[0]
    assert statements(page) <= 8
    for section, more in (("What was promised and is open", 3), ("Open deals", 3), ("Who one talks to", 5)):
        assert f"and {more} more entries" in part.split(section)[1].split("</section>")[0]
    pages = [page.text]
    while more := re.search(r'id="pager-more" href="([^"]+)"', pages[-1]):
        pages.append(teammate.get(unescape(more[1])).text)
    engine = "".join(pages).split(">Engine</a>")[1].split("</article>")[0]
    assert engine.index("Ida Rhodes") < engine.index("Jean Bartik")
    assert engine.count("Engineer") == 2
