"""The stages of the sales process: add, rename, order, chance, out of use; by admins alone."""

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
from saas_crm.opportunities.models import Stage
from saas_crm.opportunities.pipelines import StageView, pipelines
from saas_crm.opportunities.pipelines import stages as stages_of
from tenants.db import db
from tests.support.clients import Browser, statements
from tests.support.making import Maker
from tests.web.pages import errors, flashed, value

ClientFor = Callable[..., Browser]
Acting = Callable[[str], AbstractContextManager[CurrentMember]]
PAGE = "/acme/settings/pipelines"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def admin(client_for: ClientFor) -> Browser:
    return client_for("admin")


@pytest.fixture
def stages(make: Maker) -> list[StageView]:
    return make.stages()


@pytest.fixture
def pipeline_id(acting: Acting) -> UUID:
    with acting("owner") as owner:
        return pipelines(owner)[0].id


def order(page: TestResponse) -> list[str]:
    return re.findall(r'name="order" value="([0-9a-f-]{36})"', page.text)


def in_use(acting: Acting, who: str = "owner") -> list[str]:
    with acting(who) as member:
        return [stage.name for stage in stages_of(member)]


def test_a_stage_is_added_after_the_last_open_one(admin: Browser, acting: Acting, pipeline_id: UUID) -> None:
    answer = admin.post(f"{PAGE}/{pipeline_id}/stages", data={"name": " Demo ", "probability": "80"})
    assert (answer.status_code, answer.location) == (303, PAGE)
    assert in_use(acting) == ["Lead", "Qualified", "Proposal", "Negotiation", "Demo", "Won", "Lost"]
    assert flashed(admin.get(PAGE)) == "Stage “Demo” added."


@pytest.mark.parametrize(
    ("data", "wrong"),
    [
        ({"name": "", "probability": "5"}, "name"),
        ({"name": "x" * 10_000, "probability": "5"}, "name"),
        ({"name": "Demo", "probability": ""}, "probability"),
        ({"name": "Demo", "probability": "101"}, "probability"),
        ({"name": "Demo", "probability": "-1"}, "probability"),
        ({"name": "Demo", "probability": "half"}, "probability"),
    ],
)
def test_bad_input_is_said_beside_the_field_and_kept(
    admin: Browser, acting: Acting, pipeline_id: UUID, data: dict[str, str], wrong: str
) -> None:
    page = admin.post(f"{PAGE}/{pipeline_id}/stages", data=data)
    assert page.status_code == 422
    assert set(errors(page)) == {wrong}
    assert value(page, "name") == data["name"]
    assert value(page, "probability") == data["probability"]
    assert len(in_use(acting)) == 6


def test_a_stage_is_renamed_for_each_language(
    admin: Browser, client_for: ClientFor, acting: Acting, stages: list[StageView]
) -> None:
    page = admin.get(f"{PAGE}/stages/{stages[0].id}")
    assert value(page, "name") == "Lead"
    assert value(page, "names_zh_hans") == "线索"
    assert 'name="names_en"' not in page.text
    answer = admin.post(f"{PAGE}/stages/{stages[0].id}", data={
        "name": "Enquiry", "names_zh_hans": "询价", "names_zh_hant": "", "probability": "15", "version": "1",
    })  # fmt: skip
    assert answer.status_code == 303
    with acting("owner"):
        stage = db.session.get(Stage, stages[0].id)
        assert stage is not None
        assert (stage.name, stage.names, stage.probability) == ("Enquiry", {"en": "Enquiry", "zh_Hans": "询价"}, 15)


def test_a_reader_of_chinese_names_a_stage_in_chinese(client_for: ClientFor, make: Maker, acting: Acting) -> None:
    stage, browser = make.stages("outsider")[0], client_for("outsider")
    page = browser.get(f"/other/settings/pipelines/stages/{stage.id}")
    assert value(page, "name") == "线索"
    assert value(page, "names_en") == "Lead"
    data = {"name": "询价", "names_en": "Enquiry", "names_zh_hant": "詢價", "probability": "15", "version": "1"}
    assert browser.post(f"/other/settings/pipelines/stages/{stage.id}", data=data).status_code == 303
    assert in_use(acting, "outsider")[0] == "询价"


def test_won_and_lost_are_renamed_but_keep_their_chance(
    admin: Browser, acting: Acting, stages: list[StageView]
) -> None:
    won = stages[4]
    assert 'name="probability"' not in admin.get(f"{PAGE}/stages/{won.id}").text
    data = {"name": "Signed", "probability": "3", "version": "1"}
    assert admin.post(f"{PAGE}/stages/{won.id}", data=data).status_code == 303
    with acting("owner") as owner:
        found = next(stage for stage in stages_of(owner) if stage.kind == "won")
    assert (found.name, found.probability) == ("Signed", 100)


def test_a_lost_race_shows_both_values(admin: Browser, client_for: ClientFor, stages: list[StageView]) -> None:
    here = f"{PAGE}/stages/{stages[0].id}"
    client_for("owner").post(here, data={"name": "Enquiry", "probability": "10", "version": "1"})
    page = admin.post(here, data={"name": "Request", "probability": "10", "version": "1"})
    assert page.status_code == 409
    assert "Enquiry" in page.text
    assert "Request" in page.text
    assert value(page, "version") == "2"


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


def test_others_read_the_stages_and_change_nothing(
    client_for: ClientFor, acting: Acting, stages: list[StageView], pipeline_id: UUID
) -> None:
    for who in ("manager", "rep", "viewer"):
        browser = client_for(who)
        page = browser.get(PAGE)
        assert page.status_code == 200
        assert "Negotiation" in page.text
        assert "<button" not in re.sub(r"(?s)^.*<main|</main>.*$", "", page.text)
        assert browser.get(f"{PAGE}/stages/{stages[0].id}").status_code == 403
        ways = (f"{pipeline_id}/stages", f"{pipeline_id}/order", f"stages/{stages[0].id}",
                f"stages/{stages[0].id}/archiving", f"stages/{stages[0].id}/unarchiving")  # fmt: skip
        for way in ways:
            data = {"name": "x", "probability": "1"}
            assert browser.post(f"{PAGE}/{way}", data=data).status_code == 403, (who, way)
    assert len(in_use(acting)) == 6


def test_another_tenants_stages_do_not_exist(admin: Browser, make: Maker, acting: Acting) -> None:
    with acting("outsider") as outsider:
        foreign_pipeline = pipelines(outsider)[0].id
    foreign = make.stages("outsider")[0].id
    assert admin.get(f"{PAGE}/stages/{foreign}").status_code == 404
    ways = (f"{foreign_pipeline}/stages", f"{foreign_pipeline}/order", f"stages/{foreign}",
            f"stages/{foreign}/archiving", f"stages/{foreign}/unarchiving")  # fmt: skip
    for way in ways:
        assert admin.post(f"{PAGE}/{way}", data={"name": "x", "probability": "1"}).status_code == 404, way


def test_the_page_costs_few_statements(admin: Browser, stages: list[StageView]) -> None:
    admin.get(PAGE)
    assert statements(admin.get(PAGE)) <= 8
    assert statements(admin.get(f"{PAGE}/stages/{stages[0].id}")) <= 8


def test_a_change_costs_few_statements(admin: Browser, stages: list[StageView], pipeline_id: UUID) -> None:
    admin.get(PAGE)
    turned = [str(stage.id) for stage in reversed(stages) if stage.kind == "open"]
    ways: dict[str, tuple[dict[str, object], int]] = {
        f"{pipeline_id}/stages": ({"name": "Demo", "probability": "5"}, 8),
        f"stages/{stages[0].id}": ({"name": "First", "probability": "5"}, 8),
        f"stages/{stages[0].id}/archiving": ({}, 8),
        f"stages/{stages[0].id}/unarchiving": ({}, 8),
    }
    for way, (data, most) in ways.items():
        answer = admin.post(f"{PAGE}/{way}", data=data)
        assert answer.status_code == 303, way
        assert statements(answer) <= most, way
    demo = re.findall(r'name="order" value="([^"]+)"', admin.get(PAGE).text)
    order = {"order": [*turned, *(stage for stage in demo if stage not in turned)]}
    answer = admin.post(f"{PAGE}/{pipeline_id}/order", data=order)
    assert answer.status_code == 303
    assert statements(answer) <= 8


# --- the pipeline's own name -----------------------------------------------------------------------------------


def test_the_pipeline_is_renamed_in_the_languages_of_its_readers(
    admin: Browser, acting: Acting, pipeline_id: UUID
) -> None:
    here = f"{PAGE}/{pipeline_id}/name"
    assert f'href="{here}"' in admin.get(PAGE).text
    page = admin.get(here)
    assert (value(page, "name"), value(page, "names_zh_hans")) == ("Sales", "销售")
    answer = admin.post(here, data={"name": "Projects", "names_zh_hans": "项目", "names_zh_hant": "", "version": "1"})
    assert (answer.status_code, answer.location) == (303, PAGE)
    assert statements(answer) <= 8
    assert "Projects" in admin.get(PAGE).text
    with acting("owner") as owner:
        found = pipelines(owner)[0]
        assert (found.name, found.names) == ("Projects", {"en": "Projects", "zh_Hans": "项目"})


def test_a_pipeline_without_a_name_is_refused_and_a_lost_race_shows_both(admin: Browser, pipeline_id: UUID) -> None:
    here = f"{PAGE}/{pipeline_id}/name"
    refused = admin.post(here, data={"name": "", "version": "1"})
    assert refused.status_code == 422
    assert errors(refused) == {"name": "This is needed."}
    admin.post(here, data={"name": "First", "version": "1"})
    race = admin.post(here, data={"name": "Second", "version": "1"})
    assert race.status_code == 409
    assert "You changed this in another window" in race.text


@pytest.mark.parametrize(("who", "status"), [("rep", 403), ("viewer", 403), ("outsider", 404)])
def test_who_may_not_rename_the_pipeline(client_for: ClientFor, pipeline_id: UUID, who: str, status: int) -> None:
    browser = client_for(who)
    assert browser.get(f"{PAGE}/{pipeline_id}/name").status_code == status
    assert browser.post(f"{PAGE}/{pipeline_id}/name", data={"name": "x"}).status_code == status


def test_every_stage_that_can_be_changed_looks_it(admin: Browser, client_for: ClientFor) -> None:
    assert admin.get(PAGE).text.count('class="grow stage-link"') == 6
