"""Moving a deal, closing it and opening it again: from the board by htmx, from its page by a plain form."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from saas_crm.access.permissions import CurrentMember
from saas_crm.core.audit import AuditEntry
from saas_crm.opportunities import queries
from saas_crm.opportunities.models import Opportunity
from saas_crm.opportunities.pipelines import StageView
from tenants.db import db
from tests.support.cast import Cast
from tests.support.clients import Browser, statements
from tests.support.making import Maker
from tests.web.pages import errors, flashed, heading

ClientFor = Callable[..., Browser]
Acting = Callable[[str], AbstractContextManager[CurrentMember]]
HTMX = {"HX-Request": "true"}


@pytest.fixture
def stages(make: Maker) -> list[StageView]:
    return make.stages()


@pytest.fixture
def rep(client_for: ClientFor) -> Browser:
    return client_for("rep")


def stored(acting: Acting, deal_id: UUID) -> Opportunity:
    with acting("owner"):
        found = db.session.get(Opportunity, deal_id)
        assert found is not None
        return found


def history(acting: Acting, deal_id: UUID) -> list[tuple[str | None, str]]:
    """Return the steps of a deal, the first first."""
    with acting("owner"):
        return [(row.from_name, row.to_name) for row in queries.stage_history(deal_id)][::-1]


def toast(answer: TestResponse) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(answer.headers.get("HX-Trigger", "{}"))
    return found


def partials(answer: TestResponse) -> dict[str, str]:
    """Return the parts of the page that an answer replaces beside its card."""
    found = re.findall(r'<hx-partial hx-target="#([\w-]+)"[^>]*>(.*?)</hx-partial>', answer.text, re.S)
    return {target: " ".join(re.sub(r"<[^>]+>", " ", part).split()) for target, part in found}


# --- moving ----------------------------------------------------------------------------------------------------


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
    assert parts[f"head-{stages[0].id}"] == "Lead 1 deals $1 ≈ $0"
    assert parts[f"head-{stages[2].id}"] == "Proposal 1 deals $1,000 ≈ $500"
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


# --- closing ---------------------------------------------------------------------------------------------------


def test_a_deal_is_won_with_reason_and_note(rep: Browser, make: Maker, acting: Acting) -> None:
    deal = make.deal("rep", name="Ovens", amount="500")
    page = rep.get(f"/acme/deals/{deal.id}/closure?outcome=won")
    assert 'data-sheet-content="Won: Ovens"' in page.text
    assert 'value="relationship"' in page.text
    assert 'value="competitor"' not in page.text
    answer = rep.post(f"/acme/deals/{deal.id}/closure", data={
        "outcome": "won", "reason": "price", "note": "They liked it.", "version": "1", "next": "/acme/deals?owner=me",
    })  # fmt: skip
    assert (answer.status_code, answer.location) == (303, "/acme/deals?owner=me")
    found = stored(acting, deal.id)
    assert (found.status, found.close_reason, found.close_note) == ("won", "price", "They liked it.")
    assert found.closed_at is not None
    shown = rep.get(f"/acme/deals/{deal.id}").text
    for words in ("How it ended", "Price", "They liked it.", "Open again"):
        assert words in shown, words


def test_nobody_is_sent_to_another_site_after_closing(rep: Browser, make: Maker) -> None:
    deal = make.deal("rep")
    data = {"outcome": "won", "next": "https://evil.example/"}
    assert rep.post(f"/acme/deals/{deal.id}/closure", data=data).location == f"/acme/deals/{deal.id}"


def test_from_the_board_the_form_brings_the_card_back_and_closes_the_sheet(
    rep: Browser, make: Maker, stages: list[StageView]
) -> None:
    deal = make.deal("rep", amount="500")
    form = rep.get(f"/acme/deals/{deal.id}/closure?outcome=lost&from=board&owner=me")
    assert f'hx-target="#deal-{deal.id}"' in form.text
    assert 'name="owner" value="me"' in form.text
    data = {"outcome": "lost", "reason": "timing", "version": "1", "from": "board", "owner": "me"}
    answer = rep.post(f"/acme/deals/{deal.id}/closure", data=data, headers=HTMX)
    assert answer.status_code == 200
    assert f'data-stage-id="{stages[-1].id}"' in answer.text
    assert partials(answer)[f"head-{stages[-1].id}"] == "Lost 1 deals $500"
    assert toast(answer) == {"toast": {"text": "Closed as lost.", "tone": "good"}, "close-sheet": {}}
    assert statements(answer) <= 8


@pytest.mark.parametrize(
    "data",
    [
        {"outcome": "lost"},
        {"outcome": "lost", "reason": "relationship"},
        {"outcome": "won", "reason": "competitor"},
        {"outcome": "won", "reason": "nonsense"},
    ],
)
def test_a_reason_that_does_not_fit_is_refused_and_the_note_is_kept(
    rep: Browser, make: Maker, acting: Acting, data: dict[str, str]
) -> None:
    deal = make.deal("rep")
    sent = {**data, "note": "Keep me", "version": "1", "from": "board"}
    page = rep.post(f"/acme/deals/{deal.id}/closure", data=sent)
    part = rep.post(f"/acme/deals/{deal.id}/closure", data=sent, headers=HTMX)
    for answer in (page, part):
        assert answer.status_code == 422
        assert "reason" in errors(answer)
        assert "Keep me</textarea>" in answer.text
    assert "<html" in page.text
    assert part.text.lstrip().startswith("<form")
    assert stored(acting, deal.id).status == "open"


def test_an_outcome_that_does_not_exist_is_refused(rep: Browser, make: Maker) -> None:
    deal = make.deal("rep")
    assert rep.post(f"/acme/deals/{deal.id}/closure", data={"outcome": "maybe"}).status_code == 422
    assert heading(rep.get(f"/acme/deals/{deal.id}/closure?outcome=maybe")).startswith("Won")


def test_closing_twice_is_closing_once_and_closing_again_changes_the_reason(
    rep: Browser, make: Maker, acting: Acting
) -> None:
    deal = make.deal("rep")
    data = {"outcome": "lost", "reason": "price", "version": "1"}
    assert rep.post(f"/acme/deals/{deal.id}/closure", data=data).status_code == 303
    assert rep.post(f"/acme/deals/{deal.id}/closure", data=data).status_code == 303
    page = rep.get(f"/acme/deals/{deal.id}/closure?outcome=lost")
    assert 'value="price" checked' in page.text
    again = {"outcome": "lost", "reason": "timing", "version": "2"}
    assert rep.post(f"/acme/deals/{deal.id}/closure", data=again).status_code == 303
    assert stored(acting, deal.id).close_reason == "timing"
    assert len(history(acting, deal.id)) == 2


def test_a_race_for_the_outcome_is_lost_by_the_second(
    client_for: ClientFor, rep: Browser, make: Maker, acting: Acting
) -> None:
    deal = make.deal("rep")
    client_for("owner").post(f"/acme/deals/{deal.id}/closure", data={"outcome": "won", "version": "1"})
    data = {"outcome": "lost", "reason": "price", "version": "1"}
    page = rep.post(f"/acme/deals/{deal.id}/closure", data=data)
    assert page.status_code == 409
    assert "Olivia Owner has changed" in page.text
    part = rep.post(f"/acme/deals/{deal.id}/closure", data=data, headers=HTMX)
    assert part.status_code == 409
    assert set(toast(part)) == {"toast", "close-sheet"}
    assert stored(acting, deal.id).status == "won"


# --- opening again ---------------------------------------------------------------------------------------------


def test_a_deal_is_opened_again_where_it_was_closed_from(
    rep: Browser, make: Maker, stages: list[StageView], acting: Acting
) -> None:
    deal = make.deal("rep", stage_id=str(stages[1].id))
    rep.post(f"/acme/deals/{deal.id}/closure", data={"outcome": "lost", "reason": "price"})
    answer = rep.delete(f"/acme/deals/{deal.id}/closure")
    assert (answer.status_code, answer.location) == (303, f"/acme/deals/{deal.id}")
    found = stored(acting, deal.id)
    assert (found.status, found.stage_id, found.closed_at, found.close_reason) == ("open", stages[1].id, None, "")
    assert flashed(rep.get(answer.location)).endswith("Open again, in Qualified.")
    assert rep.delete(f"/acme/deals/{deal.id}/closure", headers=HTMX).headers["HX-Redirect"] == f"/acme/deals/{deal.id}"
    assert len(history(acting, deal.id)) == 3


def test_where_that_stage_is_out_of_use_it_is_the_last_open_one(
    rep: Browser, client_for: ClientFor, make: Maker, stages: list[StageView], acting: Acting
) -> None:
    deal = make.deal("rep", stage_id=str(stages[1].id))
    rep.post(f"/acme/deals/{deal.id}/closure", data={"outcome": "won"})
    client_for("owner").post(f"/acme/settings/pipelines/stages/{stages[1].id}/archiving")
    rep.delete(f"/acme/deals/{deal.id}/closure")
    assert stored(acting, deal.id).stage_id == stages[3].id


def test_a_closed_deal_on_the_board_is_opened_by_moving_it(
    rep: Browser, make: Maker, stages: list[StageView], acting: Acting
) -> None:
    deal = make.deal("rep", outcome="won")
    answer = rep.post(f"/acme/deals/{deal.id}/stage", data={"stage_id": str(stages[0].id)}, headers=HTMX)
    assert answer.status_code == 200
    assert stored(acting, deal.id).status == "open"


@pytest.mark.parametrize(("who", "status"), [("viewer", 403), ("teammate", 403), ("colleague", 404), ("outsider", 404)])
def test_who_may_not_change_a_deal_does_not_open_it_again(
    client_for: ClientFor, make: Maker, who: str, status: int
) -> None:
    deal = make.deal("rep", outcome="won")
    assert client_for(who).delete(f"/acme/deals/{deal.id}/closure").status_code == status


def test_without_a_token_nothing_is_opened_again(rep: Browser, make: Maker, cast: Cast) -> None:
    deal = make.deal("rep", outcome="won")
    assert rep.delete(f"/acme/deals/{deal.id}/closure", csrf=False).status_code == 400
