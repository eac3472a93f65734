"""`kill -9` in the middle of a hand-over leaves it wholly undone, and the next one does it all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest

from saas_crm.access.permissions import CurrentMember
from saas_crm.hand_over import actions
from saas_crm.hand_over.queries import hand_overs
from saas_crm.hand_over.schemas import HandOverWrite
from tenants.context import current_tenant
from tests.fault.test_killed_halfway import wait_for_quiet
from tests.support.cast import Cast
from tests.support.estates import fill, owned
from tests.support.installation import Installation
from tests.support.making import Maker
from tests.support.server import CHECKOUT, environment_of

Acting = Callable[[str], AbstractContextManager[CurrentMember]]
HANDING_OVER = """
import os, sys, time
from uuid import UUID
from saas_crm.access.queries import member_by_id
from saas_crm.app import create_app
from saas_crm.core import events
from saas_crm.hand_over import actions, moving
from saas_crm.hand_over.registry import OwnersMoved
from saas_crm.hand_over.schemas import HandOverWrite
from tenants.db import db, tenant_scope

def here(*_):
    print(os.getpid(), flush=True)
    time.sleep(60)

def hand_over(slug, actor, source, successor, moment):
    if moment == "moved":
        events.subscribe(OwnersMoved, here)
    with app.app_context(), tenant_scope(app.extensions["directory"].by_slug(slug)):
        data = HandOverWrite(from_id=UUID(source), to_ids=[UUID(successor)])
        tenant = app.extensions["directory"].by_slug(slug)
        if moment == "begins":
            print(os.getpid(), flush=True)
        actions.hand_over(data, actor=member_by_id(UUID(actor)), tenant=tenant, base_url="https://crm.example")
        if moment == "written":
            here()
        db.session.commit()

app = create_app()
for line in sys.stdin:
    if (child := os.fork()) == 0:
        hand_over(*line.split())
        os._exit(0)
    os.waitpid(child, 0)
"""
CUSTOMERS = 400


@pytest.fixture(scope="module")
def brink(installation: Installation) -> Iterator[subprocess.Popen[str]]:
    """A process that has loaded the application, and hands over in a process of its own for each line it reads."""
    with subprocess.Popen(
        [sys.executable, "-c", HANDING_OVER], cwd=CHECKOUT, env=environment_of(installation.settings),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
    ) as process:  # fmt: skip
        yield process
        process.kill()


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize(
    ("moment", "later"), [("begins", 0.0), ("begins", 0.15), ("begins", 0.3), ("moved", 0.0), ("written", 0.0)]
)
def test_it_is_wholly_undone(
    installation: Installation, cast: Cast, acting: Acting, make: Maker, brink: subprocess.Popen[str], moment: str,
    later: float,
) -> None:  # fmt: skip
    """Killed as it begins, among its statements, when all owners have changed, and just before it is saved."""
    schema, his, hers = cast.tenants["acme"].schema_name, make.member_id("rep"), make.member_id("teammate")
    fill(installation.place, schema, his, customers=CUSTOMERS)
    before = owned(installation.place, schema)
    arguments = ["acme", str(make.member_id("owner")), str(his), str(hers), moment]
    assert brink.stdin is not None
    assert brink.stdout is not None
    brink.stdin.write(" ".join(arguments) + "\n")
    victim = int(brink.stdout.readline())
    time.sleep(later)
    os.kill(victim, signal.SIGKILL)
    wait_for_quiet(installation.place.owner_url)
    assert owned(installation.place, schema) == before
    with acting("owner") as owner:
        assert hand_overs(owner).rows == []
        data = HandOverWrite(from_id=his, to_ids=[hers])
        actions.hand_over(data, actor=owner, tenant=current_tenant(), base_url="https://crm.example")
    found = owned(installation.place, schema)
    assert {("company", hers, CUSTOMERS), ("opportunity", hers, 2 * CUSTOMERS), ("total", hers, 2 * CUSTOMERS)} <= found
    assert [num for kind, owner_id, num in found if owner_id == his and kind not in ("hand_over",)] == [4 * CUSTOMERS]
