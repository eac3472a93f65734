"""`db upgrade --tenant`: one workspace is brought up while all others stay where they are, and all are served."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from click.testing import Result
from flask import Flask

from saas_crm.app import create_app
from tenants.migrate import tenant_states
from tenants.migrations.lines import head
from tenants.provisioning import make_spares
from tenants.versions import FORMER
from tests.support.cast import Person, found_another
from tests.support.clients import browser_of, phone_of
from tests.support.command import Call
from tests.support.installation import Installation, Place, dispose, new_place
from tests.support.release import Release

# The login belongs to the whole server: an upgrade gives it the timeout it has, not that of the tests' settings.
LOGIN = {"DATABASE_STATEMENT_TIMEOUT_MS": "15000"}
NEEDS_ITS_TABLE = "/settings/privacy"
"""A page of what this release brings, which waits for its tables."""


@pytest.fixture
def behind(installation: Installation) -> Iterator[Place]:
    """A database in which everything is as the release before left it."""
    name = f"{installation.place.owner_url.rpartition('/')[2].partition('?')[0]}_behind"
    with new_place(installation.place.owner_url, name) as place:
        with pytest.MonkeyPatch.context() as monkeypatch:
            Release(monkeypatch).is_the_former()
            make_spares(place.owner_url, place.runtime_url, wanted=3)
        yield place


@pytest.fixture
def app_there(behind: Place, installation: Installation) -> Iterator[Flask]:
    """This release on that database."""
    urls = {"database_url": behind.runtime_url, "database_owner_url": behind.owner_url}
    app = create_app(installation.settings.model_validate(installation.settings.model_dump() | urls))
    yield app
    dispose(app)


def revisions(place: Place) -> dict[str | None, str]:
    """Return the revision of each workspace, and of the spare as that of None."""
    return {state.slug: state.revision for state in tenant_states(place.owner_url)}


def lines_at(place: Place, slug: str) -> int:
    """Return how many tables a workspace has."""
    with place.owner() as connection:
        found = connection.execute(
            "SELECT count(*) FROM pg_tables JOIN public.tenants ON schema_name = schemaname WHERE slug = %s", [slug]
        ).fetchone()
    assert found is not None
    return int(found[0])


def page(app: Flask, person: Person, path: str) -> int:
    """Ask a workspace for a page, some seconds later: the directory remembers five seconds."""
    app.extensions["directory"].forget()
    return browser_of(app, person).get(f"/{person.slug}{path}").status_code


def test_one_is_brought_up_and_the_others_stay(call: Call, behind: Place, app_there: Flask) -> None:
    first, second = (found_another(app_there, slug)[1] for slug in ("first", "second"))
    former = FORMER["tenant"]
    assert revisions(behind) == {"first": former, "second": former, None: former}
    tables = lines_at(behind, "second")
    assert [page(app_there, who, NEEDS_ITS_TABLE) for who in (first, second)] == [503, 503]

    done = _upgrade(call, behind, "--tenant", "first")
    assert done.exit_code == 0, done.output
    assert f"tenants: 1 brought to {head('tenant')}, 0 failed" in done.output
    assert revisions(behind) == {"first": head("tenant"), "second": former, None: former}
    assert lines_at(behind, "second") == tables < lines_at(behind, "first")
    assert _noted(behind) == [("migrate", "first", {"slugs": ["first"], "done": 1})]

    assert [page(app_there, who, NEEDS_ITS_TABLE) for who in (first, second)] == [200, 503]
    assert [page(app_there, who, "/") for who in (first, second)] == [200, 200], "both are served"
    for who in (first, second):
        made = phone_of(app_there, who).post("/companies", json={"name": f"Made in {who.slug}"})
        assert made.status_code == 201, made.text

    told = call("db", "status", **_urls(behind))
    assert told.exit_code == 1
    assert f"first   {head('tenant')}  active  current" in told.output
    assert f"second  {former}  active  newest is {head('tenant')}, served" in told.output

    again = _upgrade(call, behind, "--tenant", "first")
    assert (again.exit_code, revisions(behind)["second"]) == (0, former), "it may be said twice"
    assert "tenants: 0 brought to" in again.output


def test_several_may_be_named_and_the_rest_is_brought_up_later(call: Call, behind: Place, app_there: Flask) -> None:
    people = [found_another(app_there, slug)[1] for slug in ("first", "second", "third")]
    done = _upgrade(call, behind, "--tenant", "third", "--tenant", "first")
    assert "tenants: 2 brought to" in done.output, done.output
    assert revisions(behind)["second"] == FORMER["tenant"]
    rest = _upgrade(call, behind)
    assert "tenants: 1 brought to" in rest.output, rest.output
    assert set(revisions(behind).values()) == {head("tenant")}
    assert [page(app_there, who, NEEDS_ITS_TABLE) for who in people] == [200, 200, 200]


def _urls(place: Place) -> dict[str, str]:
    return {"DATABASE_URL": place.runtime_url, "DATABASE_OWNER_URL": place.owner_url, "SPARE_TENANTS": "1", **LOGIN}


def _upgrade(call: Callable[..., Result], place: Place, *options: str) -> Result:
    return call("db", "upgrade", *options, **_urls(place))


def _noted(place: Place) -> list[tuple[Any, ...]]:
    with place.owner() as connection:
        return connection.execute("SELECT act, slug, details FROM public.operator_acts ORDER BY id").fetchall()
