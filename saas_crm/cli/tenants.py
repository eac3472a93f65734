"""`saas-crm tenants create` and `tenants list`."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click
import psycopg

from saas_crm.cli.configuration import load_settings
from saas_crm.cli.failures import WrongCall
from saas_crm.cli.sizes import in_words
from tenants.settings import Settings
from tenants.slugs import check_slug

if TYPE_CHECKING:
    from saas_crm.workspaces.overview import Overview

COUNTRY_OF_LOCALE = {"en": "US", "zh_Hans": "CN", "zh_Hant": "TW"}


@click.command()
@click.argument("slug")
@click.option("--name", required=True, help="What its people call the workspace.")
@click.option("--owner-email", required=True, help="Sign-in of its owner; the operator vouches for it.")
@click.option("--owner-name", help="The owner's name; without it, the part of the address before the @.")
@click.option("--owner-password", help="Without it, a link is printed with which the owner sets one.")
@click.option("--locale", type=click.Choice(list(COUNTRY_OF_LOCALE)), default="en", show_default=True)
@click.option("--country", help="Two letters (ISO 3166): gives currency and time zone.")
def create(
    *, slug: str, name: str, owner_email: str, owner_name: str | None, owner_password: str | None, locale: str,
    country: str | None,
) -> None:  # fmt: skip
    """Make a workspace with the address /SLUG and its owner."""
    settings = load_settings()
    if problem := check_slug(slug):
        raise WrongCall(f"{slug!r} will not do as an address. {problem.message}")
    if not name.strip():
        raise WrongCall("The workspace needs a name.")
    from saas_crm.cli.founding import Order, carry_out

    country = (country or COUNTRY_OF_LOCALE[locale]).upper()
    order = Order(slug, name.strip(), locale, country, owner_email, owner_name, owner_password)
    tenant, link = carry_out(settings, order)
    click.echo(f"{tenant.name} is at {settings.base_url}/{tenant.slug}/")
    if link:
        click.echo(f"{owner_email} sets a password here, once and within one hour: {link}")


@click.command("list")
@click.option("--json", "as_json", is_flag=True, help="For programs: one array of objects.")
@click.option("--details", is_flag=True, help="With size, members, last use, failed jobs and failed upgrades.")
def list_tenants(as_json: bool, details: bool) -> None:
    """List the workspaces: address, name, status, version of their tables, language, since when, plan."""
    if details:
        _list_details(load_settings(), as_json)
        return
    rows = _rows(load_settings())
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    if not rows:
        click.echo("There are no workspaces yet: `saas-crm tenants create` makes one.", err=True)
    width = max((len(row["slug"]) for row in rows), default=0)
    for row in rows:
        click.echo(
            f"{row['slug']:<{width}}  {row['status']:<9}  {row['schema_version']}  {row['locale']:<7}  "
            f"{row['created_at'][:10]}  {_plan(row['plan'], row['plan_state'])}{row['name']}"
        )


def _list_details(settings: Settings, as_json: bool) -> None:
    from saas_crm.workspaces.overview import overviews

    found = overviews(settings.owner_url)
    if as_json:
        click.echo(json.dumps([_as_object(each) for each in found], ensure_ascii=False, indent=2))
        return
    width = max((len(each.registered.slug) for each in found), default=0)
    for each in found:
        known = each.registered
        seen = f"{each.last_seen_at:%Y-%m-%d}" if each.last_seen_at else "never"
        faults = [f"{known.failed_jobs} jobs failed"] if known.failed_jobs else []
        faults += [f"last upgrade: {known.error}"] if known.error else []
        click.echo(
            f"{known.slug:<{width}}  {known.status:<9}  {known.version}  {in_words(each.size):>9}"
            f"  {known.members:>5} members  seen {seen:<10}  {_plan(known.plan, known.plan_state)}{known.name}"
            + "".join(f"  ! {fault}" for fault in faults)
        )


def _plan(key: str | None, state: str | None) -> str:
    """Return a plan and its state as a column, nothing where nobody takes money."""
    return f"{f'{key} ({state})':<20}  " if key else ""


def _as_object(each: Overview) -> dict[str, Any]:
    known = asdict(each.registered)
    known.pop("schema")
    seen = each.last_seen_at.isoformat() if each.last_seen_at else None
    return {**known, "since": each.registered.since.isoformat(), "size": each.size, "last_seen_at": seen}


def _rows(settings: Settings) -> list[dict[str, Any]]:
    query = (
        "SELECT id::text, slug, name, status, schema_version, locale, country, currency, timezone,"
        " to_char(coalesce(claimed_at, created_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"
        " AS created_at, to_jsonb(t) -> 'plan' ->> 'key' AS plan, to_jsonb(t) -> 'plan' ->> 'state' AS plan_state"
        " FROM public.tenants t WHERE slug IS NOT NULL ORDER BY slug"
    )
    with psycopg.connect(settings.database_url, connect_timeout=10) as connection:
        cursor = connection.execute(query)
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor]
