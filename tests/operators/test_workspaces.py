"""The list of workspaces and a workspace's page: figures, what wants looking at, few statements for however many."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from saas_crm.operators.figures import take_figures
from tenants.migrations.lines import head
from tests.support.clients import browser_of, statements
from tests.support.installation import Installation
from tests.support.operators import OperatorPerson

Make = Callable[..., OperatorPerson]
MANY = """
    INSERT INTO public.tenants (id, slug, name, schema_name, role_name, status, schema_version, migration_error)
    SELECT gen_random_uuid(), 'many-' || lpad(n::text, 4, '0'), 'Firm ' || n, 'none_' || n, 'none_' || n, 'active',
        CASE WHEN n %% 10 = 0 THEN '0001' ELSE %(head)s END, CASE WHEN n %% 100 = 0 THEN 'column is there' END
    FROM generate_series(1, 1000) n
"""
FIGURES = """
    INSERT INTO public.tenant_figures (tenant_id, size, members, failed_jobs, last_seen_at)
    SELECT id, 1000 * substr(slug, 6)::int, substr(slug, 6)::int % 40, CASE WHEN slug = 'many-0007' THEN 3 ELSE 0 END,
        CASE WHEN slug <> 'many-0008' THEN now() END
    FROM public.tenants WHERE slug LIKE 'many-%'
"""


@pytest.fixture
def many(app: Flask, installation: Installation) -> Iterator[None]:
    """A thousand workspaces in the registry."""
    with installation.place.owner() as connection:
        connection.execute(MANY, {"head": head("tenant")})
        connection.execute(FIGURES)
        yield
        connection.execute("DELETE FROM public.tenants WHERE slug LIKE 'many-%'")


def slugs_in(page: str) -> list[str]:
    return re.findall(r'<span class="row-sub">/([a-z0-9-]+)</span>', page)


@pytest.mark.usefixtures("many")
def test_a_thousand_workspaces_take_a_few_statements_and_page_by_key(operator_for: Make) -> None:
    olga = operator_for()
    first = olga.browser.get("/operator")
    assert statements(first) <= 8
    seen, page = slugs_in(first.text), first
    assert len(seen) == 50
    for _turn in range(3):
        after = re.search(r'id="pager-more" href="([^"]+)"', page.text)
        assert after is not None
        page = olga.browser.get(after[1].replace("&amp;", "&"))
        assert statements(page) <= 8
        seen += slugs_in(page.text)
    assert seen == sorted(seen)
    assert len(set(seen)) == 200


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize(("query", "expected"), [
    ("?q=many-0123", ["many-0123"]), ("?q=FIRM 999", ["many-0999"]), ("?q=100%25", []),
    ("?state=errors", ["many-0007", "many-0100", "many-0200"]),
    pytest.param("?state=behind", ["many-0010", "many-0020"], marks=pytest.mark.newest),  # more are behind there
    ("?state=paused", []), ("?sort=-size", ["many-1000", "many-0999"]), ("?sort=size", ["many-0001", "many-0002"]),
])  # fmt: skip
def test_the_list_is_searched_narrowed_and_sorted(operator_for: Make, query: str, expected: list[str]) -> None:
    page = operator_for().browser.get(f"/operator{query}")
    found = slugs_in(page.text)
    assert found[: len(expected)] == expected
    assert expected or not found
    assert statements(page) <= 8


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize("sort", ["slug", "-slug", "name", "-name", "size", "-members", "seen", "-seen"])
def test_every_order_shows_each_workspace_once(operator_for: Make, sort: str) -> None:
    olga, seen, address = operator_for(), [], f"/operator?sort={sort}&q=many-00"
    while address:
        page = olga.browser.get(address).text
        seen += slugs_in(page)
        after = re.search(r'id="pager-more" href="([^"]+)"', page)
        address = after[1].replace("&amp;", "&") if after else ""
    assert len(seen) == len(set(seen)) == 99


def test_figures_are_taken_by_the_worker_and_shown(
    operator_for: Make, app: Flask, installation: Installation, jobs: Callable[[], list[str]]
) -> None:
    olga = operator_for()
    assert "No figures yet" in olga.browser.get("/operator").text
    assert olga.browser.post("/operator/figures").status_code == 303
    waiting = olga.browser.get("/operator").text
    assert "waits for the worker" in waiting
    part = re.search(r'hx-get="(/operator/work/[^"]+)"', waiting)
    assert part is not None
    assert "operators.work" in jobs()
    told = olga.browser.get(part[1]).text
    assert "is done: 2 workspaces" in told or "is done: 2" in told
    assert "hx-trigger" not in told, "nothing is asked any more"
    page = olga.browser.get("/operator/workspaces/acme")
    assert re.search(r"Members</dt>\s*<dd[^>]*>\s*7", page.text), page.text
    assert statements(page) <= 8
    capacity = olga.browser.get("/operator/capacity")
    assert "Files of the database" in capacity.text
    assert statements(capacity) <= 8


def test_capacity_warns_before_a_limit(operator_for: Make, installation: Installation) -> None:
    take_figures(installation.settings)
    with installation.place.owner() as connection:
        connection.execute("UPDATE public.installation_figures SET figures = figures || '{\"connections_wanted\": 150,"
                           " \"connections_allowed\": 100, \"behind\": 3}'")  # fmt: skip
    page = operator_for().browser.get("/operator/capacity").text
    assert "may want 150 connections of 100" in page
    assert "3 workspaces are behind this release" in page


def test_nobody_has_an_unknown_address(operator_for: Make) -> None:
    olga = operator_for()
    assert olga.browser.get("/operator/workspaces/nowhere").status_code == 404
    assert olga.browser.get("/operator/workspaces/%00").status_code == 404
    assert olga.browser.post("/operator/migration", data={"slug": "a\0b"}).status_code == 303
    assert olga.browser.post("/operator/workspaces/nowhere/migration").status_code == 404
    assert olga.browser.get("/operator/work/00000000-0000-7000-8000-000000000000").status_code == 404


def test_without_the_setting_there_is_no_console(app_with: Callable[..., Flask]) -> None:
    off = browser_of(app_with(operator_console=False), None)
    for address in ("/operator", "/operator/signin", "/operator/log"):
        assert off.get(address).status_code == 404


@pytest.mark.parametrize(("networks", "status"), [
    ("10.0.0.0/8", 404), ("10.0.0.0/8, 127.0.0.0/8", 200), ("::1/128", 404), ("0.0.0.0/0", 200),
])  # fmt: skip
def test_from_other_networks_there_is_no_console(app_with: Callable[..., Flask], networks: str, status: int) -> None:
    browser = browser_of(app_with(operator_networks=networks), None)
    assert browser.get("/operator/signin").status_code == status
    if status == 404:
        assert browser.get("/operator").status_code == 404
        assert browser.post("/operator/signin", csrf=False).status_code == 404
        assert browser.get("/operator/setup/anything").status_code == 404


def test_a_wrong_network_stops_the_start(installation: Installation) -> None:
    from pydantic import ValidationError

    from tests.support.installation import settings_for

    with pytest.raises(ValidationError, match="must be networks"):
        settings_for(installation.place, installation.folder, operator_networks="everywhere")


def test_a_workspace_that_has_the_address_keeps_it_while_there_is_no_console(
    app: Flask, app_with: Callable[..., Flask], installation: Installation, cast
) -> None:
    with installation.place.owner() as connection:
        connection.execute("UPDATE public.tenants SET slug = 'operator' WHERE slug = 'acme'")
    off = app_with(operator_console=False)
    assert browser_of(off, cast["owner"]).get("/operator/companies").status_code == 200
    assert browser_of(app_with(), cast["owner"]).get("/operator/companies").status_code == 404
