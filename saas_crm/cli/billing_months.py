"""`saas-crm billing months`: revenue, workspaces and seats month by month, for people and for programs."""

from __future__ import annotations

import csv
import json
import sys
from dataclasses import asdict
from typing import Any

import click

from saas_crm.cli.billing import selling
from saas_crm.cli.failures import WrongCall

SHOWN = (
    "month",
    "plan",
    "currency",
    "new",
    "reactivation",
    "expansion",
    "contraction",
    "churn",
    "moved",
    "ends",
    "seats",
)


@click.command()
@click.option("--last", type=click.IntRange(1, 600), help="So many months up to the present one; else all.")
@click.option("--csv", "as_csv", is_flag=True, help="All figures as CSV.")
@click.option("--json", "as_json", is_flag=True, help="All figures, and what became of the trials, as one object.")
def months(last: int | None, as_csv: bool, as_json: bool) -> None:
    """Show how recurring revenue moved, by month (UTC), plan and currency; amounts in the currency's smallest unit."""
    if as_csv and as_json:
        raise WrongCall("Give --csv or --json.")
    with selling(needs_key=False):
        from billing.movement import first_month, months_back, of_months, of_trials

        first = first_month()
        start = max(first, months_back(last)) if first and last else first
        rows = [_named(asdict(row)) for row in of_months(start)] if start else []
        trials = [_named(asdict(row)) for row in of_trials(start)] if start else []
    if as_json:
        click.echo(json.dumps({"months": rows, "trials": trials}))
        return
    names = tuple(rows[0]) if as_csv and rows else SHOWN
    writer = csv.writer(sys.stdout, delimiter="," if as_csv else "\t")
    writer.writerow(names)
    writer.writerows([row[name] for name in names] for row in rows)


def _named(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "month": f"{row['month']:%Y-%m}"}
