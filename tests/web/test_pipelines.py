"""The stages of the sales process: add, rename, chance; by admins alone; their order is next door."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from uuid import UUID

import pytest

from saas_crm.access.permissions import CurrentMember
from saas_crm.opportunities.models import Stage
from saas_crm.opportunities.pipelines import StageView, pipelines
from saas_crm.opportunities.pipelines import stages as stages_of
from tenants.db import db
from tests.support.clients import Browser, statements
from tests.support.making import Maker
from tests.web.deals import in_use
from tests.web.pages import errors, flashed, value

ClientFor = Callable[..., Browser]
Acting = Callable[[str], AbstractContextManager[CurrentMember]]
PAGE = "/acme/settings/pipelines"


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
