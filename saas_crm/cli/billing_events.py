"""`saas-crm billing events`, `replay` and `reconcile`: what Stripe told, and whether all of it is held."""

from __future__ import annotations

import click

from saas_crm.cli.billing import selling
from saas_crm.cli.failures import Failure


@click.command()
@click.option("--failed", is_flag=True, help="Only those that failed or wait.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
def events(failed: bool, limit: int) -> None:
    """List the events that Stripe sent, newest first."""
    with selling(needs_key=False):
        from billing.events import MOST_ATTEMPTS, listed

        rows = listed(failed=failed, limit=limit)
    for row in rows:
        tried = (
            f"given up after {row.attempts} times" if row.attempts >= MOST_ATTEMPTS else f"failed {row.attempts} times"
        )
        state = "worked on" if row.worked_at else tried if row.error else "waits"
        why = f"  {row.error}" if row.error else ""
        click.echo(f"{row.created_at:%Y-%m-%d %H:%M:%S}  {row.id}  {row.type}  {row.slug or '-'}  {state}{why}")
    if not rows:
        click.echo("No event waits or has failed." if failed else "No event has come yet.")


@click.command()
@click.argument("event_id", metavar="ID")
def replay(event_id: str) -> None:
    """Let the event ID be worked on again: what it is about is looked up at Stripe anew."""
    with selling():
        from billing.events import replay as again

        if not again(event_id):
            raise Failure(f"There is no event {event_id!r}.", "`saas-crm billing events` lists them.")
    click.echo(f"{event_id} waits for the worker")


@click.command()
@click.option(
    "--forget", is_flag=True,
    help="The key is of another account or mode by intent: forget all customers that Stripe does not know by it.",
)  # fmt: skip
def reconcile(forget: bool) -> None:
    """Compare every subscription with Stripe now, and mend what differs. Exit code 1 where something needs a person."""
    with selling() as settings:
        from billing.reconciling import reconcile as compare

        report = compare(settings, forget=forget)
    click.echo(", ".join(f"{name.replace('_', ' ')}: {count}" for name, count in report.counts().items()))
    for tenant_id, changes in report.mended.items():
        click.echo(f"  {tenant_id}: " + ", ".join(f"{name} {old} → {new}" for name, (old, new) in changes.items()))
    for tenant_id in report.adopted:
        click.echo(f"  {tenant_id}: its customer was not noted, and is now")
    for tenant_id in report.forgotten:
        click.echo(f"  {tenant_id}: Stripe has its customer no more; it goes on without")
    for subscription_id in report.ended:
        click.echo(f"  {subscription_id}: of a workspace that was deleted; it is ended")
    for subscription_id in report.unknown:
        click.echo(f"  {subscription_id}: of no workspace here; it was left alone")
    for tenant_id, why in report.failed.items():
        click.echo(f"  {tenant_id}: {why}")
    if report.needs_a_person:
        raise SystemExit(1)
