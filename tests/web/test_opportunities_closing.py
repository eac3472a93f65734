"""Closing a deal as won or lost, and opening it again."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from saas_crm.access.permissions import CurrentMember
from saas_crm.opportunities.pipelines import StageView
from tests.support.cast import Cast
from tests.support.clients import Browser, statements
from tests.support.making import Maker
from tests.web.deals import HTMX, history, partials, stored, toast
from tests.web.pages import errors, flashed, heading

ClientFor = Callable[..., Browser]
Acting = Callable[[str], AbstractContextManager[CurrentMember]]


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
