"""Country, currency and time zone in the sign-up form.

The form remembers for which country currency and zone were filled in (`place_of`). When another country is
chosen, what was only filled in follows it and what was chosen by hand stays; the same rule serves the
browser with JavaScript, which sees it at once, and the one without, which sees it after sending.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import request

from saas_crm.core.i18n import spoken
from saas_crm.core.places import countries, currency_of, timezone_of, timezones, zone_names, zones_of

FIELDS = ("country", "place_of", "currency", "timezone")
_HOME = {"zh_Hans": "CN", "zh_Hant": "TW"}


def followed(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values with country, currency and time zone filled in."""
    country = values.get("country") or likely_country()
    if country not in countries():
        return dict(values)
    before = values.get("place_of") or country
    currency, timezone = values.get("currency", ""), values.get("timezone", "")
    if before in countries() and before != country:
        currency = "" if currency == currency_of(before) else currency
        timezone = "" if timezone in zones_of(before) else timezone
    return {
        **values, "country": country, "place_of": country, "currency": currency or currency_of(country),
        "timezone": timezone or timezone_of(country),
    }  # fmt: skip


def zones_for(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the time zones to choose from: the country's own, and the one that is chosen."""
    country, chosen = values.get("country", ""), values.get("timezone", "")
    zones = set(zones_of(country)) | ({chosen} & timezones())
    return zone_names(tuple(sorted(zones)), spoken())


def likely_country() -> str:
    """Return the first country the browser's languages name (de-AT), else the one the language is from."""
    for tag in request.accept_languages.values():
        for part in tag.replace("_", "-").split("-")[1:]:
            if len(part) == 2 and part.upper() in countries():
                return part.upper()
    return _HOME.get(spoken(), "US")
