"""`saas-crm operators consent` and `visits`: looking into a workspace, by its consent alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from uuid import UUID

import click

from saas_crm.cli.configuration import load_settings
from saas_crm.cli.failures import Failure, WrongCall
from saas_crm.cli.workspaces import unknown
from tenants.settings import Settings

if TYPE_CHECKING:
    from tenants.context import ActiveTenant
    from tenants.db import AnyRow

OPERATOR = click.option("--operator", "email", metavar="EMAIL", help="Which operator does it, as both logs will say.")


@click.command()
@click.argument("slug")
@click.option("--ask", "reason", metavar="REASON", help="Mail its owners and ask for it, saying why.")
@OPERATOR
def consent(slug: str, reason: str | None, email: str | None) -> None:
    """Tell whether the workspace SLUG lets operators look in now; exit code 1 when it does not. Or ask for it."""
    with _application() as settings:
        tenant = _tenant(slug)
        if reason is not None:
            _ask(settings, tenant, " ".join(reason.split()), email)
            return
        from saas_crm.operators.visits import consent_of

        found = consent_of(tenant)
    if found is None:
        raise Failure(f"{slug} does not let operators look in now.", "--ask REASON --operator EMAIL asks its owners.")
    click.echo(f"{slug}: until {found.until:%Y-%m-%d %H:%M} UTC, by {found.member_name} ({found.note})")


def _ask(settings: Settings, tenant: ActiveTenant, reason: str, email: str | None) -> None:
    from saas_crm.operators.acts import Who
    from saas_crm.operators.consent_asking import ask_for_consent
    from tenants.address import address_of
    from tenants.versions import lacks_tables

    if not reason:
        raise WrongCall("Say why, for its owners to read.")
    if lacks_tables(tenant):
        raise Failure(f"{tenant.slug} is behind this release, and its owners cannot agree yet.",
                      f"`saas-crm db upgrade --tenant {tenant.slug}` brings it up.")  # fmt: skip
    operator_id, name = _operator(settings, email)
    url = f"{address_of(tenant, settings.base_url)}/settings/support"
    count = ask_for_consent(
        Who(name, operator_id), tenant, reason[:500], database_url=settings.database_url, url=url
    )  # fmt: skip
    click.echo(f"asked: a mail goes to {count} owner{'' if count == 1 else 's'} of {tenant.slug}; they agree at {url}")


@click.group(invoke_without_command=True)
@click.option("--tenant", "slug", metavar="SLUG", help="Only those of this workspace.")
@click.option("--json", "as_json", is_flag=True, help="For programs: one array of objects.")
@click.pass_context
def visits(context: click.Context, *, slug: str | None, as_json: bool) -> None:
    """List which operators looked into workspaces, the latest first; or `begin` and `end` to look."""
    if context.invoked_subcommand is not None:
        if slug or as_json:
            raise WrongCall(f"Give the options after `{context.invoked_subcommand}`.")
        return
    from saas_crm.operators import offers

    with _application():
        found = offers.visits(_tenant(slug).id if slug else None)
    if as_json:
        click.echo(json.dumps([{**row._asdict(), "state": _state(row)} for row in found], default=str))
        return
    for row in found:
        click.echo(f"{row.id}  {row.begun_at or row.asked_at:%Y-%m-%d %H:%M} UTC  {row.slug or '-':<20}"
                   f"  {row.operator:<24}  {_state(row)}")  # fmt: skip
    if not found:
        click.echo("No operator has looked in.", err=True)


def _state(row: AnyRow) -> str:
    from saas_crm.core.clock import now
    from saas_crm.operators.rules import LONGEST_VISIT, OFFER

    if row.begun_at is None:
        return "offered" if now() - row.asked_at < OFFER and row.ended_at is None else "never begun"
    if row.ended_at is not None:
        return f"ended ({row.why})"
    return "looks in" if row.until > now() > row.begun_at and now() - row.begun_at < LONGEST_VISIT else "over"


@visits.command()
@click.argument("slug")
@click.option("--member", "member_email", metavar="EMAIL", required=True, help="As which member of the workspace.")
@OPERATOR
def begin(slug: str, member_email: str, email: str | None) -> None:
    """Print a link by which an operator looks into the workspace SLUG: once, within five minutes, by its consent.

    The link works only in a browser where this operator is signed in to the console, with password and code; both
    logs name them, and the owners get a mail, as when it is begun in the console.
    """
    from saas_crm.core.emails import EmailError, parse_email

    with _application() as settings:
        if not settings.operator_console:
            raise WrongCall("The console is not served, so nobody can look in.", "Set OPERATOR_CONSOLE=true.")
        tenant = _tenant(slug)
        operator_id, name = _operator(settings, email)
        from saas_crm.operators.offers import member_by_email, offer
        from saas_crm.operators.visits import NotAllowed

        try:
            member = member_by_email(tenant, parse_email(member_email))
        except EmailError:
            raise WrongCall(f"{member_email!r} is no e-mail address.") from None
        try:
            token = offer(operator_id, name, tenant, member.id if member else UUID(int=0))
        except NotAllowed as refused:
            raise _refused(refused.why, slug, member_email) from None
    click.echo(f"Sign in to the console as {name}; then open this, once and within five minutes:")
    click.echo(f"{settings.base_url}/operator/visits/{token}")


def _refused(why: str, slug: str, member_email: str) -> Failure:
    if why == "consent":
        return Failure(f"{slug} does not let operators look in now.", f"`saas-crm operators consent {slug} --ask …`")
    return Failure(f"{member_email} is no active member of {slug}.")


@visits.command("end")
@click.argument("visit_id", type=click.UUID, metavar="ID")
def end_visit(visit_id: UUID) -> None:
    """End to look in, from the next request on, or take the link back that nobody has used yet; both logs tell."""
    from saas_crm.operators import offers
    from saas_crm.operators.visits import end

    with _application() as settings:
        found = offers.visit(visit_id)
        if found is None:
            raise Failure(f"There is no visit {visit_id}.", "`saas-crm operators visits` lists them.")
        if found.ended_at is not None:
            click.echo(f"{visit_id} has ended already")
            return
        tenant = _tenant(found.slug)
        if not offers.take_back(visit_id, tenant):
            end(visit_id, tenant, offers.BY_COMMAND, origin={}, database_url=settings.database_url)
    click.echo(f"{visit_id} has ended")


@contextmanager
def _application() -> Iterator[Settings]:
    from saas_crm.app import create_app

    settings = load_settings()
    with create_app(settings).app_context():  # for its connections, and for mails: their job and their languages
        yield settings


def _tenant(slug: str) -> Any:
    from tenants.runtime import runtime_directory

    found = runtime_directory().by_slug(slug)
    if found is None:
        raise unknown(slug)
    return found


def _operator(settings: Settings, email: str | None) -> tuple[UUID, str]:
    """Return id and name of the operator who acts; raises Failure for one who could not sign in to the console."""
    from saas_crm.core.emails import EmailError, parse_email
    from saas_crm.operators import people

    if not email:
        raise WrongCall("Say which operator acts: --operator EMAIL.", "`saas-crm operators list` lists them.")
    try:
        return people.able(settings.owner_url, parse_email(email))
    except EmailError:
        raise WrongCall(f"{email!r} is no e-mail address.") from None
    except people.UnknownOperator:
        raise Failure(f"{email} is no operator.", "`saas-crm operators list` lists them.") from None
    except people.NotAble as state:
        raise Failure(f"{email} is {state.state} and cannot sign in.") from None
