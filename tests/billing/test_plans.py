"""The plans that come with the product, and what wrong ones are told."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from billing.money import money
from billing.plans import PACKAGED, Feature, Limit, UnknownPlan, WrongPlans, lookup_key, read
from saas_crm.core.i18n import LANGUAGES
from tenants import plan as tenants_plan


def test_the_plans_that_come_with_the_product() -> None:
    offered = read(PACKAGED)
    assert [plan.key for plan in offered.plans] == ["free", "team", "business"]
    assert (offered.trial.plan, offered.trial.days) == ("business", 14)
    for plan in offered.plans:
        assert {plan.name(language) for language in LANGUAGES} >= {plan.names["en"]}
        assert all(plan.text(language) for language in LANGUAGES)
    free, team, business = offered.plans
    assert (free.is_paid, team.is_paid, business.is_paid) == (False, True, True)
    assert free.limits["members"] == free.included_seats == 3
    assert "customers" not in business.limits
    assert free.features < team.features < business.features
    assert offered.ranks == {"free": 0, "team": 1, "business": 2}


def test_every_price_has_a_name_of_its_own_and_a_year_is_never_dearer_than_twelve_months() -> None:
    offered = read(PACKAGED)
    prices = list(offered.prices())
    assert len({price.lookup_key for price in prices}) == len(prices) == 2 * 2 * 8
    for plan in offered.plans[1:]:
        for currency in offered.currencies:
            month, year = (offered.price(plan.key, interval, currency) for interval in ("month", "year"))
            assert month is not None
            assert year is not None
            assert month.amount < year.amount <= 12 * month.amount
    assert lookup_key("team", "month", "EUR") == "crm_team_month_eur"


def test_what_is_not_offered() -> None:
    offered = read(PACKAGED)
    for wrong in (
        ("free", "month", "EUR"),
        ("team", "week", "EUR"),
        ("team", "month", "CHF"),
        ("gold", "month", "EUR"),
    ):
        assert offered.price(*wrong) is None
    with pytest.raises(UnknownPlan):
        offered.plan("gold")


def test_limits_and_features_are_those_that_tenants_know() -> None:
    assert get_args(Limit) == tenants_plan.LIMITS
    assert get_args(Feature) == tenants_plan.FEATURES


def test_seats_that_are_bought_come_on_top_of_those_that_are_included() -> None:
    free, team, _business = read(PACKAGED).plans
    assert [free.seats_to_buy(members) for members in (1, 3, 5)] == [1, 1, 1], "it has three seats, and sells none"
    few = free.model_copy(update={"limits": {"members": 5}})
    assert [few.seats_to_buy(members) for members in (3, 4, 5, 9)] == [1, 1, 2, 2]
    assert [team.seats_to_buy(members) for members in (0, 1, 7)] == [1, 1, 7]


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [(1200, "EUR", "12.00 EUR"), (1800, "JPY", "1800 JPY"), (4000, "KWD", "4.000 KWD"), (39000, "TWD", "390.00 TWD")],
)
def test_amounts_are_in_the_smallest_unit(amount: int, currency: str, shown: str) -> None:
    assert str(money(amount, currency)) == shown


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            ("EUR = { month = 1200,", "EUR = { month = 12.5,"),
            "plans.team.prices.EUR.month: Input should be a valid int",
        ),
        (
            ("EUR = { month = 1200,", "EUR = { month = 0,"),
            "plans.team.prices.EUR.month: Input should be greater than 0",
        ),
        (("EUR = { month = 1200,", "EUX = { month = 1200,"), "plans.team.prices: EUX is no currency in use"),
        (("KWD = { month = 4000,", "KWD = { month = 4001,"), "plans.team.prices: KWD.month must be a multiple of 10"),
        (('zh_Hans = "免费版", ', ""), "plans.free.names: must have a text in each of en, zh_Hans, zh_Hant"),
        (('["audit_export"]', '["two_factor"]'), "plans.team.features.0: Input should be 'single_sign_on'"),
        (("members = 3\n", "members = 0\n"), "plans.free.limits.members: Input should be greater than 0"),
        (("members = 3\n", "mebmers = 3\n"), "plans.free.limits.mebmers"),
        (('plan = "business"\n', 'plan = "gold"\n'), "trial.plan: there is no plan 'gold'"),
        (("[plans.free", "[plans.gratis"), "plans.free must be there and have no prices"),
        (("version = 1\n", ""), "version: Field required"),
        (("version = 1\n", "version = = 1\n"), "Invalid value"),
        (("GBP = { month = 1000, year = 10000 }\n", ""), "plans: all paid plans must have the same currencies"),
        (("included_seats = 3", "seats_included = 3"), "plans.free.seats_included: Extra inputs are not permitted"),
    ],
)
def test_wrong_plans_are_told_with_their_place(change: tuple[str, str], told: str, tmp_path: Path) -> None:
    text = PACKAGED.read_text(encoding="utf-8")
    assert change[0] in text
    file = tmp_path / "plans.toml"
    file.write_text(text.replace(*change), encoding="utf-8")
    with pytest.raises(WrongPlans, match=re.escape(told)) as refused:
        read(file)
    assert str(refused.value).startswith(f"{file}:")


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(WrongPlans, match="No such file"):
        read(tmp_path / "nowhere.toml")
