"""`saas-crm operators`: who may sign in to the console at /operator. There is no other way to become one."""

from __future__ import annotations

from collections.abc import Callable

import click

from saas_crm.cli.configuration import load_settings
from saas_crm.cli.failures import Failure, WrongCall
from saas_crm.core.emails import EmailError, parse_email
from tenants.settings import Settings


@click.command()
@click.argument("email")
@click.option("--name", required=True, help="What the logs call them.")
def add(email: str, name: str) -> None:
    """Make EMAIL an operator, and print the link by which they set password and authenticator app up."""
    from saas_crm.operators import people

    settings, address = load_settings(), _address(email)
    if not name.strip():
        raise WrongCall("The operator needs a name.")
    try:
        token = _with_keys(settings, lambda: people.add(settings.owner_url, address, " ".join(name.split())[:200]))
    except people.OperatorExists:
        raise Failure(f"{address} is an operator already.", "`saas-crm operators reset` makes a new link.") from None
    _note(settings, "operator_add", address)
    _tell_link(settings, address, token)


@click.command()
@click.argument("email")
@click.option("--yes", is_flag=True, help="Do not ask; it is certain who asked for it.")
def reset(email: str, yes: bool) -> None:
    """Take password and app off EMAIL, sign them out everywhere, and print a new link."""
    from saas_crm.operators import people

    settings, address = load_settings(), _address(email)
    if not yes:
        click.confirm(f"Is it certain that {address} asked for this, and nobody else?", abort=True)
    try:
        token = _with_keys(settings, lambda: people.reset(settings.owner_url, address))
    except people.UnknownOperator:
        raise _unknown(address) from None
    _note(settings, "operator_reset", address)
    _tell_link(settings, address, token)


@click.command()
@click.argument("email")
def disable(email: str) -> None:
    """Let EMAIL in no more, from the next request on."""
    from saas_crm.operators import people

    _set(email, people.disable, "operator_disable", "is disabled")


@click.command()
@click.argument("email")
def enable(email: str) -> None:
    """Let EMAIL in again, with the password and app they had."""
    from saas_crm.operators import people

    _set(email, people.enable, "operator_enable", "is enabled")


@click.command("list")
def list_operators() -> None:
    """List the operators: address, whether they can sign in, since when, and their name."""
    from saas_crm.operators import people

    found = people.operators(load_settings().owner_url)
    width = max((len(each.email) for each in found), default=0)
    for each in found:
        click.echo(f"{each.email:<{width}}  {each.state:<8}  {each.created_at:%Y-%m-%d}  {each.name}")
    if not found:
        click.echo("There are no operators yet: `saas-crm operators add` makes one.", err=True)


def _set(email: str, act: Callable[[str, str], bool], noted: str, word: str) -> None:
    from saas_crm.operators import people

    settings, address = load_settings(), _address(email)
    try:
        changed = act(settings.owner_url, address)
    except people.UnknownOperator:
        raise _unknown(address) from None
    if changed:
        _note(settings, noted, address)
    click.echo(f"{address} {word}{'' if changed else ' already'}")


def _address(email: str) -> str:
    try:
        return parse_email(email)
    except EmailError:
        raise WrongCall(f"{email!r} is no e-mail address.") from None


def _with_keys(settings: Settings, act: Callable[[], str]) -> str:
    """Do what seals a secret: with the installation's key."""
    from saas_crm.app import create_app

    with create_app(settings).app_context():
        return act()


def _note(settings: Settings, act: str, address: str) -> None:
    from saas_crm.operators.acts import note_command

    note_command(settings.database_url, act, email=address)


def _tell_link(settings: Settings, address: str, token: str) -> None:
    click.echo(f"{address} sets password and app up here, once and within one hour:")
    click.echo(f"{settings.base_url}/operator/setup/{token}")
    if not settings.operator_console:
        click.echo("The console is not served yet: set OPERATOR_CONSOLE=true for the application.", err=True)


def _unknown(address: str) -> Failure:
    return Failure(f"{address} is no operator.", "`saas-crm operators list` lists them.")
