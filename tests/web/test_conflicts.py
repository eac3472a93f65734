"""Two changes of one record at once: by two people, or by one person in two windows."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from html import unescape

import pytest
from sqlalchemy import select

from saas_crm.access.permissions import CurrentMember
from saas_crm.activities.models import Activity
from saas_crm.customers.models import Company
from saas_crm.opportunities.models import Opportunity
from tenants.db import db
from tests.support.clients import Browser
from tests.support.making import Maker
from tests.web.pages import heading, value

ClientFor = Callable[..., Browser]
Acting = Callable[[str], AbstractContextManager[CurrentMember]]


def choices(page: str, name: str) -> list[str]:
    """Return the values one can choose for a field: mine, then the stored one."""
    return [unescape(found) for found in re.findall(rf'type="radio" name="{name}" value="([^"]*)"', page)]


@pytest.mark.parametrize(("other", "title", "words"), [
    ("rep", "You changed this in another window", ["You saved it there", "Written here", "Saved now"]),
    ("owner", "Two people changed this at once", ["Olivia Owner saved", "Mine"]),
])  # fmt: skip
@pytest.mark.parametrize("kind", ["companies", "contacts", "deals"])
def test_the_page_says_who_was_first(
    client_for: ClientFor, make: Maker, kind: str, other: str, title: str, words: list[str]
) -> None:
    record = {"companies": make.company, "contacts": make.contact, "deals": make.deal}[kind]("rep", name="Old")
    here = f"/acme/{kind}/{record.id}"
    assert client_for(other).post(here, data={"name": "Theirs", "version": "1"}).status_code == 303
    page = client_for("rep").post(here, data={"name": "Mine too", "version": "1"})
    assert page.status_code == 409
    assert heading(page) == title
    for part in words:
        assert part in page.text
    assert ("another window" in page.text) == (other == "rep")
    assert choices(page.text, "name") == ["Mine too", "Theirs"]


@pytest.mark.parametrize(("other", "said"), [
    ("rep", "You have changed “Ovens” in another window meanwhile."), ("owner", "Olivia Owner has changed “Ovens”"),
])  # fmt: skip
def test_a_lost_race_on_the_board_says_who_was_first(client_for: ClientFor, make: Maker, other: str, said: str) -> None:
    deal, stages = make.deal("rep", name="Ovens"), make.stages()
    move = f"/acme/deals/{deal.id}/stage"
    client_for(other).post(move, data={"stage_id": str(stages[2].id), "version": "1"})
    page = client_for("rep").post(move, data={"stage_id": str(stages[1].id), "version": "1"})
    assert page.status_code == 409
    assert said in page.text


def test_a_company_to_be_added_can_still_be_chosen(client_for: ClientFor, make: Maker, acting: Acting) -> None:
    first = make.company("owner", name="First Ltd")
    deal = make.deal("rep", name="Ovens")
    here = f"/acme/deals/{deal.id}"
    client_for("owner").post(here, data={"name": "Ovens", "company_id": str(first.id), "version": "1"})
    sent = {"name": "Ovens", "company_id": "", "company_id_text": "New & Sons", "company_id_create": "1"}
    rep = client_for("rep")
    page = rep.post(here, data={**sent, "version": "1"})
    assert page.status_code == 409
    assert choices(page.text, "company_id") == ["new:New & Sons", str(first.id)]
    assert '<span class="who">Mine</span>New &amp; Sons' in page.text
    with acting("owner"):
        assert db.session.scalars(select(Company.name)).all() == ["First Ltd"]
    again = {"name": "Ovens", "company_id": "new:New & Sons", "version": value(page, "version")}
    refused = rep.post(here, data={**again, "name": ""})
    assert (value(refused, "company_id"), value(refused, "company_id_text")) == ("", "New & Sons")
    assert value(refused, "company_id_create") == "1"
    assert rep.post(here, data=again).status_code == 303
    with acting("owner"):
        query = select(Company.name).join(Opportunity, Opportunity.company_id == Company.id)
        assert db.session.scalars(query).all() == ["New & Sons"]


def test_words_that_name_a_company_are_compared_as_that_company(client_for: ClientFor, make: Maker) -> None:
    known = make.company("rep", name="Known Ltd")
    contact = make.contact("rep", name="Ada")
    here = f"/acme/contacts/{contact.id}"
    other = make.company("owner", name="Other Ltd")
    client_for("owner").post(here, data={"name": "Ada L.", "company_id": str(other.id), "version": "1"})
    page = client_for("rep").post(
        here, data={"name": "Ada", "company_id": "", "company_id_text": "known ltd", "version": "1"}
    )
    assert page.status_code == 409
    assert choices(page.text, "company_id") == [str(known.id), str(other.id)]
    assert "Known Ltd" in page.text


def test_a_company_to_be_added_to_an_activity_stays_a_company(
    client_for: ClientFor, make: Maker, acting: Acting
) -> None:
    activity = make.activity("rep", kind="call", subject="Ring", company_id=str(make.company("rep").id))
    here, rep = f"/acme/activities/{activity.id}", client_for("rep")
    other = make.company("rep", name="Other Ltd")
    theirs = {"kind": "call", "subject": "Ring them", "customer": f"company:{other.id}", "version": "1"}
    client_for("manager").post(here, data=theirs)
    sent = {"kind": "call", "subject": "Ring", "customer": "", "customer_text": "Zebra Works"}
    page = rep.post(here, data={**sent, "customer_create": "company", "version": "1"})
    assert page.status_code == 409
    assert choices(page.text, "customer")[0] == "new-company:Zebra Works"
    assert "new-company" not in re.sub(r"<[^>]+>", "", page.text)
    chosen = {"kind": "call", "subject": "Ring", "customer": "new-company:Zebra Works"}
    again = rep.post(here, data={**chosen, "subject": "x" * 10_000, "version": value(page, "version")})
    assert (value(again, "customer_text"), value(again, "customer_create")) == ("Zebra Works", "company")
    assert rep.post(here, data={**chosen, "version": value(page, "version")}).status_code == 303
    with acting("rep"):
        stored = db.session.get(Activity, activity.id)
        assert stored is not None
        company = db.session.get(Company, stored.company_id)
        assert company is not None
        assert company.name == "Zebra Works"


def test_whom_an_activity_is_about_is_not_lost(client_for: ClientFor, make: Maker, acting: Acting) -> None:
    company, other, third = (make.company("rep", name=f"{name} Ltd") for name in ("Ada", "Other", "Third"))
    activity = make.activity("rep", kind="call", subject="Ring", company_id=str(company.id))
    here = f"/acme/activities/{activity.id}"
    theirs = {"kind": "call", "subject": "Ring them", "customer": f"company:{third.id}", "version": "1"}
    client_for("manager").post(here, data=theirs)
    rep = client_for("rep")
    sent = {"kind": "call", "subject": "Ring", "version": "1", "customer": f"company:{other.id}"}
    page = rep.post(here, data=sent)
    assert page.status_code == 409
    assert choices(page.text, "customer") == [f"company:{other.id}", f"company:{third.id}"]
    assert "Other Ltd" in page.text
    chosen = {**sent, "subject": "Ring them", "version": value(page, "version")}
    assert rep.post(here, data=chosen).status_code == 303
    with acting("rep"):
        stored = db.session.get(Activity, activity.id)
        assert stored is not None
        assert (stored.subject, stored.company_id) == ("Ring them", other.id)
