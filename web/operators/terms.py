"""The words of billing in the console: what happened, what is reckoned, why people left."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from billing.money import money as as_money
from saas_crm.core.i18n import gettext as _
from saas_crm.core.i18n import ngettext, pgettext
from web.billing.words import amount, each_time, per_seat, reasons, seats
from web.formatting import dotted, number
from web.operators.words import plan

__all__ = [
    "amount", "change", "change_told", "columns", "each_time", "keys", "leaving", "looked", "per_seat", "plain_amount",
    "report",
]  # fmt: skip


def change(kind: str) -> str:
    """Return what a change of a subscription is called; one of a later release by its own name."""
    return {
        "trial": _("Trial began"), "started": _("Subscribed"), "converted": _("Subscribed after the trial"),
        "upgraded": _("Larger plan"), "downgraded": _("Smaller plan"), "seats": _("Other number of seats"),
        "interval": _("Other interval"), "price": _("Other price"), "past_due": _("Payment due"),
        "read_only": pgettext("plan", "Read-only: unpaid"), "recovered": _("Paid again"),
        "cancel_asked": _("Cancelled to the period’s end"),
        "cancel_taken_back": _("Cancellation taken back"), "cancelled": _("Ended"),
        "free": pgettext("plan", "Free of charge"), "manual": _("Arranged by hand"),
    }.get(kind, kind)  # fmt: skip


def change_told(row: Any) -> str:
    """Return a change's plan, seats and revenue, and who made it."""
    return dotted(
        plan(row.plan), seats(row.seats) if row.seats else "",
        _("%(amount)s a month", amount=amount(row.mrr, row.currency)) if row.mrr and row.currency else "",
        {"command": _("Command")}.get(row.by_operator, row.by_operator), leaving(row.reason, ""),
    )  # fmt: skip


def leaving(reason: str, said: str) -> str:
    """Return why somebody left, with their own words where there are some."""
    return dotted(dict(reasons()).get(reason, reason), f"“{said}”" if said else "")


def columns() -> dict[str, str]:
    """Return what each figure of a month is called, in the order of a table."""
    return {
        "begins": _("At the beginning"), "new": pgettext("revenue", "New"), "reactivation": _("Came back"),
        "expansion": _("Expansion"), "contraction": _("Contraction"), "churn": _("Churn"), "moved": _("Changed plan"),
        "ends": _("At the end"), "seats_added": _("Seats added"), "seats_removed": _("Seats given back"),
        "seats_moved": _("Seats that changed plan"), "seats": _("Seats"), "trials": _("Trials begun"),
        "began": _("Began to pay"), "left": _("Ceased to pay"), "trialing": pgettext("plans", "On trial"),
        "active": pgettext("plans", "Paid"), "past_due": pgettext("plans", "Payment due"),
        "read_only": pgettext("plans", "Read-only"),
    }  # fmt: skip


def keys() -> dict[str, str]:
    """Return what stands before the figures in a file: month, plan and currency."""
    return {"month": _("Month"), "plan": pgettext("plan", "Plan"), "currency": _("Currency")}


def plain_amount(smallest: int, currency: str) -> str:
    """Write an amount for a spreadsheet: a plain number in the currency's own unit."""
    return f"{as_money(smallest, currency).amount:f}" if currency else str(smallest)


def report(found: dict[str, Any]) -> Iterator[str]:
    """Yield what the last comparison with Stripe found, a line for each kind of which there is something."""
    counts = {name: len(value) for name, value in found.items() if isinstance(value, list | dict)}
    counts |= found.get("counts") or {}  # of very many only the first are kept
    for name, line in _MENDED.items():
        if count := counts.get(name):
            yield line(count)
    failed = dict(found.get("failed") or {})
    if failed.pop("key", None):
        yield _("Stripe does not know our customers: the key is of another account or mode.")
    if failed.pop("events", None):
        yield _("Events that had not come could not be fetched.")
    if found.get("unknown"):
        yield _("Of no workspace here, and left alone: %(ids)s", ids=", ".join(found["unknown"][:10]))
    if count := len(failed):
        yield ngettext("%(num)s workspace could not be compared.", "%(num)s workspaces could not be compared.", count)


_MENDED: dict[str, Callable[[int], str]] = {
    "mended": lambda count: ngettext("%(num)s subscription differed and was mended.",
                                     "%(num)s subscriptions differed and were mended.", count),
    "missed_events": lambda count: ngettext("%(num)s event had not come, and was fetched.",
                                            "%(num)s events had not come, and were fetched.", count),
    "adopted": lambda count: ngettext("%(num)s customer at Stripe was found again.",
                                      "%(num)s customers at Stripe were found again.", count),
    "forgotten": lambda count: ngettext("%(num)s customer is not at Stripe any more.",
                                        "%(num)s customers are not at Stripe any more.", count),
    "ended": lambda count: ngettext("%(num)s subscription of a deleted workspace was ended.",
                                    "%(num)s subscriptions of deleted workspaces were ended.", count),
}  # fmt: skip


def looked(found: dict[str, Any]) -> str:
    """Return how many subscriptions were compared."""
    count = int(found.get("looked") or 0)
    return ngettext("%(num)s subscription compared", "%(num)s subscriptions compared", count, number=number(count))
