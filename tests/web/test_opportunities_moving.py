"""Moving a deal: from the board by htmx, from its page by a plain form."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager

import pytest
from flask import Flask
from sqlalchemy import select

from saas_crm.access.permissions import CurrentMember
from saas_crm.core.audit import AuditEntry
from saas_crm.opportunities.pipelines import StageView
from tenants.db import db
from tests.support.clients import Browser, statements
from tests.support.making import Maker
from tests.web.deals import HTMX, history, partials, stored, toast
from tests.web.pages import flashed, heading

ClientFor = Callable[..., Browser]
Acting = Callable[[str], AbstractContextManager[CurrentMember]]


def test_a_move_answers_the_card_the_two_sums_and_the_forecast(
    rep: Browser, make: Maker, stages: list[StageView], acting: Acting
) -> None:
    deal = make.deal("rep", name="Ovens", amount="1000", expected_close="2020-01-01")
    make.deal("teammate", amount="1")
    data = {"stage_id": str(stages[2].id), "version": "1"}
    answer = rep.post(f"/acme/deals/{deal.id}/stage", data=data, headers=HTMX)
    assert answer.status_code == 200
    assert "<html" not in answer.text
    assert f'id="deal-{deal.id}" data-version="2" data-stage-id="{stages[2].id}"' in answer.text
    parts = partials(answer)
    assert parts[f"head-{stages[0].id}"] == "Lead 1 deals $1 ≈ $0 Weighted"
    assert parts[f"head-{stages[2].id}"] == "Proposal 1 deals $1,000 ≈ $500 Weighted"
    assert parts[f"tab-count-{stages[2].id}"] == "1"
    assert "$500 weighted $500 weighted $1,000 in all $1K in all" in parts["forecast"]
    assert len(parts) == 5
    assert stored(acting, deal.id).stage_id == stages[2].id
    assert history(acting, deal.id) == [(None, "Lead"), ("Lead", "Proposal")]


def test_the_sums_are_those_of_the_board_that_is_looked_at(rep: Browser, make: Maker, stages: list[StageView]) -> None:
    deal = make.deal("rep", amount="1000")
    make.deal("teammate", amount="1")
    data = {"stage_id": str(stages[1].id), "version": "1", "owner": "me"}
    parts = partials(rep.post(f"/acme/deals/{deal.id}/stage", data=data, headers=HTMX))
    assert parts[f"head-{stages[0].id}"].startswith("Lead 0 deals $0")


def test_a_move_costs_few_statements(client_for: ClientFor, make: Maker, stages: list[StageView]) -> None:
    company = make.company("rep")
    for who in ("owner", "manager", "rep"):
        deal = make.deal("rep", company_id=str(company.id))
        browser = client_for(who)
        browser.get("/acme/deals")
        data = {"stage_id": str(stages[1].id), "version": "1"}
        assert statements(browser.post(f"/acme/deals/{deal.id}/stage", data=data, headers=HTMX)) <= 8, who


def test_a_move_is_written_into_the_audit(rep: Browser, make: Maker, stages: list[StageView], acting: Acting) -> None:
    deal = make.deal("rep")
    rep.post(f"/acme/deals/{deal.id}/stage", data={"stage_id": str(stages[1].id)}, headers=HTMX)
    with acting("owner"):
        query = select(AuditEntry.changes).where(AuditEntry.record_id == deal.id, AuditEntry.action == "update")
        assert db.session.scalars(query).one() == {"stage_id": [str(stages[0].id), str(stages[1].id)]}


def test_a_plain_form_moves_too_and_comes_back_to_the_page(rep: Browser, make: Maker, stages: list[StageView]) -> None:
    deal = make.deal("rep")
    answer = rep.post(f"/acme/deals/{deal.id}/stage", data={"stage_id": str(stages[1].id), "version": "1"})
    assert (answer.status_code, answer.location) == (303, f"/acme/deals/{deal.id}")
    assert flashed(rep.get(answer.location)) == "Moved to Qualified."


@pytest.mark.parametrize("outcome", ["won", "lost"])
def test_into_won_or_lost_leads_to_the_form_that_asks_why(
    rep: Browser, make: Maker, stages: list[StageView], outcome: str, acting: Acting
) -> None:
    deal = make.deal("rep", name="Ovens")
    stage = next(stage for stage in stages if stage.kind == outcome)
    address = f"/acme/deals/{deal.id}/closure?outcome={outcome}"
    data = {"stage_id": str(stage.id), "version": "1"}
    plain = rep.post(f"/acme/deals/{deal.id}/stage", data=data)
    assert (plain.status_code, plain.location) == (303, address)
    part = rep.post(f"/acme/deals/{deal.id}/stage", data=data, headers=HTMX)
    assert part.headers["HX-Redirect"] == address
    assert heading(rep.get(address)) == f"{outcome.title()}: Ovens"
    assert stored(acting, deal.id).status == "open"


@pytest.mark.parametrize("sent", ["", "nonsense", "01890000-0000-7000-8000-000000000000", "archived"])
def test_a_stage_that_cannot_be_is_refused_with_a_reason(
    rep: Browser, client_for: ClientFor, make: Maker, stages: list[StageView], acting: Acting, sent: str
) -> None:
    deal = make.deal("rep", name="Ovens")
    if sent == "archived":
        client_for("owner").post(f"/acme/settings/pipelines/stages/{stages[1].id}/archiving")
        sent = str(stages[1].id)
    answer = rep.post(f"/acme/deals/{deal.id}/stage", data={"stage_id": sent}, headers=HTMX)
    assert answer.status_code == 422
    assert toast(answer)["toast"]["tone"] == "bad"
    page = rep.post(f"/acme/deals/{deal.id}/stage", data={"stage_id": sent})
    assert page.status_code == 422
    assert heading(page) == "Ovens"
    assert toast(answer)["toast"]["text"] in page.text
    assert stored(acting, deal.id).stage_id == stages[0].id


def test_a_lost_race_shows_the_card_as_it_is_now_and_says_so(
    client_for: ClientFor, rep: Browser, make: Maker, stages: list[StageView], acting: Acting
) -> None:
    deal = make.deal("rep", name="Ovens")
    client_for("owner").post(f"/acme/deals/{deal.id}/stage", data={"stage_id": str(stages[3].id), "version": "1"})
    stale = {"stage_id": str(stages[1].id), "version": "1"}
    answer = rep.post(f"/acme/deals/{deal.id}/stage", data=stale, headers=HTMX)
    assert answer.status_code == 409
    assert f'data-version="2" data-stage-id="{stages[3].id}"' in answer.text
    assert {f"head-{stage.id}" for stage in stages} <= set(partials(answer))
    assert "Olivia Owner has changed" in toast(answer)["toast"]["text"]
    assert stored(acting, deal.id).stage_id == stages[3].id
    page = rep.post(f"/acme/deals/{deal.id}/stage", data=stale)
    assert page.status_code == 409
    assert "Olivia Owner has changed" in page.text
    assert heading(page) == "Ovens"


def test_the_same_move_sent_twice_is_one_move(
    rep: Browser, make: Maker, stages: list[StageView], acting: Acting
) -> None:
    deal = make.deal("rep")
    data = {"stage_id": str(stages[1].id), "version": "1"}
    first = rep.post(f"/acme/deals/{deal.id}/stage", data=data, headers=HTMX)
    second = rep.post(f"/acme/deals/{deal.id}/stage", data=data, headers=HTMX)
    assert (first.status_code, second.status_code) == (200, 200)
    assert "toast" not in toast(second)
    assert rep.post(f"/acme/deals/{deal.id}/stage", data=data).status_code == 303
    assert len(history(acting, deal.id)) == 2


def test_of_moves_at_the_same_moment_one_wins(
    app: Flask, client_for: ClientFor, make: Maker, stages: list[StageView], acting: Acting
) -> None:
    deal = make.deal("rep")
    browsers = [client_for(who) for who in ("owner", "admin", "manager", "rep")]

    def move(place: int) -> int:
        data = {"stage_id": str(stages[place % 3 + 1].id), "version": "1"}
        return browsers[place].post(f"/acme/deals/{deal.id}/stage", data=data, headers=HTMX).status_code

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(move, range(4)))
    assert set(answers) <= {200, 409}
    assert len(history(acting, deal.id)) == 2
    assert stored(acting, deal.id).version == 2


def test_a_deal_that_is_gone_is_not_found(rep: Browser, make: Maker, stages: list[StageView]) -> None:
    deal = make.deal("rep")
    rep.post(f"/acme/deals/{deal.id}/recycle")
    data = {"stage_id": str(stages[1].id), "version": "1"}
    assert rep.post(f"/acme/deals/{deal.id}/stage", data=data, headers=HTMX).status_code == 404


# --- opening again ---------------------------------------------------------------------------------------------
