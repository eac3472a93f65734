"""Settings: the order of the stages; taking one out of use and back into it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from uuid import UUID

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from saas_crm.access.permissions import CurrentMember
from saas_crm.opportunities.pipelines import StageView
from tests.support.clients import Browser
from tests.support.making import Maker
from tests.web.deals import in_use

ClientFor = Callable[..., Browser]
Acting = Callable[[str], AbstractContextManager[CurrentMember]]
PAGE = "/acme/settings/pipelines"
HTMX = {"HX-Request": "true"}


def order(page: TestResponse) -> list[str]:
    return re.findall(r'name="order" value="([0-9a-f-]{36})"', page.text)


def test_buttons_move_a_stage_and_keep_it_in_the_list(admin: Browser, acting: Acting, pipeline_id: UUID) -> None:
    ids = order(admin.get(PAGE))
    plain = admin.post(f"{PAGE}/{pipeline_id}/order", data={"order": ids, "down": ids[0]})
    assert (plain.status_code, plain.location) == (303, PAGE)
    assert in_use(acting)[:3] == ["Qualified", "Lead", "Proposal"]
    part = admin.post(f"{PAGE}/{pipeline_id}/order", data={"order": order(admin.get(PAGE)), "up": ids[0]}, headers=HTMX)
    assert part.status_code == 200
    assert order(part) == ids
    assert "<html" not in part.text
    assert json.loads(part.headers["HX-Trigger"])["toast"]["text"] == "Order saved."


@pytest.mark.parametrize("way", ["up", "down"])
def test_at_the_ends_a_button_changes_nothing(admin: Browser, pipeline_id: UUID, way: str) -> None:
    ids = order(admin.get(PAGE))
    data = {"order": ids, way: ids[0] if way == "up" else ids[-1]}
    assert order(admin.post(f"{PAGE}/{pipeline_id}/order", data=data, headers=HTMX)) == ids


def test_any_order_of_the_open_stages_is_taken(admin: Browser, acting: Acting, pipeline_id: UUID) -> None:
    ids = order(admin.get(PAGE))
    admin.post(f"{PAGE}/{pipeline_id}/order", data={"order": ids[::-1]})
    assert in_use(acting) == ["Negotiation", "Proposal", "Qualified", "Lead", "Won", "Lost"]


def test_an_order_of_other_stages_is_refused(
    admin: Browser, acting: Acting, pipeline_id: UUID, stages: list[StageView]
) -> None:
    ids = order(admin.get(PAGE))
    wrong = [[], ids[:3], [*ids, ids[0]], [*ids[:3], "nonsense"], [*ids[:3], str(stages[4].id)]]
    for sent in wrong:
        page = admin.post(f"{PAGE}/{pipeline_id}/order", data={"order": sent})
        assert page.status_code == 422, sent
        assert "look again" in page.text
        assert order(page) == ids
    assert in_use(acting)[:4] == ["Lead", "Qualified", "Proposal", "Negotiation"]


def test_a_stage_goes_out_of_use_and_comes_back_last(
    admin: Browser, acting: Acting, stages: list[StageView], make: Maker
) -> None:
    answer = admin.post(f"{PAGE}/stages/{stages[1].id}/archiving")
    assert (answer.status_code, answer.location) == (303, PAGE)
    assert in_use(acting) == ["Lead", "Proposal", "Negotiation", "Won", "Lost"]
    page = admin.get(PAGE)
    assert "Out of use" in page.text
    assert f"/stages/{stages[1].id}/unarchiving" in page.text
    assert admin.post(f"{PAGE}/stages/{stages[1].id}/archiving").status_code == 303
    assert admin.post(f"{PAGE}/stages/{stages[1].id}/unarchiving").status_code == 303
    assert in_use(acting) == ["Lead", "Proposal", "Negotiation", "Qualified", "Won", "Lost"]


def test_a_stage_with_deals_stays_and_says_why(
    admin: Browser, acting: Acting, stages: list[StageView], make: Maker
) -> None:
    deal = make.deal("rep", stage_id=str(stages[1].id))
    page = admin.post(f"{PAGE}/stages/{stages[1].id}/archiving")
    assert page.status_code == 422
    assert "There are deals in this stage. Move them first." in page.text
    assert "Qualified" in in_use(acting)
    admin.post(f"/acme/deals/{deal.id}/stage", data={"stage_id": str(stages[0].id)})
    assert admin.post(f"{PAGE}/stages/{stages[1].id}/archiving").status_code == 303


def test_the_last_open_stage_and_the_closing_ones_stay(admin: Browser, acting: Acting, stages: list[StageView]) -> None:
    for stage in stages[:3]:
        assert admin.post(f"{PAGE}/stages/{stage.id}/archiving").status_code == 303
    for stage in stages[3:]:
        assert admin.post(f"{PAGE}/stages/{stage.id}/archiving").status_code == 422
    assert in_use(acting) == ["Negotiation", "Won", "Lost"]


def test_no_deal_slips_into_a_stage_that_goes_out_of_use(
    app: Flask, client_for: ClientFor, acting: Acting, make: Maker, stages: list[StageView]
) -> None:
    deals = [make.deal("rep") for _ in range(4)]
    rep, admin = [client_for("rep") for _ in deals], client_for("admin")

    def move(place: int) -> int:
        data = {"stage_id": str(stages[2].id)}
        return rep[place].post(f"/acme/deals/{deals[place].id}/stage", data=data, headers=HTMX).status_code

    with ThreadPoolExecutor(5) as pool:
        moves = [pool.submit(move, place) for place in range(len(deals))]
        archived = pool.submit(admin.post, f"{PAGE}/stages/{stages[2].id}/archiving").result().status_code
        answers = [found.result() for found in moves]
    assert (archived == 303) == all(answer == 422 for answer in answers), (archived, answers)
    assert ("Proposal" in in_use(acting)) == (archived == 422)
