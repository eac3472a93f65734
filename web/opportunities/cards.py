"""What the board shows of a deal, ready to read: a card's words are chosen here, so that its template is plain."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from babel import dates
from flask import g, url_for

from saas_crm.access.permissions import CurrentMember
from saas_crm.core.clock import now, today_in
from saas_crm.core.i18n import gettext as _
from saas_crm.core.i18n import ngettext, spoken
from saas_crm.opportunities.models import Opportunity
from saas_crm.opportunities.rules import days_between, is_stale
from web.context import photo_url
from web.formatting import money

NOBODY = UUID(int=0)


class Person(NamedTuple):
    """Whose deal it is."""

    name: str
    photo_url: str


@dataclass(frozen=True, slots=True)
class Card:
    """One deal on the board; `late` and `stale` are words, "" where there is nothing to warn of."""

    id: UUID
    name: str
    href: str
    customer: str
    amount: str
    close: str
    late: str
    stale: str
    owner: Person | None
    movable: bool
    version: int
    stage_id: UUID


class CardWriter:
    """Writes the cards of one page: what all of them share is worked out once."""

    def __init__(self, member: CurrentMember) -> None:
        self._now = now()
        self._today = today_in(member.timezone, self._now)
        self._base = base_url()
        self._locale = spoken()
        self._said: dict[Any, str] = {}

    def of_row(self, row: Any) -> Card:
        """Return the card of a row of the board's query."""
        owner = Person(row.owner_name, photo_url(row.owner_user_id, row.owner_photo)) if row.owner_name else None
        return self._card(row, row.company_name or row.contact_name or "", owner, row.movable or False)

    def of_deal(self, deal: Opportunity, *, movable: bool) -> Card:
        """Return the card of a loaded deal."""
        party = deal.company or deal.contact
        owner = deal.owner
        person = Person(owner.name, photo_url(owner.user_id, owner.photo_digest)) if owner else None
        return self._card(deal, party.name if party else "", person, movable)

    def _card(self, deal: Any, customer: str, owner: Person | None, movable: bool) -> Card:
        close = deal.expected_close
        late = close is not None and deal.status == "open" and close < self._today
        return Card(
            deal.id, deal.name, f"{self._base}{deal.id}", customer, money(deal.amount, deal.currency) if deal.amount else "",
            "" if late else self._day(close), self._overdue(close) if late else "", self._stale(deal), owner, movable,
            deal.version, deal.stage_id,
        )  # fmt: skip

    def _day(self, day: date | None) -> str:
        return short_day(day, self._locale, this_year=day.year == self._today.year) if day else ""

    def _overdue(self, day: date) -> str:
        if day not in self._said:
            self._said[day] = _("overdue since %(day)s", day=self._day(day))
        return self._said[day]

    def _stale(self, deal: Any) -> str:
        if not is_stale(deal.status, deal.last_activity_at, self._now):
            return ""
        days = days_between(deal.stage_since, self._now)
        if days not in self._said:
            self._said[days] = time_in_stage(days)
        return self._said[days]


def time_in_stage(days: int) -> str:
    """Write how long a deal has been where it is."""
    return ngettext("%(num)s day in this stage", "%(num)s days in this stage", days)


def base_url() -> str:
    """Return the address of all deals' pages up to their id; made once per request, because it is slow."""
    if "deal_base" not in g:
        g.deal_base = url_for("opportunities.show", opportunity_id=NOBODY).removesuffix(str(NOBODY))
    found: str = g.deal_base
    return found


@lru_cache(10_000)
def short_day(day: date, locale: str, *, this_year: bool) -> str:
    """Write a day in few characters: without the year where it is the reader's own."""
    return dates.format_skeleton("MMMd" if this_year else "yMMMd", day, locale=locale)
