"""`saas-crm tenants domain`: a workspace's own domain."""

from __future__ import annotations

from urllib.parse import urlsplit

import click

from saas_crm.cli.configuration import load_settings
from saas_crm.cli.failures import Failure, WrongCall
from tenants.settings import Settings

WORDS = {
    "right": "the TXT record is there",
    "other": "there is a TXT record with another text",
    "none": "there is no TXT record",
    "silent": "the name servers did not answer",
}


@click.command("domain")
@click.argument("slug")
@click.option("--set", "wanted", metavar="DOMAIN", help="Claim this domain; the former one ends at once.")
@click.option("--check", "look", is_flag=True, help="Ask DNS whether the TXT record is there.")
@click.option("--remove", is_flag=True, help="Serve the workspace at its usual address only.")
def domain(slug: str, wanted: str | None, look: bool, remove: bool) -> None:
    """Show the own domain of the workspace SLUG and its DNS records; or claim, check or remove one."""
    if sum((wanted is not None, look, remove)) > 1:
        raise WrongCall("Give one of --set, --check and --remove.")
    settings = load_settings()
    from saas_crm.app import create_app

    with create_app(settings).app_context():
        _do(settings, slug, wanted, look=look, remove=remove)


def _do(settings: Settings, slug: str, wanted: str | None, *, look: bool, remove: bool) -> None:
    from saas_crm.cli.workspaces import unknown
    from saas_crm.core.errors import NotFound
    from saas_crm.operators.acts import note_command
    from saas_crm.workspaces.domains import keeping
    from saas_crm.workspaces.domains.rules import DomainRefused, Held, parse_domain
    from tenants.runtime import runtime_directory

    tenant, by = runtime_directory().by_slug(slug), keeping.By(None, "command")
    if tenant is None:
        raise unknown(slug)
    try:
        if wanted is not None:
            own = parse_domain(wanted, urlsplit(settings.base_url).hostname or "")
            keeping.claim(settings, tenant, own, by)
            note_command(settings.database_url, "domain", slug, domain=own)
        if look:
            found = keeping.check(settings, tenant, by)
            click.echo("another workspace uses this domain" if found.taken else WORDS[found.seen])
        if remove and keeping.give_up(settings, tenant, by):
            note_command(settings.database_url, "domain", slug, domain="")
    except DomainRefused as refused:
        raise WrongCall(f"{wanted!r} will not do as a domain. {refused.problem.value}") from None
    except NotFound:
        raise Failure(f"{slug} has no domain of its own. `--set DOMAIN` claims one.") from None
    held: Held | None = keeping.domain_of(tenant.id)
    if held is None:
        click.echo(f"{slug} has no domain of its own")
        return
    click.echo(f"{held.domain}: {held.state}")
    click.echo(f"  {held.record_name} TXT {held.token}")
    click.echo(f"  {held.domain} CNAME {urlsplit(settings.base_url).hostname}")
