"""The daily round goes to every workspace, whatever is wrong with one of them."""

from __future__ import annotations

from flask import Flask

from saas_crm.access.jobs import DAILY, daily_round
from tests.support.cast import Cast
from tests.support.installation import Installation
from tests.support.mailbox import queued


def test_one_that_cannot_be_entered_keeps_nobody_waiting(app: Flask, installation: Installation, cast: Cast) -> None:
    acme, other = cast.tenants["acme"], cast.tenants["other"]
    with installation.place.owner() as connection:
        connection.execute("UPDATE public.tenants SET role_name = 't_missing' WHERE id = %s", [acme.id])
    app.extensions["directory"].forget()
    try:
        with app.app_context():
            daily_round()
        found = [(name, args["tenant_id"]) for name, args in queued(installation)]
        assert sorted(found) == [(name, str(other.id)) for name in sorted(DAILY)]
    finally:
        with installation.place.owner() as connection:
            connection.execute("UPDATE public.tenants SET role_name = %s WHERE id = %s", [acme.role_name, acme.id])
        app.extensions["directory"].forget()
