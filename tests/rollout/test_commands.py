"""Commands of this release where workspaces are a release behind: they do what can be done, or say what is missing."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result

from saas_crm.access.factors.sealing import seal
from saas_crm.access.models import IdentityProvider
from saas_crm.cli.commands import command
from tenants.db import db, tenant_scope
from tests.rollout.conftest import Rollout
from tests.support.second_factor import with_app
from tests.support.server import environment_of

KEY = "another secret key, which is long enough to sign"


@pytest.fixture
def call(rollout: Rollout) -> Callable[..., Result]:
    """Call the command for these workspaces: `call("db", "status")`; settings may be changed."""
    settings = environment_of(rollout.installation.settings)
    return lambda *arguments, **changes: CliRunner().invoke(command, list(arguments), env={**settings, **changes})


def test_secrets_are_sealed_anew_in_those_that_have_them(rollout: Rollout, call: Callable[..., Result]) -> None:
    """Of what is shared, and of the workspaces that can have a provider already."""
    with_app(rollout.app, rollout.cast["rep"])
    former = rollout.app.config["SECRET_KEY"]
    done = call("db", "reseal", SECRET_KEY=KEY, SECRET_KEY_FORMER=former)
    assert (done.exit_code, done.output) == (0, "1 secret sealed anew.\n")
    rollout.upgrade("other")
    with rollout.app.app_context():
        other = rollout.app.extensions["directory"].by_slug("other")
        with tenant_scope(other):
            db.session.add(IdentityProvider(
                issuer="https://one.example", client_id="crm", client_secret=seal("a secret"), domains=[],
                enabled=False, mandatory=False,
            ))  # fmt: skip
            db.session.commit()
    done = call("db", "reseal", SECRET_KEY=KEY, SECRET_KEY_FORMER=former)
    assert (done.exit_code, done.output) == (0, "2 secrets sealed anew.\n")


def test_nobody_is_asked_for_a_consent_that_has_no_place_yet(rollout: Rollout, call: Callable[..., Result]) -> None:
    looked = call("operators", "consent", "acme")
    assert (looked.exit_code, "does not let operators look in now" in looked.output) == (1, True)
    asked = call("operators", "consent", "acme", "--ask", "Why", "--operator", "olga@operators.example")
    assert asked.exit_code == 1
    assert "acme is behind this release, and its owners cannot agree yet." in asked.output
    assert "`saas-crm db upgrade --tenant acme` brings it up." in asked.output
