"""Today: what now? And what lets a phone install the workspace."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from saas_crm.opportunities.models import Opportunity
from tenants.db import db
from tests.support.clients import Browser, statements
from tests.support.making import Maker

ClientFor = Callable[..., Browser]


@pytest.fixture
def rep(client_for: ClientFor) -> Browser:
    return client_for("rep")


def at(days: int, hour: int = 12) -> str:
    moment = datetime.now(UTC).replace(hour=hour, minute=0, second=0, microsecond=0) + timedelta(days=days)
    return moment.isoformat()


def cards(text: str) -> dict[str, str]:
    found = {}
    for part in text.split('<section class="card card-flush" id="')[1:]:
        name, _sep, rest = part.partition('"')
        found[name] = rest.partition("</section>")[0]
    return found


def test_what_is_due_stands_where_it_belongs(rep: Browser, make: Maker) -> None:
    contact = make.contact("rep", name="Eva", mobile="(646) 555-0199")
    for subject, days in (("Late", -2), ("Now", 0), ("Next", 1), ("Soon", 4), ("Far", 20)):
        make.activity("rep", kind="task", subject=subject, due_at=at(days), contact_id=contact.id)
    make.activity("rep", kind="task", subject="Done already", due_at=at(0), done_at=at(0))
    make.activity("teammate", kind="task", subject="Not mine", due_at=at(0))
    page = rep.get("/acme/")
    found = cards(page.text)
    for name, subject in (("overdue", "Late"), ("today", "Now"), ("tomorrow", "Next"), ("later", "Soon")):
        assert subject in found[name]
    for absent in ("Far", "Done already", "Not mine"):
        assert absent not in page.text
    assert "Overdue:" in found["overdue"]
    soon = datetime.now(UTC) + timedelta(days=4)
    assert f"{soon:%a, %b} {soon.day}</time>" in found["later"], "the day of the week, and no year"
    assert 'href="tel:+16465550199"' in found["today"]
    assert f'data-log="/acme/log?contact_id={contact.id}"' in found["today"]


def test_ticking_off_answers_the_line_and_can_be_undone(rep: Browser, make: Maker) -> None:
    activity = make.activity("rep", kind="task", subject="Send it", due_at=at(0))
    headers = {"HX-Request": "true", "HX-Target": f"li#task-{activity.id}"}
    answer = rep.post(f"/acme/activities/{activity.id}/done", headers=headers)
    assert answer.status_code == 200
    assert answer.text.strip().startswith(f'<li id="task-{activity.id}"')
    assert "is-done" in answer.text
    assert f"/acme/activities/{activity.id}/reopen" in answer.headers["HX-Trigger"]
    assert answer.headers["HX-Trigger"].isascii()
    assert "Send it" not in rep.get("/acme/").text
    again = rep.post(f"/acme/activities/{activity.id}/reopen", headers=headers)
    assert "is-done" not in again.text
    assert "Send it" in rep.get("/acme/").text


def test_without_scripts_ticking_off_comes_back_to_today(rep: Browser, make: Maker) -> None:
    activity = make.activity("rep", kind="task", due_at=at(0))
    answer = rep.post(f"/acme/activities/{activity.id}/done", headers={"Referer": "http://localhost/acme/"})
    assert (answer.status_code, answer.location) == (303, "/acme/")


def test_deals_that_went_quiet(rep: Browser, make: Maker, acting: Callable[[str], Any]) -> None:
    quiet, lively = make.deal("rep", name="Quiet one", amount="1200"), make.deal("rep", name="Lively one")
    make.deal("rep", name="Closed one", outcome="lost")
    with acting("rep"):
        long_ago = datetime.now(UTC) - timedelta(days=45)
        db.session.execute(update(Opportunity).where(Opportunity.id != lively.id).values(last_activity_at=long_ago))
    found = cards(rep.get("/acme/").text)["quiet"]
    assert "Quiet one" in found
    assert "$1,200" in found
    assert f"/acme/deals/{quiet.id}" in found
    assert "Lively one" not in found
    assert "Closed one" not in found


def test_an_empty_workspace_teaches_what_each_may_do(client_for: ClientFor) -> None:
    owner, rep, viewer = (client_for(who).get("/acme/").text for who in ("owner", "rep", "viewer"))
    assert "/acme/companies/new" in owner
    assert "/acme/setup" in owner
    assert "/acme/settings/members" in owner
    assert "/acme/companies/new" in rep
    assert '/acme/settings/members"' not in rep.partition('class="empty"')[2].partition("</main>")[0]
    assert "/acme/companies/new" not in viewer


def test_with_customers_and_nothing_due_it_says_so(rep: Browser, make: Maker) -> None:
    make.company("rep")
    page = rep.get("/acme/")
    assert "All done" in page.text
    assert "how to begin" not in page.text


def test_it_is_cheap(client_for: ClientFor, make: Maker) -> None:
    for day in range(-5, 7):
        make.activity("rep", kind="visit", due_at=at(day), company_id=make.company("rep", phone="+12125550101").id)
    for who in ("owner", "manager", "rep", "viewer"):
        assert statements(client_for(who).get("/acme/")) <= 8


def test_the_manifest_names_the_workspace(client_for: ClientFor) -> None:
    answer = client_for(None).get("/acme/manifest.webmanifest")
    assert answer.content_type.startswith("application/manifest+json")
    assert answer.json is not None
    assert answer.json["start_url"] == "/acme/"
    assert answer.json["scope"] == "/acme/"
    assert answer.json["name"] == "Acme Instruments"
    for icon in answer.json["icons"]:
        assert client_for(None).get(icon["src"]).status_code == 200
    assert 'rel="manifest" href="/acme/manifest.webmanifest"' in client_for("rep").get("/acme/").text
