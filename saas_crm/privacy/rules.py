"""Who may be contacted how and for what, and how long something must be kept: plain values in, plain answers out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any, Literal, NamedTuple, get_args
from uuid import UUID

Channel = Literal["email", "phone", "sms", "post", "wechat", "whatsapp"]
Purpose = Literal["marketing", "sales", "survey", "service"]
State = Literal["given", "withdrawn", "objected"]
Source = Literal["talk", "phone", "email", "letter", "web_form", "contract", "event", "import", "other"]
CHANNELS: tuple[Channel, ...] = get_args(Channel)
PURPOSES: tuple[Purpose, ...] = get_args(Purpose)
STATES: tuple[State, ...] = get_args(State)
SOURCES: tuple[Source, ...] = get_args(Source)
NEEDS_CONSENT: frozenset[str] = frozenset({"marketing", "survey"})
"""What takes a yes beforehand; of the rest nobody asks first, but a no counts (GDPR, articles 6, 7 and 21)."""
KEEP_YEARS = (0, 2, 3, 5, 6, 7, 8, 10, 15, 30)
USUAL_KEEP_YEARS = 10
"""How many years a customer with a won deal is kept where the workspace decided nothing."""


class Statement(NamedTuple):
    """What a person said about one channel and purpose; of two about one moment the one written later counts."""

    channel: str
    purpose: str
    state: str
    at: datetime
    created_at: datetime
    id: UUID


def latest(statements: Iterable[Any]) -> dict[tuple[str, str], Any]:
    """Return the statement that counts for each channel and purpose; anything with a Statement's fields will do."""
    found: dict[tuple[str, str], Any] = {}
    for one in statements:
        key = (one.channel, one.purpose)
        if key not in found or _rank(one) > _rank(found[key]):
            found[key] = one
    return found


def _rank(one: Any) -> tuple[datetime, datetime, UUID]:
    return one.at, one.created_at, one.id


def may_contact(statements: Iterable[Any], channel: str, purpose: str) -> bool:
    """Whether a person may be contacted so: a no counts always, and some purposes take a yes beforehand."""
    found = latest(statements).get((channel, purpose))
    return found.state == "given" if found is not None else purpose not in NEEDS_CONSENT


def refusals(statements: Iterable[Any]) -> Mapping[str, tuple[str, ...]]:
    """Return for each channel the purposes for which the person said no, in the order of both."""
    said = latest(statements)
    found = {
        channel: tuple(
            purpose for purpose in PURPOSES if (one := said.get((channel, purpose))) and one.state != "given"
        )
        for channel in CHANNELS
    }
    return {channel: purposes for channel, purposes in found.items() if purposes}


def kept_until(day: date, years: int) -> date:
    """Return the day until which something of a day is kept for some years; 29 February ends on 1 March."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)
