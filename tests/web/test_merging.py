"""Two changes of one record that do not contradict each other are both kept, and nobody is asked."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from threading import Thread
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update

from saas_crm.access.models import Team
from saas_crm.access.permissions import CurrentMember
from saas_crm.customers.models import Company
from saas_crm.opportunities.models import Opportunity
from saas_crm.opportunities.people import contact_ids_of
from tenants.db import db
from tests.support.cast import Cast
from tests.support.clients import Browser
from tests.support.making import Maker
from tests.web.pages import flashed, heading, value
from tests.web.roles import form_of, pages_of, stored
from tests.web.test_confirming import kept
from tests.web.test_conflicts import choices
from web.merging import Merged

ClientFor = Callable[..., Browser]
Acting = Callable[[str], AbstractContextManager[CurrentMember]]

KINDS: dict[str, tuple[dict[str, str], dict[str, str], dict[str, str]]] = {
    "companies": ({"name": "Ada", "city": "Linz"}, {"city": "Graz"}, {"name": "Ada Ltd"}),
    "contacts": ({"name": "Ada", "job_title": "Buyer"}, {"job_title": "Head"}, {"name": "Ada L."}),
    "deals": ({"name": "Ovens", "amount": "100"}, {"amount": "250"}, {"name": "Two ovens"}),
    "activities": (
        {"kind": "call", "subject": "Ring", "body": "Long ago"}, {"body": "Just now"}, {"subject": "Ring them"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("other", ["rep", "owner"])
@pytest.mark.parametrize("kind", KINDS)
def test_what_each_changed_is_kept(client_for: ClientFor, make: Maker, kind: str, other: str) -> None:
    began, theirs, mine = KINDS[kind]
    makers = {"companies": make.company, "contacts": make.contact, "deals": make.deal, "activities": make.activity}
    here = f"/acme/{kind}/{makers[kind]('rep', **began).id}"
    rep, form = client_for("rep"), {**began, "version": "1"}
    assert client_for(other).post(here, data=form | theirs).status_code == 303
    answer = rep.post(here, data=form | mine)
    assert answer.status_code == 303, answer.text
    edit = rep.get(f"{here}/edit").text
    for text in (*theirs.values(), *mine.values()):
        assert text in edit


@pytest.mark.parametrize(("other", "said"), [
    ("rep", "What you changed in another window meanwhile is kept too: City"),
    ("owner", "What Olivia Owner changed meanwhile is kept too: City"),
])  # fmt: skip
def test_the_message_tells_what_was_merged(client_for: ClientFor, make: Maker, other: str, said: str) -> None:
    here, rep = f"/acme/companies/{make.company('rep', name='Ada', city='Linz').id}", client_for("rep")
    client_for(other).post(here, data={"name": "Ada", "city": "Graz", "version": "1"})
    assert rep.post(here, data={"name": "Ada Ltd", "city": "Linz", "version": "1"}).status_code == 303
    assert said in rep.get(here).text


@pytest.mark.parametrize(("later", "said"), [
    (Merged((), ["City"], "Ann", False), (["Name", "City"], "Ann")),
    (Merged((), ["Name", "City"], "Ben", False), (["Name", "City"], "")),
    (Merged((), (), "Ben", False), (["Name"], "Ann")),
])  # fmt: skip
def test_what_earlier_rounds_kept_is_told_too(later: Merged, said: tuple[list[str], str]) -> None:
    found = later.on_top_of(Merged([("name", "x")], ["Name"], "Ann", False))
    assert (list(found.kept), found.who) == said
    assert found.pairs == later.pairs
    assert later.on_top_of(None) is later


def test_only_what_both_changed_is_asked(client_for: ClientFor, make: Maker, acting: Acting) -> None:
    company = make.company("rep", name="Ada", city="Linz", industry="Steel", country="AT")
    here, rep = f"/acme/companies/{company.id}", client_for("rep")
    form = {"name": "Ada", "city": "Linz", "industry": "Steel", "country": "AT", "version": "1"}
    client_for("owner").post(here, data=form | {"city": "Graz", "name": "Theirs"})
    page = rep.post(here, data=form | {"industry": "Wood", "name": "Mine"})
    assert page.status_code == 409
    assert choices(page.text, "name") == ["Mine", "Theirs"]
    assert choices(page.text, "city") == choices(page.text, "industry") == []
    assert "Kept as you wrote it: Industry" in page.text
    assert "Kept as it was saved meanwhile: City" in page.text
    sent = {"name": "Mine", "city": value(page, "city"), "industry": value(page, "industry"), "country": "AT"}
    assert rep.post(here, data=sent | {"version": value(page, "version")}).status_code == 303
    with acting("rep"):
        found = db.session.get_one(Company, company.id)
        assert (found.name, found.city, found.industry) == ("Mine", "Graz", "Wood")


def test_the_same_change_twice_asks_nothing(client_for: ClientFor, make: Maker) -> None:
    here, rep = f"/acme/companies/{make.company('rep', name='Ada', city='Linz').id}", client_for("rep")
    sent = {"name": "Ada", "city": "Graz", "version": "1"}
    assert client_for("owner").post(here, data=sent).status_code == 303
    assert rep.post(here, data=sent).status_code == 303
    assert "kept too" not in rep.get(here).text


def test_a_rule_of_one_field_survives_a_change_of_another(client_for: ClientFor, acting: Acting) -> None:
    page, admin = pages_of(acting)["rep"], client_for("admin")
    first = form_of(admin, page, rule__company__website="hidden", confirmed="1")
    second = form_of(admin, page, rule__company__industry="read-only", confirmed="1")
    assert admin.post(page, data=first).status_code == 303
    asked = admin.post(page, data=second)
    assert asked.status_code == 200, "whom it touches is shown for what both changes amount to"
    assert 'name="rule__company__website" value="hidden"' in asked.text
    again = {**second, "rule__company__website": "hidden", "version": value(asked, "version")}
    assert admin.post(page, data=again).status_code == 303
    rules = stored(acting, "rep")
    assert (rules["company.website"], rules["company.industry"]) == ("hidden", "read-only")


def test_a_team_is_renamed_by_one_and_led_by_another(
    client_for: ClientFor, cast: Cast, make: Maker, acting: Acting
) -> None:
    make.company("teammate", name="Seen by who leads the team")
    team_id, lead = cast.teams["north"], str(cast["colleague"].member_id)
    here, form = f"/acme/settings/teams/{team_id}", {"name": "North", "confirmed": "1"}
    before = client_for("admin").get(here)
    form |= {name: value(before, name) for name in ("name", "manager_id", "version")}
    assert client_for("owner").post(here, data=form | {"name": "Far north"}).status_code == 303
    admin = client_for("admin")
    again = admin.post(here, data=form | {"manager_id": lead})
    assert heading(again) == "Before you save", "what was confirmed was another change"
    assert flashed(again) == flashed(admin.get(here)) == "", "nothing is saved, so nothing is told"
    assert admin.post(here, data={**dict(kept(again.text)), "confirmed": "1"}).status_code == 303
    with acting("owner"):
        team = db.session.get_one(Team, UUID(str(team_id)))
        assert (team.name, str(team.manager_id)) == ("Far north", lead)
    asked = client_for("admin").post(here, data=form | {"name": "Near north"})
    assert asked.status_code == 409
    assert choices(asked.text, "name") == ["Near north", "Far north"]
    with acting("owner"):
        assert db.session.get_one(Team, UUID(str(team_id))).name == "Far north"


def test_people_of_a_deal_are_merged_too(client_for: ClientFor, make: Maker, acting: Acting) -> None:
    deal, first = make.deal("rep", name="Ovens"), make.contact("rep", name="Eva")
    here, rep = f"/acme/deals/{deal.id}", client_for("rep")
    form = {"name": "Ovens", "amount": "", "contact_ids": "", "version": "1"}
    theirs = {**form, "contact_ids": str(first.id), "amount": "70"}
    assert client_for("owner").post(here, data=theirs).status_code == 303
    assert rep.post(here, data=form | {"name": "Two ovens"}).status_code == 303
    with acting("rep"):
        found = db.session.get_one(Opportunity, deal.id)
        assert (found.name, found.amount) == ("Two ovens", 70)
        assert contact_ids_of([deal.id])[deal.id] == [first.id]


def test_sharing_in_between_is_no_save(client_for: ClientFor, make: Maker, cast: Cast, acting: Acting) -> None:
    company = make.company("rep", name="Ada", city="Linz")
    here, rep = f"/acme/companies/{company.id}", client_for("rep")
    client_for("owner").post(here, data={"name": "Ada", "city": "Graz", "version": "1"})
    shared = {"member_id": str(cast["colleague"].member_id), "level": "read"}
    assert client_for("owner").post(f"/acme/account-team/company/{company.id}", data=shared).status_code == 303
    assert rep.post(here, data={"name": "Ada Ltd", "city": "Linz", "version": "1"}).status_code == 303
    with acting("rep"):
        found = db.session.get_one(Company, company.id)
        assert (found.name, found.city) == ("Ada Ltd", "Graz")


def _counted_up(company_id: UUID) -> None:
    """Save without a word in the log."""
    db.session.execute(update(Company).where(Company.id == company_id).values(city="Graz", version=Company.version + 1))


def test_a_save_the_log_does_not_know_makes_it_ask_all(client_for: ClientFor, make: Maker, acting: Acting) -> None:
    company = make.company("rep", name="Ada", city="Linz")
    here, rep = f"/acme/companies/{company.id}", client_for("rep")
    client_for("owner").post(here, data={"name": "Theirs", "city": "Linz", "version": "1"})
    with acting("owner"):
        _counted_up(company.id)
    page = rep.post(here, data={"name": "Ada", "city": "Linz", "version": "1"})
    assert page.status_code == 409
    assert choices(page.text, "name") == ["Ada", "Theirs"]
    assert choices(page.text, "city") == ["Linz", "Graz"]


def test_values_that_were_erased_are_asked_about(
    client_for: ClientFor, make: Maker, installation: Any, cast: Cast
) -> None:
    company = make.company("rep", name="Ada", city="Linz")
    here, rep = f"/acme/companies/{company.id}", client_for("rep")
    client_for("owner").post(here, data={"name": "Ada", "city": "Graz", "version": "1"})
    schema = cast.tenants["acme"].schema_name
    with installation.place.owner() as owner:
        owner.execute(
            f"update {schema}.audit_log set changes = '{{\"city\": [\"***\", \"***\"]}}' "
            "where record_id = %s and action = 'update'", [company.id],
        )  # fmt: skip
        owner.commit()
    page = rep.post(here, data={"name": "Ada Ltd", "city": "Linz", "version": "1"})
    assert page.status_code == 409
    assert choices(page.text, "city") == ["Linz", "Graz"]


def test_many_at_once_each_with_a_field_of_their_own(client_for: ClientFor, make: Maker, acting: Acting) -> None:
    fields = ("city", "industry", "region", "street")
    form = {"name": "Ada", **dict.fromkeys(fields, "")}
    company = make.company("rep", **form)
    here, answers = f"/acme/companies/{company.id}", []

    def change(name: str) -> None:
        answers.append(client_for("rep").post(here, data={**form, name: f"by {name}", "version": "1"}).status_code)

    threads = [Thread(target=change, args=(name,)) for name in fields]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [303] * len(fields)
    with acting("rep"):
        found = db.session.get_one(Company, company.id)
        assert [getattr(found, name) for name in fields] == [f"by {name}" for name in fields]


def test_nobody_merges_what_they_may_not_change(client_for: ClientFor, make: Maker) -> None:
    here = f"/acme/companies/{make.company('rep', name='Ada').id}"
    client_for("rep").post(here, data={"name": "Ada Ltd", "version": "1"})
    assert client_for("viewer").post(here, data={"name": "Mine", "version": "1"}).status_code == 403
    assert client_for("colleague").post(here, data={"name": "Mine", "version": "1"}).status_code == 404
