"""`saas-crm users`: for who lost phone and recovery codes and is in several workspaces, or lost their mailbox."""

from __future__ import annotations

import click

from saas_crm.cli.configuration import load_settings
from saas_crm.cli.failures import Failure, WrongCall
from saas_crm.core.emails import EmailError, parse_email


@click.command("reset-two-factor")
@click.argument("email")
@click.option("--yes", is_flag=True, help="Do not ask; the operator has made sure who the person is.")
def reset_two_factor(*, email: str, yes: bool) -> None:
    """Take the authenticator app and the recovery codes off the sign-in of EMAIL.

    The person is signed out everywhere and told by mail; the logs of their workspaces tell of it.
    """
    settings, address = load_settings(), _address(email)
    if not yes:
        click.confirm(f"Is it certain that {address} asked for this, and nobody else?", abort=True)
    from saas_crm.access.factors.resetting import reset_for
    from saas_crm.access.queries import user_by_email
    from saas_crm.access.sign_in_log import tell_workspaces
    from saas_crm.app import create_app
    from tenants.db import SHARED, db

    with create_app(settings).app_context():
        user = user_by_email(address)
        if user is None:
            raise Failure(f"Nobody signs in as {address}.")
        with db.engines[SHARED].begin() as connection:
            reset = reset_for(connection, user.id)
            if reset:
                tell_workspaces(connection, "two_factor_reset", {}, user_id=user.id, through="command")
    click.echo(f"{address} signs in with the password alone now." if reset else f"{address} has no second factor.")


@click.command("email")
@click.argument("old")
@click.argument("new")
@click.option("--yes", is_flag=True, help="Do not ask; the operator has made sure who the person is.")
def change_email(*, old: str, new: str, yes: bool) -> None:
    """Let who signs in as OLD sign in as NEW, because the mailbox of OLD is lost to them.

    The person is signed out everywhere, both addresses are told, and NEW is asked to be confirmed; the logs of their
    workspaces tell of it. Nobody but they and you can change it: for the rest there is their profile.
    """
    settings, former, address = load_settings(), _address(old), _address(new)
    if not yes:
        click.confirm(f"Is it certain that {former} asked for this, and nobody else?", abort=True)
    from saas_crm.access.email_change.by_operator import AddressInUse, change_for
    from saas_crm.access.queries import user_by_email
    from saas_crm.app import create_app
    from saas_crm.operators.acts import note_command

    with create_app(settings).app_context():
        user = user_by_email(former)
        if user is None:
            raise Failure(f"Nobody signs in as {former}.")
        try:
            change_for(user.id, address)
        except AddressInUse:
            raise Failure(f"Somebody else signs in as {address}, or did until lately.") from None
    note_command(settings.database_url, "user_email", former=former, email=address)
    click.echo(f"{former} signs in as {address} now.")


def _address(email: str) -> str:
    try:
        return parse_email(email)
    except EmailError:
        raise WrongCall(f"{email!r} is no e-mail address.") from None
