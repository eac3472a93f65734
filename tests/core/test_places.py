"""Countries, their currencies and time zones, and their names."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from saas_crm.core.i18n import LANGUAGES
from saas_crm.core.money import currencies
from saas_crm.core.places import (
    MAIN_ZONES,
    countries,
    country_names,
    currency_names,
    currency_of,
    timezone_of,
    timezones,
    zone_names,
    zones_of,
)


@pytest.mark.parametrize(
    ("country", "currency", "zone"),
    [
        ("CN", "CNY", "Asia/Shanghai"), ("TW", "TWD", "Asia/Taipei"), ("HK", "HKD", "Asia/Hong_Kong"),
        ("SG", "SGD", "Asia/Singapore"), ("US", "USD", "America/New_York"), ("AT", "EUR", "Europe/Vienna"),
        ("DE", "EUR", "Europe/Berlin"), ("CH", "CHF", "Europe/Zurich"), ("GB", "GBP", "Europe/London"),
        ("BR", "BRL", "America/Sao_Paulo"), ("AU", "AUD", "Australia/Sydney"), ("BT", "BTN", "Asia/Thimphu"),
        ("XK", "EUR", "Europe/Belgrade"),
    ],
)  # fmt: skip
def test_what_goes_with_a_country(country: str, currency: str, zone: str) -> None:
    assert (currency_of(country), timezone_of(country)) == (currency, zone)


def test_every_country_has_a_currency_in_use_and_a_zone_that_exists() -> None:
    for country in countries():
        assert currency_of(country) in currencies(), country
        assert ZoneInfo(timezone_of(country)), country
        assert set(zones_of(country)) <= timezones(), country


def test_no_country_with_several_zones_was_forgotten() -> None:
    several = {country for country in countries() if len(zones_of(country)) > 1}
    assert several - set(MAIN_ZONES) == set()
    assert set(MAIN_ZONES) <= set(countries())
    assert set(MAIN_ZONES.values()) <= timezones()


@pytest.mark.parametrize("locale", list(LANGUAGES))
def test_names_are_complete_in_every_language(locale: str) -> None:
    assert {code for code, _ in country_names(locale)} == set(countries())
    assert {code for code, _ in currency_names(locale)} == set(currencies())
    assert all(name for _, name in country_names(locale))


def test_names_are_in_the_readers_order() -> None:
    english = [name for _, name in country_names("en")]
    assert english.index("Åland Islands") < english.index("Albania")
    pinyin = [code for code, _ in country_names("zh_Hans")]
    assert pinyin.index("DE") < pinyin.index("FR") < pinyin.index("CN"), "德 de, 法 fa, 中 zhong"
    strokes = [code for code, _ in country_names("zh_Hant")]
    assert strokes.index("CN") < strokes.index("DE"), "中 has 4 strokes, 德 15"


def test_zones_tell_their_offset_of_the_day() -> None:
    winter, summer = datetime(2026, 1, 10, tzinfo=UTC), datetime(2026, 7, 10, tzinfo=UTC)
    zones = ("Europe/Vienna", "Asia/Kolkata", "America/New_York", "UTC")
    assert zone_names(zones, "en", winter) == [
        ("America/New_York", "UTC-05:00 New York"), ("UTC", "UTC+00:00 UTC"), ("Europe/Vienna", "UTC+01:00 Vienna"),
        ("Asia/Kolkata", "UTC+05:30 Kolkata"),
    ]  # fmt: skip
    assert dict(zone_names(zones, "zh_Hans", summer))["Europe/Vienna"] == "UTC+02:00 维也纳"
