"""The invented customers: lively, consistent, and acceptable to the product's own rules."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest

from saas_crm.core.emails import parse_email
from saas_crm.core.phones import parse_phone
from saas_crm.customers.models import LIFECYCLES
from saas_crm.demo.phone_numbers import invented_phones
from saas_crm.demo.scene import Scene, Step
from saas_crm.demo.tell import tell
from saas_crm.demo.workspaces import PLANS, Plan
from saas_crm.opportunities.rules import CLOSE_REASONS

PIPELINE = uuid4()
STEPS = [Step(uuid4(), PIPELINE, kind) for kind in ("open", "open", "open", "open", "won", "lost")]
MOMENTS = [datetime(2027, 1, 3, 0, 30, tzinfo=UTC), datetime(2026, 11, 20, 14, 0, tzinfo=UTC)]


def story(plan: Plan, moment: datetime, owners: list[UUID]) -> Scene:
    return tell(Scene(
        words=plan.words, sizes=plan.sizes, now=moment, timezone=plan.timezone, country=plan.country,
        currency=plan.currency, owners=dict.fromkeys(owners, 1), steps=STEPS, rng=Random(7),
        new_id=lambda _table: uuid4(),
    ))  # fmt: skip


@pytest.fixture(scope="module", params=[(plan, moment) for plan in PLANS for moment in MOMENTS],
                ids=lambda case: f"{case[0].slug}-{case[1]:%m%d}")  # fmt: skip
def told(request: pytest.FixtureRequest) -> Scene:
    plan, moment = request.param
    return story(plan, moment, [uuid4(), uuid4(), uuid4()])


def test_the_demo_is_as_large_as_promised() -> None:
    rows = story(PLANS[0], MOMENTS[1], [uuid4() for _ in range(5)]).rows
    assert len(rows["companies"]) == 60
    assert 110 <= len(rows["contacts"]) <= 150
    assert len(rows["opportunities"]) == 45
    assert len(rows["activities"]) >= 350
    assert Counter(deal["status"] for deal in rows["opportunities"]) == {"open": 29, "won": 10, "lost": 6}


def test_names_and_addresses_are_told_apart(told: Scene) -> None:
    for table, column in (("companies", "name"), ("companies", "domain"), ("contacts", "email")):
        values = [row[column] for row in told.rows[table]]
        assert len(values) == len(set(values)), column


def test_what_the_product_checks_holds(told: Scene) -> None:
    for row in [*told.rows["companies"], *told.rows["contacts"]]:
        assert parse_email(row["email"]) == row["email"]
        for number in filter(None, (row["phone"], row.get("mobile"))):
            assert parse_phone(number, None) == number
        assert row["lifecycle"] in LIFECYCLES
    for deal in told.rows["opportunities"]:
        if deal["status"] != "open":
            assert deal["close_reason"] in CLOSE_REASONS[deal["status"]]
            assert deal["closed_at"] <= told.now


def test_every_deal_has_come_its_way(told: Scene) -> None:
    for deal in told.rows["opportunities"]:
        way = [row for row in told.rows["stage_changes"] if row["opportunity_id"] == deal["id"]]
        assert way[0]["from_stage_id"] is None
        assert way[0]["at"] == deal["created_at"]
        assert [row["from_stage_id"] for row in way[1:]] == [row["to_stage_id"] for row in way[:-1]]
        assert way[-1]["to_stage_id"] == deal["stage_id"]
        assert way[-1]["at"] == deal["stage_since"]
        assert [row["at"] for row in way] == sorted(row["at"] for row in way)


def test_nothing_happened_in_the_future_or_before_its_record(told: Scene) -> None:
    made = {row["id"]: row["created_at"] for table in ("companies", "opportunities") for row in told.rows[table]}
    for row in told.rows["activities"]:
        if row["done_at"] is not None:
            assert row["done_at"] <= told.now
            assert row["done_at"] >= made.get(row["opportunity_id"], row["done_at"])
        else:
            assert row["created_at"] <= told.now
            assert row["due_at"] == row["at"]


def test_everybody_has_something_overdue_today_and_ahead(told: Scene) -> None:
    zone = ZoneInfo(told.timezone)
    for owner in told.owners:
        days = [
            (row["due_at"].astimezone(zone).date() - told.today).days
            for row in told.rows["activities"]
            if row["owner_id"] == owner and row["done_at"] is None
        ]
        assert sum(day < 0 for day in days) >= 1
        assert sum(day == 0 for day in days) >= 3
        assert sum(day > 0 for day in days) >= 4


def test_some_deals_have_gone_quiet_and_none_others_have(told: Scene) -> None:
    month = told.now - timedelta(days=30)
    quiet = [
        deal for deal in told.rows["opportunities"] if deal["status"] == "open" and deal["last_activity_at"] < month
    ]
    assert 1 <= len(quiet) <= 10


def test_the_same_seed_tells_the_same_story() -> None:
    owners = [uuid4(), uuid4()]
    first, second = (story(PLANS[1], MOMENTS[0], owners) for _ in range(2))
    for table in first.rows:
        for one, other in zip(first.rows[table], second.rows[table], strict=True):
            plain = {key for key in one if key != "id" and not key.endswith("_id")}
            assert {key: one[key] for key in plain} == {key: other[key] for key in plain}


@pytest.mark.parametrize("country", ["US", "GB", "DE", "FR", "CN", "TW", "JP", "BR", "IN", "ZA", "AQ", "XX"])
def test_invented_phone_numbers_are_well_formed(country: str) -> None:
    phone = invented_phones(country)
    for number in range(130):
        if made := phone(number):
            assert parse_phone(made, None) == made
    assert bool(phone(1)) == (country not in ("AQ", "XX"))
