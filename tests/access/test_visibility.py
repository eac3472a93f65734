"""One rule for all reads: lists, counts, details, search, pickers, boards, totals, timelines, twins and the API agree.

What a member should see is computed here in plain Python from their scopes, for the built-in roles and for roles by
chance, and every way in is compared with it. A way in that sees more is a leak, one that sees less a bug.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select

from saas_crm.access.ownership import may
from saas_crm.access.permissions import BUILT_IN
from saas_crm.activities import queries as activities
from saas_crm.customers import duplicates
from saas_crm.customers import queries as customers
from saas_crm.customers.models import Company
from tenants.db import db
from tests.access.ways_in import MODELS, OWNERS, WORD, World, compare, scopes_by_chance
from tests.conftest import Stage
from tests.support.clients import browser_of, phone_of
from tests.support.making import acting


@pytest.mark.parametrize("who", [*OWNERS, "admin", "viewer"])
def test_built_in_roles_see_the_same_everywhere(who: str, stage: Stage, world: World) -> None:
    scopes = dict(BUILT_IN[stage.cast[who].role or ""])
    assert compare(stage.installation.app, stage.cast, world, who, scopes) >= 12, "every role sees all four kinds"


@pytest.mark.parametrize("seed", range(12))
def test_roles_by_chance_see_the_same_everywhere(
    seed: int, stage: Stage, world: World, role_of: Callable[[str, dict[str, str]], None]
) -> None:
    scopes = scopes_by_chance(seed)
    for role, who in (("rep", "rep"), ("manager", "manager"), ("viewer", "viewer")):
        role_of(role, scopes)
        assert compare(stage.installation.app, stage.cast, world, who, scopes) >= 3, "the search alone has three"


@pytest.mark.parametrize("seed", range(4))
def test_changing_takes_the_scope_on_the_record_itself(
    seed: int, stage: Stage, world: World, role_of: Callable[[str, dict[str, str]], None]
) -> None:
    """Who sees a contact through its company may not change it for that."""
    scopes = scopes_by_chance(100 + seed)
    role_of("rep", scopes)
    with acting(stage.installation.app, stage.cast, "rep") as member:
        for kind, model in MODELS.items():
            for record in db.session.scalars(select(model).where(model.deleted_at.is_(None))):
                for action in ("update", "delete"):
                    allowed = record.id in world.changeable(scopes, "rep", kind, action)
                    assert may(record, action, member) == allowed, f"{action} of {kind} with {scopes}"


@pytest.mark.parametrize("who", ["owner", "manager", "rep", "colleague", "viewer"])
def test_pages_and_api_show_the_same(who: str, stage: Stage, world: World) -> None:
    person, app = stage.cast[who], stage.installation.app
    scopes = dict(BUILT_IN[person.role or ""])
    browser, phone = browser_of(app, person), phone_of(app, person)
    for kind, plural, page in (
        ("company", "companies", "/acme/companies"), ("contact", "contacts", "/acme/contacts"),
        ("opportunity", "opportunities", "/acme/deals?view=list"), ("activity", "activities", ""),
    ):  # fmt: skip
        expected = {str(key) for key in world.seen(scopes, who, kind)}
        answer = phone.get(f"/{plural}?limit=200")
        assert {item["id"] for item in answer.json["items"]} == expected, plural
        if page:
            text = browser.get(page).text
            assert {str(key) for key in world.all(kind) if str(key) in text} == expected, page
    picked = browser.get(f"/acme/pickers/companies?q={WORD}").text
    seen = {str(key) for key in world.seen(scopes, who, "company")}
    assert {str(key) for key in world.all("company") if str(key) in picked} <= seen


@pytest.mark.parametrize("who", ["rep", "colleague", "viewer", "owner"])
def test_a_timeline_tells_of_no_customer_one_does_not_see(who: str, stage: Stage, world: World) -> None:
    scopes = dict(BUILT_IN[stage.cast[who].role or ""])
    seen = world.seen(scopes, who, "activity")
    with acting(stage.installation.app, stage.cast, who) as member:
        for company_id in world.seen(scopes, who, "company"):
            found = {row.id for row in activities.timeline("company", company_id, member=member).rows}
            assert found <= seen
            assert found == {key for key in seen if company_id in world.parents[key]} & found
        due = {row.id for row in activities.due_for(member, now=datetime.now(UTC), days=7)}
        assert due <= seen


@pytest.mark.parametrize("who", ["rep", "colleague"])
def test_twins_are_only_of_what_one_sees(who: str, stage: Stage, world: World) -> None:
    scopes = dict(BUILT_IN[stage.cast[who].role or ""])
    with acting(stage.installation.app, stage.cast, who) as member:
        for owner in OWNERS:
            twins = duplicates.company_twins(member, name=f"{WORD} Company {owner}")
            assert {twin.id for twin in twins} <= world.seen(scopes, who, "company")
            twins = duplicates.contact_twins(member, name=f"{WORD} Contact {owner}")
            assert {twin.id for twin in twins} <= world.seen(scopes, who, "contact")


def test_a_member_without_a_team_has_only_their_own(
    stage: Stage, world: World, role_of: Callable[[str, dict[str, str]], None]
) -> None:
    schema = stage.cast.tenants["acme"].schema_name
    move = f"UPDATE {schema}.members SET team_id = %s WHERE id = %s"
    with stage.installation.place.owner() as connection:
        connection.execute(move, [None, stage.cast["rep"].member_id])
        with acting(stage.installation.app, stage.cast, "rep") as member:
            rows = customers.company_rows(member, customers.CustomerFilter(), limit=200).rows
            owners = set(db.session.scalars(select(Company.owner_id).where(Company.id.in_([r.id for r in rows]))))
            assert owners == {member.id}
            assert db.session.scalar(select(func.count()).select_from(Company)) == len(OWNERS)
        connection.execute(move, [stage.cast["rep"].team_id, stage.cast["rep"].member_id])
