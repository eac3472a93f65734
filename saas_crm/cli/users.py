"""`saas-crm users reset-two-factor`: for who lost phone and recovery codes and is in several workspaces."""

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
    settings = load_settings()
    try:
        address = parse_email(email)
    except EmailError:
        raise WrongCall(f"{email!r} is no e-mail address.") from None
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
