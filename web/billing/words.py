"""What plans, states, limits and amounts are called, in the reader's language."""

from __future__ import annotations

from dataclasses import dataclass

from billing.held import Held
from billing.money import money as as_money
from billing.plans import INTERVALS, Plan, catalogue
from billing.stripe_facts import Waiting
from saas_crm.core.i18n import gettext as _
from saas_crm.core.i18n import ngettext, spoken
from web.formatting import dotted, money, number, size

TONES = {"trialing": "info", "active": "good", "past_due": "warn", "read_only": "bad", "cancelled": "bad"}


@dataclass(frozen=True, slots=True)
class Badge:
    """A state in one word, and its tone."""

    label: str
    tone: str


def state_badge(state: str) -> Badge:
    """Return what a state is called."""
    words = {
        "trialing": _("Trial"), "active": _("Paid"), "past_due": _("Payment due"),
        "read_only": _("Read-only"), "cancelled": _("Ended"), "free": _("Free"),
    }  # fmt: skip
    return Badge(words.get(state, state), TONES.get(state, ""))


def invoice_badge(state: str) -> Badge:
    """Return what the state of an invoice is called."""
    words = {
        "paid": Badge(_("Paid"), "good"), "open": Badge(_("To be paid"), "warn"),
        "draft": Badge(_("In preparation"), ""), "void": Badge(_("Void"), ""),
        "uncollectible": Badge(_("Not paid"), "bad"),
    }  # fmt: skip
    return words.get(state, Badge(state, ""))


def amount(smallest: int, currency: str) -> str:
    """Write an amount of the currency's smallest unit."""
    return money(as_money(smallest, currency))


def interval_name(interval: str) -> str:
    """Return how often is paid."""
    return _("Yearly") if interval == "year" else _("Monthly")


def intervals() -> list[tuple[str, str]]:
    """Return how often can be paid, to be chosen from."""
    return [(one, interval_name(one)) for one in INTERVALS]


def per_seat(smallest: int, currency: str, interval: str) -> str:
    """Write what a seat costs."""
    written = amount(smallest, currency)
    if interval == "year":
        return _("%(amount)s per seat and year", amount=written)
    return _("%(amount)s per seat and month", amount=written)


def each_time(smallest: int, currency: str, interval: str) -> str:
    """Write what is charged each time."""
    written = amount(smallest, currency)
    return _("%(amount)s a year", amount=written) if interval == "year" else _("%(amount)s a month", amount=written)


def seats(count: int) -> str:
    """Write a number of seats."""
    return ngettext("%(num)s seat", "%(num)s seats", count)


def plan_name(plan: Plan) -> str:
    """Return a plan's name in the reader's language."""
    return plan.name(spoken())


def plan_text(plan: Plan) -> str:
    """Return the sentence about a plan in the reader's language."""
    return plan.text(spoken())


def following(held: Held) -> str:
    """Return which plan and interval come with the next period."""
    plan = catalogue().plan(held.next_plan or held.plan)
    return dotted(plan_name(plan), interval_name(held.next_interval or held.interval))


def changed_to(waiting: Waiting) -> str:
    """Return which plan and interval a change leads to."""
    plan = next((one for one in catalogue().plans if one.key == waiting.plan), None)
    return dotted(
        plan_name(plan) if plan else _("another plan"), interval_name(waiting.interval) if waiting.interval else ""
    )


def limit_name(limit: str) -> str:
    """Return what is limited."""
    words = {
        "members": _("Members"), "customers": _("Companies and contacts"), "storage_bytes": _("Files and pictures"),
        "mails_per_day": _("Mails today"), "api_per_minute": _("API requests a minute"),
    }  # fmt: skip
    return words.get(limit, limit)


def limit_amount(limit: str, value: int) -> str:
    """Write so much of what is limited."""
    return size_of(value) if limit == "storage_bytes" else number(value)


def size_of(count: int) -> str:
    """Write a number of bytes; a plan's are gigabytes."""
    whole, rest = divmod(count, 1_000_000_000)
    return f"{number(whole)} GB" if whole and not rest else size(count)


def feature_name(feature: str) -> str:
    """Return what a feature is called."""
    words = {
        "single_sign_on": _("Single sign-on"), "own_domain": _("Own domain"), "closed_units": _("Closed units"),
        "field_rules": _("Rules for single fields"), "audit_export": _("Export of the audit log"),
    }  # fmt: skip
    return words.get(feature, feature)


def points_of(plan: Plan) -> list[str]:
    """Return what a plan has, line by line: what it limits, then its features."""
    told = [_limit_point(limit, plan.limits.get(limit)) for limit in ("members", "customers", "storage_bytes")]
    told += [feature_name(feature) for feature in sorted(plan.features)]
    return told


def _limit_point(limit: str, most: int | None) -> str:
    if limit == "members":
        return ngettext("Up to %(num)s member", "Up to %(num)s members", most) if most else _("Members without limit")
    if limit == "customers":
        if most is None:
            return _("Companies and contacts without limit")
        return _("%(count)s companies and contacts", count=number(most))
    return _("%(size)s for files", size=size_of(most)) if most else _("Files without limit")


def reasons() -> list[tuple[str, str]]:
    """Return why people leave, to be chosen from; the keys are Stripe's own."""
    return [
        ("too_expensive", _("It costs too much")), ("missing_features", _("Something is missing")),
        ("switched_service", _("We use another product now")), ("unused", _("We do not use it enough")),
        ("too_complex", _("It is too complicated")), ("low_quality", _("It does not work well enough")),
        ("customer_service", _("The support was not good enough")), ("other", _("Something else")),
    ]  # fmt: skip
