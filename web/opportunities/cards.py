"""What the board shows of a deal, ready to read: a card's words are chosen here, so that its template is plain."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from babel import dates
from flask import current_app, g, url_for
from markupsafe import Markup

from saas_crm.access.permissions import CurrentMember
from saas_crm.core.clock import now, today_in
from saas_crm.core.i18n import gettext as _
from saas_crm.core.i18n import ngettext, spoken
from saas_crm.opportunities.board import CardRow
from saas_crm.opportunities.models import Opportunity
from saas_crm.opportunities.rules import days_between, is_stale
from web.context import photo_url
from web.formatting import money

NOBODY = UUID(int=0)
REMEMBERED = 3_000  # cards of some kilobytes with what they are written from, kept in each process


class Reading(NamedTuple):
    """How a card reads: the address of the deals, the reader's language and day."""

    base: str
    locale: str
    today: date


class Person(NamedTuple):
    """Whose deal it is."""

    name: str
    photo_url: str


@dataclass(frozen=True, slots=True)
class Card:
    """One deal on the board; `late` and `stale` are words, "" where there is nothing to warn of."""

    id: str
    name: str
    href: str
    customer: str
    amount: str
    close: str
    late: str
    stale: str
    owner: Person | None
    version: int
    stage_id: str


def cards_html(rows: Iterable[CardRow], member: CurrentMember) -> Markup:
    """Return the cards of a column. A card that has not changed is not written again: see `_written`."""
    present = now()
    reading = _reading(member, present)
    return Markup("".join(_written(row, reading, _still(row, present)) for row in rows))  # noqa: S704 - escaped there


@lru_cache(REMEMBERED)
def _written(row: CardRow, reading: Reading, still: int) -> Markup:
    """Write a card. Everything that it shows is among the arguments, so the same ones give the same card.

    A board has more than a hundred cards, most of them as they were a minute ago.
    """
    owner = Person(row.owner_name, photo_url(row.owner_user_id, row.owner_photo)) if row.owner_name else None
    macros: Any = current_app.jinja_env.get_template("components/board.html").module
    written: Markup = macros.deal_card(_card(row, row.customer or "", owner, reading, still), bool(row.movable))
    return written


def card_of(deal: Opportunity, member: CurrentMember) -> Card:
    """Return the card of a loaded deal."""
    present, party, owner = now(), deal.company or deal.contact, deal.owner
    person = Person(owner.name, photo_url(owner.user_id, owner.photo_digest)) if owner else None
    return _card(deal, party.name if party else "", person, _reading(member, present), _still(deal, present))


def _reading(member: CurrentMember, present: datetime) -> Reading:
    return Reading(base_url(), spoken(), today_in(member.timezone, present))


def _card(deal: Any, customer: str, owner: Person | None, reading: Reading, still: int) -> Card:
    close = deal.expected_close
    day = short_day(close, reading.locale, this_year=close.year == reading.today.year) if close else ""
    late = bool(close) and deal.status == "open" and close < reading.today
    return Card(
        str(deal.id), deal.name, f"{reading.base}{deal.id}", customer,
        money(deal.amount, deal.currency) if deal.amount else "", "" if late else day,
        _("Overdue %(day)s", day=day) if late else "", time_in_stage(still) if still >= 0 else "", owner,
        deal.version, str(deal.stage_id),
    )  # fmt: skip


def _still(deal: Any, present: datetime) -> int:
    """Return for how many days a stale deal has been in its stage, -1 for one that is not stale."""
    if not is_stale(deal.status, deal.last_activity_at, present):
        return -1
    return days_between(deal.stage_since, present)


def time_in_stage(days: int) -> str:
    """Write how long a deal has been where it is."""
    return ngettext("%(num)s day in stage", "%(num)s days in stage", days)


def base_url() -> str:
    """Return the address of all deals' pages up to their id; made once per request, because it is slow."""
    if "deal_base" not in g:
        g.deal_base = url_for("opportunities.show", opportunity_id=NOBODY).removesuffix(str(NOBODY))
    found: str = g.deal_base
    return found


@lru_cache(REMEMBERED)
def short_day(day: date, locale: str, *, this_year: bool) -> str:
    """Write a day in few characters: without the year where it is the reader's own."""
    return dates.format_skeleton("MMMd" if this_year else "yMMMd", day, locale=locale)
