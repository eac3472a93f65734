"""A form sent twice, by an impatient thumb or a bad connection, makes one record, and both answers lead to it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import Any

import pytest
from sqlalchemy import func, select

from saas_crm.access.permissions import CurrentMember
from saas_crm.activities.models import Activity
from saas_crm.customers.models import Company, Contact
from saas_crm.opportunities.models import Opportunity
from tenants.db import db
from tests.support.clients import Browser, statements
from tests.support.making import Maker
from tests.web.pages import flashed, value

ClientFor = Callable[..., Browser]
Acting = Callable[[str], AbstractContextManager[CurrentMember]]

# where the form is, where it is sent, what it makes, and what is typed into it
FORMS: dict[str, tuple[str, str, type[Any], dict[str, str]]] = {
    "company": ("/acme/companies/new", "/acme/companies", Company, {"name": "Ada Ltd"}),
    "contact": (
        "/acme/contacts/new", "/acme/contacts", Contact,
        {"name": "Ada Lovelace", "company_id": "", "company_id_text": "New Ltd", "company_id_create": "1"},
    ),
    "deal": (
        "/acme/deals/new", "/acme/deals", Opportunity,
        {"name": "Ovens", "company_id": "", "company_id_text": "New Ltd", "company_id_create": "1"},
    ),
    "activity": (
        "/acme/activities/new", "/acme/activities", Activity,
        {"kind": "task", "state": "planned", "subject": "Ring back", "due_at": "2030-05-06T09:00"},
    ),
    "log": (
        "/acme/log", "/acme/log", Activity,
        {"kind": "note", "body": "Likes tea", "customer": "", "customer_text": "Ada", "customer_create": "1"},
    ),
}  # fmt: skip


def counted(acting: Acting, model: type[Any]) -> int:
    with acting("owner"):
        return db.session.scalar(select(func.count()).select_from(model)) or 0


def filled(rep: Browser, kind: str) -> dict[str, str]:
    page, _to, _model, words = FORMS[kind]
    return {**words, "record_id": value(rep.get(page), "record_id")}


@pytest.mark.parametrize("kind", FORMS)
def test_one_after_the_other(client_for: ClientFor, acting: Acting, kind: str) -> None:
    rep = client_for("rep")
    _page, to, model, _words = FORMS[kind]
    data = filled(rep, kind)
    first = rep.post(to, data=data)
    assert statements(first) <= 16
    second = rep.post(to, data=data)
    assert (first.status_code, second.status_code) == (303, 303)
    assert first.location == second.location
    assert "This has been saved already." in flashed(rep.get(second.location))
    assert counted(acting, model) == 1


@pytest.mark.parametrize("kind", FORMS)
def test_both_at_once(client_for: ClientFor, acting: Acting, kind: str) -> None:
    _page, to, model, _words = FORMS[kind]
    data = filled(client_for("rep"), kind)
    browsers = [client_for("rep") for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda browser: browser.post(to, data=data), browsers))
    assert [answer.status_code for answer in answers] == [303, 303]
    assert answers[0].location == answers[1].location
    assert counted(acting, model) == 1
    made = {"contact": Company, "deal": Company, "log": Contact}
    if kind in made:
        assert counted(acting, made[kind]) == 1


@pytest.mark.parametrize("kind", FORMS)
def test_each_new_form_makes_a_record_of_its_own(client_for: ClientFor, acting: Acting, kind: str) -> None:
    rep = client_for("rep")
    _page, to, model, _words = FORMS[kind]
    for _ in range(2):
        assert rep.post(to, data=filled(rep, kind)).status_code == 303
    assert counted(acting, model) == 2


def test_a_refused_form_keeps_its_id(client_for: ClientFor) -> None:
    rep = client_for("rep")
    data = {**filled(rep, "company"), "name": ""}
    answer = rep.post("/acme/companies", data=data)
    assert answer.status_code == 422
    assert value(answer, "record_id") == data["record_id"]


def test_the_note_box_makes_one_note_and_then_takes_another(client_for: ClientFor, make: Maker, acting: Acting) -> None:
    rep, company = client_for("rep"), make.company("rep")
    here = f"/acme/companies/{company.id}"
    note = {"kind": "note", "body": "Likes tea", "company_id": str(company.id), "next": here}
    htmx = {"HX-Request": "true", "HX-Target": "div#story"}
    for times in (1, 2):
        data = {**note, "record_id": value(rep.get(here, headers=htmx), "record_id")}
        for _ in range(2):
            assert rep.post("/acme/activities", data=data, headers=htmx).status_code == 303
        assert counted(acting, Activity) == times


def test_an_id_that_somebody_else_used_leads_to_nothing_of_theirs(client_for: ClientFor, make: Maker) -> None:
    hidden = make.company("colleague", name="Hidden Ltd")
    rep = client_for("rep")
    answer = rep.post("/acme/companies", data={"name": "Mine", "record_id": str(hidden.id)})
    assert answer.status_code == 303
    assert rep.get(answer.location).status_code == 404
