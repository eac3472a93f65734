"""Countries, with the currency and the time zone that go with them, and their names in the reader's language.

Currencies, zones and names are CLDR's (through `babel`); which of a country's several zones most of its
people live in is told here.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache, lru_cache
from zoneinfo import ZoneInfo, available_timezones

from saas_crm.core.clock import now
from saas_crm.core.money import currencies
from saas_crm.core.pinyin import sort_key

_NO_COUNTRIES = frozenset("AC AQ CP CQ DG EA EU EZ IC QO TA UN XA XB ZZ".split())  # noqa: SIM905
"""CLDR's territories that are no country: unions, parts, pseudo-regions, and the one without inhabitants."""

MAIN_ZONES = {
    "AR": "America/Argentina/Buenos_Aires", "AU": "Australia/Sydney", "BR": "America/Sao_Paulo",
    "CA": "America/Toronto", "CD": "Africa/Kinshasa", "CL": "America/Santiago", "CN": "Asia/Shanghai",
    "CY": "Asia/Nicosia", "DE": "Europe/Berlin", "EC": "America/Guayaquil", "ES": "Europe/Madrid",
    "FM": "Pacific/Pohnpei", "GL": "America/Nuuk", "ID": "Asia/Jakarta", "KI": "Pacific/Tarawa",
    "KZ": "Asia/Almaty", "MH": "Pacific/Majuro", "MN": "Asia/Ulaanbaatar", "MX": "America/Mexico_City",
    "MY": "Asia/Kuala_Lumpur", "NZ": "Pacific/Auckland", "PF": "Pacific/Tahiti", "PG": "Pacific/Port_Moresby",
    "PS": "Asia/Gaza", "PT": "Europe/Lisbon", "RU": "Europe/Moscow", "UA": "Europe/Kyiv", "UM": "Pacific/Wake",
    "US": "America/New_York", "UZ": "Asia/Tashkent",
    "XK": "Europe/Belgrade",
}  # fmt: skip
"""Of the countries with several zones, the one where most of their people live; CLDR has none for Kosovo."""


@cache
def countries() -> tuple[str, ...]:
    """Return the ISO 3166 codes a workspace may choose from."""
    from babel import Locale

    codes = (str(code) for code in Locale("en").territories)
    return tuple(sorted(code for code in codes if len(code) == 2 and code not in _NO_COUNTRIES))


def currency_of(country: str) -> str:
    """Return the currency a country's companies count in: its own where it has several, USD for none."""
    from babel.numbers import get_territory_currencies

    found = [code for code in get_territory_currencies(country) if code in currencies()]
    own = [code for code in found if code.startswith(country)]
    return next(iter(own or found), "USD")


@cache
def timezones() -> frozenset[str]:
    """Return the IANA zones people live in; old names and technical zones are left out."""
    from babel.core import get_global

    zones = {zone for found in get_global("territory_zones").values() for zone in found}
    return frozenset(zone for zone in zones & available_timezones() if not zone.startswith("Etc/")) | {"UTC"}


@cache
def zones_of(country: str) -> tuple[str, ...]:
    """Return a country's time zones, the one of most people first; UTC when it has none of its own."""
    from babel.core import get_global

    found = [zone for zone in get_global("territory_zones").get(country, []) if zone in timezones()]
    main = MAIN_ZONES.get(country, "UTC")
    return tuple(sorted(found, key=lambda zone: (zone != main, zone))) or (main,)


def timezone_of(country: str) -> str:
    """Return the time zone of most of a country's people."""
    return zones_of(country)[0]


@lru_cache(8)
def country_names(locale: str) -> tuple[tuple[str, str], ...]:
    """Return (code, name) of all countries, in the order the reader's language sorts them."""
    from babel import Locale

    names = Locale.parse(locale).territories
    return tuple(sorted(((code, names[code]) for code in countries()), key=lambda pair: name_order(locale)(pair[1])))


@lru_cache(8)
def currency_names(locale: str) -> tuple[tuple[str, str], ...]:
    """Return (code, "EUR – Euro") of all currencies in use, by code."""
    from babel import Locale

    names = Locale.parse(locale).currencies
    return tuple((code, f"{code} – {names.get(code, code)}") for code in currencies())


def zone_names(zones: tuple[str, ...], locale: str, at: datetime | None = None) -> list[tuple[str, str]]:
    """Return (zone, "UTC+01:00 Vienna") for each zone, by offset and then name, as of a moment (now)."""
    moment = (at or now()).replace(minute=0, second=0, microsecond=0)
    return list(_zone_names(zones, locale, moment))


@lru_cache(64)
def _zone_names(zones: tuple[str, ...], locale: str, moment: datetime) -> tuple[tuple[str, str], ...]:
    rows = []
    for zone in zones:
        offset = moment.astimezone(ZoneInfo(zone)).utcoffset() or timedelta(0)
        rows.append((offset, zone_name(zone, locale), zone))
    order = name_order(locale)
    rows.sort(key=lambda row: (row[0], order(row[1]), row[2]))
    return tuple((zone, f"{_offset(offset)} {name}") for offset, name, zone in rows)


@lru_cache(4096)
def zone_name(zone: str, locale: str) -> str:
    """Return the city that names a zone, in the reader's language."""
    from babel import Locale

    named = Locale.parse(locale).time_zones
    for name in (zone, *_former_names().get(zone, ())):
        city: str | None = named.get(name, {}).get("city")
        if city:
            return city
    return zone.rpartition("/")[2].replace("_", " ")


@cache
def _former_names() -> dict[str, list[str]]:
    """Return the old names of zones: CLDR translates Asia/Calcutta where IANA now says Asia/Kolkata."""
    from babel.core import get_global

    found: dict[str, list[str]] = {}
    for former, present in get_global("zone_aliases").items():
        found.setdefault(present, []).append(former)
    return found


def _offset(offset: timedelta) -> str:
    minutes = round(offset.total_seconds() / 60)
    sign = "-" if minutes < 0 else "+"
    return f"UTC{sign}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"


def name_order(locale: str) -> Callable[[str], str]:
    """Return the key by which names are sorted in a reader's language: Chinese ones by pinyin, in Taiwan by strokes.

    Python knows no collation; Big5 lists its everyday characters by strokes, and code points follow its order here.
    """
    if locale == "zh_Hant":
        return lambda name: name.encode("big5", "replace").decode("latin-1")
    return sort_key
