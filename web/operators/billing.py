"""What is paid: by month and plan, who owes, what waits, and whether it agrees with Stripe; as a page and a file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from flask import Response, render_template

from billing import watching
from billing.movement import first_month, months_back, months_between, of_months, of_trials
from billing.movement_rules import COUNTED, MONEY, Figures, together
from billing.plans import catalogue
from saas_crm.core.clock import now
from saas_crm.core.errors import NotFound
from saas_crm.core.spreadsheets import MIME, defused
from saas_crm.edge.declared import operators_only
from saas_crm.operators.acts import record_alone
from tenants.runtime import runtime_settings
from web.lists import asked_choice
from web.operators import terms, words
from web.operators.blueprint import bp
from web.operators.frame import frame
from web.operators.gate import who

MONTHS = 12


@bp.get("/billing")
@operators_only
def show_billing() -> str:
    """Show the last twelve months, of one currency and of all plans or one."""
    _check_sold()
    start = months_back(MONTHS)
    rows, trials = of_months(start), of_trials(start)
    months = list(months_between(start, months_back(1)))
    present = [row for row in rows if row.month == months[-1]]
    currencies = _currencies(rows)
    currency = asked_choice("currency", currencies, currencies[0] if currencies else "")
    plan = asked_choice("plan", _plans(rows))
    chosen = _narrowed(rows, plan)
    at, report = watching.compared()
    return render_template(
        "operators/billing.html", currency=currency, currencies=[(code, code) for code in currencies], plan=plan,
        plans=_plans(rows),
        revenue=_filled([row for row in chosen if row.currency == currency], months, ("month", "currency")),
        counts=_filled(chosen, months, ("month",)), trials=trials[::-1],
        by_plan=together(present, by=("plan",)), by_currency=together(present, by=("currency",)), present=present,
        sums=next(iter(together(present, by=("month",))), Figures(months[-1], "", "")),
        owing=watching.owing(), waiting=watching.waiting(), compared_at=at, report=report,
        differences=watching.differences(present, watching.sums_now()), words=words, terms=terms,
        labels=terms.columns(), **frame("billing"),
    )  # fmt: skip


@bp.get("/billing/months.csv")
@operators_only
def export_billing() -> Response:
    """Give out every month since the first change as CSV, for each plan and currency."""
    _check_sold()
    start = first_month()
    rows = of_months(start) if start else []
    record_alone(who(), "billing_export", rows=len(rows))
    response = Response(_lines(rows), content_type=MIME["csv"])
    name = f"billing-{now():%Y-%m-%d}.csv"
    response.headers.set("Content-Disposition", "attachment", filename=name)
    response.headers["Cache-Control"] = "no-store"
    return response


def _lines(rows: Iterable[Figures]) -> Iterator[bytes]:
    """Yield the file line by line: no text in it can be taken for a formula, amounts are in the currency's own unit."""
    labels = terms.columns()
    head = [*terms.keys().values(), *(labels[name] for name in COUNTED)]
    yield _line([defused(label) for label in head]).encode("utf-8-sig")
    for row in rows:
        values = [
            terms.plain_amount(getattr(row, name), row.currency) if name in MONEY else str(getattr(row, name))
            for name in COUNTED
        ]
        yield _line([f"{row.month:%Y-%m}", defused(row.plan), defused(row.currency), *values]).encode()


def _line(cells: Sequence[str]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue()


def _check_sold() -> None:
    """Raise NotFound where nothing is sold."""
    if not runtime_settings().bills:
        raise NotFound


def _currencies(rows: list[Figures]) -> list[str]:
    """Return the currencies that revenue came in, the one that most workspaces pay in now first."""
    paying: dict[str, int] = {}
    for row in rows:
        if row.currency and any(getattr(row, name) for name in MONEY):
            paying[row.currency] = row.paying if row.month == rows[-1].month else paying.get(row.currency, 0)
    return sorted(paying, key=lambda code: (-paying[code], code))


def _plans(rows: list[Figures]) -> dict[str, str]:
    """Return the plans to choose from by their names: those of the price list, and former ones that are in the rows."""
    keys = [one.key for one in catalogue().plans]
    keys += sorted({row.plan for row in rows if row.plan} - set(keys))
    return {key: words.plan(key) for key in keys}


def _narrowed(rows: list[Figures], plan: str) -> list[Figures]:
    return [row for row in rows if not plan or row.plan == plan]


def _filled(rows: list[Figures], months: list[date], by: tuple[str, ...]) -> list[Figures]:
    """Return a row for each month, newest first, also where there is nothing to tell of it; none from before the first.

    The last month is always among them.
    """
    found = {row.month: row for row in together(rows, by=by) if not row.is_empty}
    shown = [month for month in months if found and month >= min(found)] or months[-1:]
    return [found.get(month) or Figures(month, "", "") for month in reversed(shown)]
