"""An erasure killed in the middle, or cut off from its database there, is wholly undone; the next one does it all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from uuid import UUID

import pytest
from flask import Flask

from saas_crm.access.permissions import CurrentMember
from saas_crm.privacy import erasing, erasures
from saas_crm.privacy.schemas import ErasureWrite
from tests.fault.test_killed_halfway import wait_for_quiet
from tests.support.cast import Cast
from tests.support.clients import Browser, Phone
from tests.support.contents import everything
from tests.support.installation import Installation
from tests.support.making import Maker
from tests.support.moments import just_before
from tests.support.server import CHECKOUT, environment_of

Acting = Callable[[str], AbstractContextManager[CurrentMember]]
ERASING = """
import os, sys, time
from uuid import UUID
from sqlalchemy import event
from saas_crm.access.queries import member_by_id
from saas_crm.app import create_app
from saas_crm.privacy import erasing
from saas_crm.privacy.schemas import ErasureWrite
from tenants.db import db, tenant_scope

def here():
    print(os.getpid(), flush=True)
    time.sleep(60)

def after(beginning):
    def notice(connection, cursor, statement, *rest):
        if statement.startswith(beginning):
            here()
    event.listen(db.engine, "after_cursor_execute", notice)

def erase(slug, actor, contact, moment):
    with app.app_context(), tenant_scope(app.extensions["directory"].by_slug(slug)):
        member = member_by_id(UUID(actor))
        if moment not in ("written", "saved"):
            after(moment.replace("_", " ", 2))
        erasing.erase(UUID(contact), ErasureWrite(name="Eva Tulpe"), actor=member)
        if moment == "written":
            here()
        db.session.commit()
        here()

app = create_app()
for line in sys.stdin:
    if (child := os.fork()) == 0:
        erase(*line.split())
        os._exit(0)
    os.waitpid(child, 0)
"""
HALFWAY = ("INSERT INTO erasure_items", "UPDATE activities", "DELETE FROM contacts", "INSERT INTO erasures")
"""The beginnings of statements of an erasure, in their order."""


@pytest.fixture
def eva(make: Maker, api_for: Callable[..., Phone]) -> UUID:
    """A contact with something of hers in every room."""
    at = {"company_id": str(make.company("rep", name="Gartenbau").id)}
    contact = make.contact("rep", name="Eva Tulpe", email="eva@tulpe.example", **at)
    hers = {**at, "contact_id": str(contact.id)}
    make.deal("rep", name="Garden of Eva Tulpe", amount="1200", description="Eva Tulpe wants it", **hers)
    make.activity("rep", subject="Call with Tulpe", body="asked for tulips", **hers)
    make.activity("rep", kind="task", subject="Ring Tulpe again", due_at="2030-01-05T09:00", **hers)
    said = {"channel": "email", "purpose": "marketing", "state": "given"}
    assert api_for("rep").post(f"/contacts/{contact.id}/consents", json=said).status_code == 201
    return contact.id


@pytest.fixture(scope="module")
def brink(installation: Installation) -> Iterator[subprocess.Popen[str]]:
    """A process that has loaded the application, and erases in a process of its own for each line it reads."""
    with subprocess.Popen(
        [sys.executable, "-c", ERASING], cwd=CHECKOUT, env=environment_of(installation.settings),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
    ) as process:  # fmt: skip
        yield process
        process.kill()


@pytest.fixture
def killed(
    brink: subprocess.Popen[str], installation: Installation, make: Maker, eva: UUID
) -> Callable[[str], None]:  # fmt: skip
    """Begin to erase her in another process and kill that at a moment: after a statement, "written" or "saved"."""

    def act(moment: str) -> None:
        assert brink.stdin is not None
        assert brink.stdout is not None
        words = ["acme", str(make.member_id("owner")), str(eva), moment.replace(" ", "_")]
        brink.stdin.write(" ".join(words) + "\n")
        os.kill(int(brink.stdout.readline()), signal.SIGKILL)
        wait_for_quiet(installation.place.owner_url)

    return act


def erased_now(acting: Acting, contact_id: UUID) -> int:
    """Erase the person and return the number of the certificate."""
    with acting("owner") as owner:
        erasure_id = erasing.erase(contact_id, ErasureWrite(name="Eva Tulpe"), actor=owner)
    with acting("owner") as owner:
        number: int = erasures.erasure(erasure_id, member=owner).number
    return number


@pytest.mark.parametrize("moment", [*HALFWAY, "written"])
def test_a_killed_one_is_wholly_undone(
    installation: Installation, cast: Cast, acting: Acting, killed: Callable[[str], None], eva: UUID, moment: str
) -> None:
    schema = cast.tenants["acme"].schema_name
    before = everything(installation, schema)
    killed(moment)
    assert everything(installation, schema) == before
    assert "tulpe" in before["contacts"]
    assert erased_now(acting, eva) == 1, "nobody waits for what was killed, and no number is lost"
    assert "tulpe" not in str(everything(installation, schema))


def test_one_killed_when_it_is_saved_is_wholly_done(
    installation: Installation, cast: Cast, acting: Acting, killed: Callable[[str], None], eva: UUID
) -> None:
    killed("saved")
    assert "tulpe" not in str(everything(installation, cast.tenants["acme"].schema_name))
    with acting("owner") as owner:
        assert [row.contact_id for row in erasures.erasures(owner).rows] == [eva]


@pytest.mark.parametrize("moment", [*HALFWAY, "SELECT public.erase_audit"])
def test_one_that_loses_its_database_is_wholly_undone(
    app: Flask, installation: Installation, cast: Cast, client_for: Callable[..., Browser], eva: UUID, moment: str
) -> None:
    """The connection is cut before a statement; the person is told to come back, and then it works."""
    schema = cast.tenants["acme"].schema_name
    before = everything(installation, schema)

    def cut(process: int) -> None:
        with installation.place.owner() as connection:
            connection.execute("SELECT pg_terminate_backend(%s, 5000)", [process])

    owner = client_for("owner")
    form = {"name": "Eva Tulpe"}
    with just_before(app, moment, cut) as done:
        answer = owner.post(f"/acme/contacts/{eva}/erasure", data=form)
    assert done
    assert answer.status_code == 503
    assert everything(installation, schema) == before
    assert owner.post(f"/acme/contacts/{eva}/erasure", data=form).status_code == 303
    assert "tulpe" not in str(everything(installation, schema))
