"""Which versions of a database a release serves."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from tenants.migrate import tenant_states
from tenants.migrations.lines import head, known
from tenants.provisioning import make_spares
from tenants.versions import FORMER, Standing, served_from, serves, standing, stands
from tests.support.cast import found_another
from tests.support.clients import browser_of
from tests.support.installation import Place
from tests.support.release import Release


@pytest.mark.parametrize(("revision", "newest", "former", "expected"), [
    ("0004", "0004", "0003", "current"),
    ("0003", "0004", "0003", "previous"),
    ("0002", "0004", "0003", "older"),
    ("", "0004", "0003", "older"),
    ("0005", "0004", "0003", "newer"),
    ("9999", "0004", "0003", "newer"),
    ("0001", "0004", "0001", "previous"),
    ("0003", "0004", "0001", "previous"),
    ("0000", "0004", "0001", "older"),
    ("0001", "0001", "0001", "current"),
    ("", "0001", "0001", "older"),
])  # fmt: skip
def test_a_release_serves_its_own_version_what_the_one_before_had_and_newer_ones(
    revision: str, newest: str, former: str, expected: Standing
) -> None:
    assert standing(revision, newest, former) == expected


@pytest.mark.parametrize("line", ["shared", "tenant"])
def test_the_same_in_sql(line: str) -> None:
    assert FORMER[line] in known(line)
    for revision in ("", "0000", *known(line), "9999"):
        assert serves(line, revision) is (revision >= served_from(line))
        assert serves(line, revision) is (stands(line, revision) != "older")


@pytest.fixture
def two(empty_place: Place, app_on: Callable[[Place], Flask]) -> Callable[[str, str], int]:
    """Ask a workspace for its first page after its schema version was set."""
    make_spares(empty_place.owner_url, empty_place.runtime_url, wanted=1)
    app = app_on(empty_place)
    _, owner = found_another(app, "first")

    def ask(revision: str, path: str = "/first/") -> int:
        with empty_place.owner() as connection:
            connection.execute("UPDATE public.tenants SET schema_version = %s WHERE slug = 'first'", [revision])
        app.extensions["directory"].forget()
        return browser_of(app, owner).get(path).status_code

    return ask


def test_a_workspace_is_served_while_a_release_is_rolled_out(two: Callable[..., int], release: Release) -> None:
    """The old release on the new version, and the new release on the old one."""
    newest = head("tenant")
    assert two("9001") == 200, "the old release; it does not know 9001"
    release.brings()
    assert head("tenant") == "9001"
    assert two("9001") == 200
    assert two(newest) == 200, "not migrated yet"
    assert two(known("tenant")[-3]) == 503
    assert two("") == 503


def test_people_sign_up_before_and_after_the_spares_are_migrated(
    empty_place: Place, app_on: Callable[[Place], Flask], release: Release
) -> None:
    make_spares(empty_place.owner_url, empty_place.runtime_url, wanted=3)
    app, newest = app_on(empty_place), head("tenant")
    release.brings()
    assert found_another(app, "before")[0].schema_version == newest
    with empty_place.owner() as connection:
        connection.execute("UPDATE public.tenants SET schema_version = '9002' WHERE status = 'spare'")
    assert found_another(app, "after")[0].schema_version == "9002", "of a release newer still"
    assert make_spares(empty_place.owner_url, empty_place.runtime_url, wanted=1) == 0
    assert {state.standing for state in tenant_states(empty_place.owner_url)} == {"previous", "newer"}
