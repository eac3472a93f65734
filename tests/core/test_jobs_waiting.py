"""Jobs of a workspace that is not migrated yet: they wait for `db upgrade`, and waiting is no failure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from flask import Flask
from sqlalchemy import select

from saas_crm.access.jobs import end_tokens
from saas_crm.access.models import ApiToken, Member
from saas_crm.access.profile import choose_language, spread_at_once
from saas_crm.core.jobs import defer, job, registry
from tenants.db import SHARED, db, tenant_scope
from tenants.migrations.lines import head
from tenants.versions import TenantBehind
from tests.support.cast import Cast
from tests.support.installation import Installation
from tests.support.mailbox import work_off

ran: list[str] = []
_JOBS = (
    "SELECT task_name, status::text, attempts, queueing_lock, scheduled_at > now() + interval '30 seconds',"
    " args - 'tenant_id' FROM jobs.procrastinate_jobs WHERE task_name ~ '^(probe|access)' ORDER BY id"
)


@pytest.fixture(autouse=True)
def probe() -> Iterator[None]:
    """A job that only these tests have."""
    before = dict(registry)
    ran.clear()

    @job("probe.note", retries=2)
    def note(word: str) -> None:
        ran.append(word)

    yield
    registry.clear()
    registry.update(before)


@pytest.fixture
def owner(installation: Installation) -> Iterator[psycopg.Connection[Any]]:
    with installation.place.owner() as connection:
        yield connection


def set_version(app: Flask, owner: psycopg.Connection[Any], slug: str, revision: str) -> None:
    owner.execute("UPDATE public.tenants SET schema_version = %s WHERE slug = %s", [revision, slug])
    app.extensions["directory"].forget()


def note_in(app: Flask, cast: Cast, slug: str, **options: Any) -> None:
    with app.app_context(), tenant_scope(cast.tenants[slug]):
        defer(db.session(), "probe.note", word=slug, **options)
        db.session.commit()


def test_a_job_waits_until_its_tenant_is_brought_up(
    app: Flask, cast: Cast, installation: Installation, owner: psycopg.Connection[Any]
) -> None:
    set_version(app, owner, "acme", "0001")
    note_in(app, cast, "acme", queueing_lock="once")
    note_in(app, cast, "other")
    work_off(app, installation.settings)
    assert ran == ["other"], "nobody else waits"
    waiting = ("probe.note", "todo", 0, "once", True, {"word": "acme"})
    assert owner.execute(_JOBS).fetchall() == [waiting], "no try is used up"

    owner.execute("UPDATE jobs.procrastinate_jobs SET scheduled_at = NULL")
    work_off(app, installation.settings)
    assert owner.execute(_JOBS).fetchall() == [waiting], "and it waits as long as it takes"

    set_version(app, owner, "acme", head("tenant"))
    owner.execute("UPDATE jobs.procrastinate_jobs SET scheduled_at = NULL")
    work_off(app, installation.settings)
    assert ran == ["other", "acme"]
    assert owner.execute(_JOBS).fetchall() == []


def test_it_waits_in_its_own_tenants_name(
    app: Flask, cast: Cast, installation: Installation, owner: psycopg.Connection[Any]
) -> None:
    set_version(app, owner, "acme", "")
    note_in(app, cast, "acme")
    work_off(app, installation.settings)
    held = owner.execute("SELECT args->>'tenant_id' FROM jobs.procrastinate_jobs WHERE task_name = 'probe.note'")
    assert held.fetchall() == [(str(cast.tenants["acme"].id),)]


def test_what_goes_to_all_of_a_persons_workspaces_is_done_where_it_can_and_waits_for_the_rest(
    app: Flask, cast: Cast, installation: Installation, owner: psycopg.Connection[Any]
) -> None:
    """Somebody of `acme` is a member of `other` too, which is behind: their tokens in `acme` end at once."""
    person = cast["outsider"].user_id
    owner.execute("UPDATE public.tenants SET schema_version = '0001' WHERE slug = 'acme'")
    owner.execute("INSERT INTO public.memberships (user_id, tenant_id) VALUES (%s, %s)",
                  [person, cast.tenants["acme"].id])  # fmt: skip
    app.extensions["directory"].forget()
    with app.app_context():
        with db.engines[SHARED].begin() as connection:
            defer(connection, "access.end_tokens", user_id=str(person))
        with pytest.raises(TenantBehind):
            end_tokens(str(person))
        with tenant_scope(cast.tenants["other"]):
            assert None not in db.session.scalars(select(ApiToken.revoked_at)).all()
    work_off(app, installation.settings)
    assert owner.execute(_JOBS).fetchall() == [("access.end_tokens", "todo", 0, None, True, {"user_id": str(person)})]


def test_a_workspace_that_is_behind_does_not_keep_people_from_their_profile(
    app: Flask, cast: Cast, owner: psycopg.Connection[Any], jobs: Callable[[], list[str]]
) -> None:
    set_version(app, owner, "acme", "0001")
    with app.app_context():
        choose_language(cast["rep"].user_id, "zh_Hant")
        spread_at_once(cast["rep"].user_id)
    set_version(app, owner, "acme", cast.tenants["acme"].schema_version)
    assert "access.spread_profile" in jobs()
    with app.app_context(), tenant_scope(cast.tenants["acme"]):
        assert db.session.scalars(select(Member.locale).where(Member.id == cast["rep"].member_id)).all() == ["zh_Hant"]
