"""One tenant's data never reaches another: the hammer, and proof that it would see if it did."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from saas_crm.access.models import Role
from tenants import db as door
from tenants.context import ActiveTenant
from tenants.directory import Directory
from tenants.provisioning import make_spares
from tests.conftest import Stage
from tests.support.clients import browser_of
from tests.support.installation import dispose, settings_for
from tests.support.mailbox import Mailbox, body, queued, run_jobs
from tests.support.pgbouncer import pgbouncer
from tests.tenants import canaries
from tests.tenants.hammer import WORDS, Anvil, Hammer, Target, prepare, strays

REQUESTS = 2_000
SECONDS = 30  # on two quiet cores; a machine that does other things at the same time is given more


@pytest.fixture(scope="module")
def anvil(stage: Stage) -> Iterator[Anvil]:
    """Four tenants with the same keys, for all tests of this file."""
    place = stage.installation.place
    make_spares(place.owner_url, place.runtime_url, wanted=5)
    yield prepare(stage.installation.app, place)
    stage.pristine.restore()


@pytest.fixture(scope="module")
def narrow(stage: Stage) -> Iterator[Flask]:
    """The application with the smallest pool of connections, so that every one serves everybody."""
    from saas_crm.app import create_app

    app = create_app(settings_for(stage.installation.place, stage.installation.folder, database_pool_size=1))
    yield app
    dispose(app)


def test_every_text_of_every_tenant_holds_its_canary(anvil: Anvil, stage: Stage) -> None:
    """By the catalog: a column that joins is filled, or `canaries.KEPT` says why it cannot be."""
    place = stage.installation.place
    for target in anvil.targets:
        assert canaries.lacking(place, target.tenant.schema_name, target.canary) == []
    one, two = (target.tenant.schema_name for target in anvil.targets[:2])
    held = canaries.held(place, one)
    assert len(held) > 40
    assert canaries.held(place, two) == held
    assert len(canaries.lacking(place, two, anvil.targets[0].canary)) == len(held), "none is another's"


@pytest.mark.newest
def test_what_holds_none_is_there(anvil: Anvil, stage: Stage) -> None:
    assert canaries.unknown(stage.installation.place, anvil.targets[0].tenant.schema_name) == set()


def test_two_thousand_requests_without_a_leak(narrow: Flask, anvil: Anvil, stage: Stage) -> None:
    hammer = Hammer(narrow, anvil)
    began = time.process_time()
    hammer.strike(REQUESTS)
    assert hammer.problems == []
    assert hammer.requests >= REQUESTS
    assert time.process_time() - began < SECONDS
    assert strays(stage.installation, anvil) == []


def test_jobs_ran_for_the_tenant_that_deferred_them(narrow: Flask, anvil: Anvil, stage: Stage) -> None:
    """What the hammer queued is run, and leaves no canary where it does not belong."""
    waiting = queued(stage.installation)
    known = {str(target.tenant.id) for target in anvil.targets}
    assert {args["tenant_id"] for name, args in waiting if name == "recycle_bin.purge"} == known
    run_jobs(stage.installation)
    assert strays(stage.installation, anvil) == []


def test_mails_tell_of_their_own_workspace(narrow: Flask, anvil: Anvil, stage: Stage) -> None:
    """Invitations from all tenants at the same moment: each letter names its own workspace, link and inviter."""
    mailbox = Mailbox(stage.installation)
    with ThreadPoolExecutor(len(anvil.targets)) as pool:
        statuses = list(pool.map(lambda target: invite(narrow, target), anvil.targets))
    assert set(statuses) <= {200, 204, 303}
    for target in anvil.targets:
        [mail] = mailbox.arrived(f"guest@{target.canary}.example")
        everything = mail.as_string() + body(mail)
        assert f"/{target.canary}/invitations/" in everything
        assert [word for word in WORDS if word in everything] == [target.canary]
    assert strays(stage.installation, anvil) == []


def invite(app: Flask, target: Target) -> int:
    """Invite somebody by the form."""
    browser = browser_of(app, target.owner)
    with app.app_context(), door.tenant_scope(target.tenant):
        role_id = door.db.session.scalar(select(Role.id).where(Role.key == "rep"))
    data = {"email": f"guest@{target.canary}.example", "role_id": str(role_id)}
    return browser.post(f"/{target.tenant.slug}/settings/members/invitations", data=data).status_code


def test_through_a_pooler_with_one_connection(anvil: Anvil, stage: Stage) -> None:
    """PgBouncer, as infra/ sets it up, hands one connection to everybody in turn, transaction by transaction."""
    from saas_crm.app import create_app

    with pgbouncer(stage.installation.place, stage.installation.folder, size=1) as url:
        settings = settings_for(
            stage.installation.place, stage.installation.folder, database_url=url, database_prepare=False
        )
        app = create_app(settings)
        hammer = Hammer(app, anvil, seed=2)
        hammer.strike(REQUESTS // 4)
        dispose(app)
    assert hammer.problems == []
    assert hammer.requests >= REQUESTS // 4
    assert strays(stage.installation, anvil) == []


# --- Take something away, and the hammer must see it ---


def entering(change: Callable[[bytes], bytes]) -> Callable[..., None]:
    """Return an `enter` that says something else to the database."""

    def enter(connection: Any, tenant: ActiveTenant) -> None:
        message = change(tenant.entry)
        if message:
            connection.connection.driver_connection.execute(message)

    return enter


def without(part: int) -> Callable[[bytes], bytes]:
    """Leave one of the entry's statements out: 0 the role, 1 the path."""
    return lambda entry: b";".join(s for number, s in enumerate(entry.split(b";")) if number != part)


def once_for_all() -> Callable[..., None]:
    """Return an `enter` as careless programs have it: for the session, and only when the connection is new."""
    entered: set[int] = set()

    def enter(connection: Any, tenant: ActiveTenant) -> None:
        raw = connection.connection.driver_connection
        if raw.info.backend_pid not in entered:
            entered.add(raw.info.backend_pid)
            raw.execute(tenant.entry.replace(b"SET LOCAL", b"SET"))
            raw.commit()

    return enter


def test_without_the_hook_nothing_is_read(narrow: Flask, anvil: Anvil, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "enter", entering(lambda _: b""))
    assert_red(narrow, anvil)


def test_without_the_role_nothing_is_read(narrow: Flask, anvil: Anvil, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "enter", entering(without(0)))
    assert_red(narrow, anvil)


def test_without_the_path_nothing_is_read(narrow: Flask, anvil: Anvil, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "enter", entering(without(1)))
    assert_red(narrow, anvil)


def test_settings_that_outlive_their_transaction_leak(
    anvil: Anvil, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    from saas_crm.app import create_app

    monkeypatch.setattr(door, "enter", once_for_all())
    app = create_app(settings_for(stage.installation.place, stage.installation.folder, database_pool_size=1))
    assert_red(app, anvil, leaks=True)
    dispose(app)


def test_a_session_that_is_kept_over_a_switch_leaks(
    narrow: Flask, anvil: Anvil, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the drop alone the session refuses; without its refusal, too, the identity map leaks."""
    monkeypatch.setattr(door.db.session, "remove", lambda: None)
    assert_red(narrow, anvil)
    monkeypatch.setattr(door.TenantSession, "serve", lambda self: door.current_tenant())
    assert_red(narrow, anvil, leaks=True)


def test_a_memory_that_forgets_whose_it_is_leaks(narrow: Flask, anvil: Anvil, monkeypatch: pytest.MonkeyPatch) -> None:
    """The directory of tenants, keyed by nothing: everybody gets the tenant that was asked for first."""
    first: list[ActiveTenant | None] = []
    real = Directory.by_slug

    def careless(self: Directory, slug: str) -> ActiveTenant | None:
        if not first:
            first.append(real(self, slug))
        return first[0]

    monkeypatch.setattr(Directory, "by_slug", careless)
    assert_red(narrow, anvil)


def assert_red(app: Flask, anvil: Anvil, *, leaks: bool = False) -> None:
    """Assert that the hammer finds fault; with `leaks`, that it finds another tenant's data."""
    hammer = Hammer(app, anvil, seed=3)
    hammer.strike(800, until=lambda found: bool(found.leaks if leaks else found.problems))
    assert hammer.leaks if leaks else hammer.problems
