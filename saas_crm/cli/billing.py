"""`saas-crm billing`: the prices at Stripe, a workspace's subscription, plans by hand, figures."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from saas_crm.cli.configuration import load_settings
from saas_crm.cli.failures import Failure, WrongCall
from tenants.settings import Settings

if TYPE_CHECKING:
    from tenants.context import ActiveTenant

MARKS = {"make": "+", "offer": "+", "change": "~", "archive": "-"}
HEAD = ("month", "kind", "plan", "currency", "how many", "seats", "mrr")


@contextmanager
def selling(*, needs_key: bool = True) -> Iterator[Settings]:
    """Run with the application's database; what Stripe says against it becomes one line."""
    settings = load_settings()
    if needs_key and not settings.bills:
        raise WrongCall("STRIPE_SECRET_KEY is not set: billing is off, and nothing is limited.")
    from billing.errors import BillingError, StripeUnreachable
    from billing.patience import patiently
    from billing.plans import WrongPlans
    from saas_crm.app import create_app

    try:
        with create_app(settings).app_context(), patiently():
            yield settings
    except WrongPlans as wrong:
        raise WrongCall(str(wrong)) from None
    except StripeUnreachable as failed:
        raise Failure(f"Stripe did not answer ({failed.message}).", "Said again it goes on where it was.") from None
    except BillingError as failed:
        raise Failure(f"{type(failed).__name__}: {failed.message}") from None


def workspace(slug: str) -> ActiveTenant:
    """Return the workspace of an address; raises Failure."""
    from saas_crm.cli.workspaces import unknown
    from tenants.runtime import runtime_directory

    found = runtime_directory().by_slug(slug)
    if found is None:
        raise unknown(slug)
    return found


@click.command("sync")
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
def sync_command(dry_run: bool) -> None:
    """Make Stripe's products and prices equal to the plans. Who pays an older price keeps it."""
    with selling() as settings:
        from billing.gateways import gateway_needed
        from billing.plans import catalogue
        from billing.syncing import sync
        from saas_crm.operators.acts import note_command

        done = sync(gateway_needed(settings), catalogue(), dry_run=dry_run)
        for step in done:
            click.echo(f"{MARKS[step.act]} {step.act} {step.what}" + (f" {step.amount}" if step.amount else ""))
        if not done:
            click.echo("All products and prices are as the plans say.")
        elif dry_run:
            click.echo(f"{len(done)} things would be done; nothing was changed.")
        else:
            note_command(settings.database_url, "billing_sync", steps=len(done))


@click.command()
@click.argument("slug")
def show(slug: str) -> None:
    """Show what the workspace SLUG has and pays, as it is held here."""
    with selling(needs_key=False):
        from dataclasses import asdict

        from billing.subscriptions import held

        row = held(workspace(slug).id)
        if row is None:
            click.echo(f"{slug} has no subscription and no limits")
            return
        for name, value in asdict(row).items():
            if value not in (None, "", (), [], False):
                click.echo(f"{name}: {value:%Y-%m-%d %H:%M} UTC" if isinstance(value, datetime) else f"{name}: {value}")


@click.command()
@click.argument("slug")
@click.option("--plan", help="The plan, by its key.")
@click.option("--seats", type=click.IntRange(1), help="Seats that are paid for.")
@click.option("--paid-until", type=click.DateTime(["%Y-%m-%d"]), help="Paid until the end of this day (UTC).")
@click.option("--invoice", default="", help="The number of the invoice.")
@click.option("--interval", type=click.Choice(["month", "year"]), default="year", show_default=True)
@click.option("--currency", default="EUR", show_default=True)
@click.option("--end", is_flag=True, help="End the plan that was arranged by hand; the workspace goes on as Free.")
def manual(
    slug: str, *, plan: str | None, seats: int | None, paid_until: datetime | None, invoice: str, interval: str,
    currency: str, end: bool,
) -> None:  # fmt: skip
    """Put the workspace SLUG on a plan that is paid by bank transfer."""
    if not end and (plan is None or seats is None or paid_until is None):
        raise WrongCall("Give --plan, --seats and --paid-until; or --end.")
    with selling() as settings:
        from billing.errors import NothingToDo
        from billing.manual import end_manual, put_manual
        from billing.plans import UnknownPlan
        from saas_crm.operators.acts import note_command

        tenant = workspace(slug)
        try:
            if end:
                end_manual(settings, tenant.id, operator="command")
            elif plan is not None and seats is not None and paid_until is not None:
                until = paid_until.replace(hour=23, minute=59, second=59, tzinfo=UTC)
                put_manual(
                    settings, tenant.id, plan=plan, seats=seats, paid_until=until, invoice=invoice, interval=interval,
                    currency=currency.upper(), operator="command",
                )  # fmt: skip
        except UnknownPlan:
            raise WrongCall(f"There is no plan {plan!r}.") from None
        except NothingToDo as refused:
            raise Failure(f"{slug}: {refused.message}.") from None
        note_command(settings.database_url, "billing_manual", slug, plan=plan or "", invoice=invoice)
        click.echo(f"{slug} is on {plan}, {seats} seats" if not end else f"{slug} has no plan by hand any more")


@click.command()
@click.option("--month", type=click.DateTime(["%Y-%m"]), help="This month; else all.")
@click.option("--csv", "as_csv", is_flag=True, help="As CSV, amounts in the currency's smallest unit.")
def figures(month: datetime | None, as_csv: bool) -> None:
    """Show trials, conversions, churn and recurring revenue by month and plan."""
    with selling(needs_key=False):
        from billing.figures import now_by_plan, of_months

        rows = [*of_months(month), *now_by_plan()]
    if as_csv:
        writer = csv.writer(sys.stdout)
        writer.writerow(HEAD)
        writer.writerows(rows)
        return
    for row in rows:
        click.echo("  ".join(f"{cell!s:<12}" for cell in row).rstrip())
