"""The operators' console in a browser: each page at both widths and in both themes, and a migration to its end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from psycopg.types.json import Jsonb

from saas_crm.operators import people
from saas_crm.operators.figures import take_figures
from saas_crm.operators.offers import offer
from tests.browser.conftest import Width
from tests.browser.eyes import Eyes
from tests.support.installation import Installation
from tests.support.operators import PASSWORD, OperatorPerson, make_operator

LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft 华东精密机械制造股份有限公司"
FAULT = 'relation "companies" has a column "region" already: ' + "x" * 120


def with_console(page: Page, operator: OperatorPerson, url: str) -> Page:
    """Give a tab the console's sign-in."""
    cookie = operator.browser.get_cookie("operator")
    assert cookie is not None
    page.context.add_cookies([{"name": "operator", "value": cookie.value, "url": url}])
    return page


@pytest.fixture
def olga(app: Flask, installation: Installation) -> OperatorPerson:
    return make_operator(app, installation)


@pytest.fixture
def full(app: Flask, installation: Installation, cast: Any) -> Installation:
    """Let there be figures, a workspace whose migration failed, one that is closed, a failed job and a warning."""
    take_figures(installation.settings)
    with installation.place.owner() as connection:
        connection.execute("UPDATE public.tenants SET migration_error = %s, schema_version = '0001', name = %s"
                           " WHERE slug = 'other'", [FAULT, LONG])  # fmt: skip
        connection.execute("UPDATE public.tenant_figures SET failed_jobs = 2")
        connection.execute("SET search_path = jobs, pg_catalog")
        connection.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, args, status, attempts) VALUES"
            " ('default', 'workspaces.back_up', jsonb_build_object('tenant_id', %s::text), 'failed', 5)",
            [str(cast.tenants["acme"].id)],
        )
    return installation


def test_the_way_in(eyes_at: Callable[..., Eyes], app: Flask, installation: Installation, olga: OperatorPerson) -> None:
    new = make_operator(app, installation, "new@operators.example", LONG, set_up=False)
    eyes = eyes_at(None)
    for address in (f"/operator/setup/{new.token}", "/operator/signin"):
        eyes.look(address)
    page = eyes.page
    page.get_by_label("E-mail").fill(olga.email)
    page.get_by_label("Password").first.fill(PASSWORD)
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url("**/operator/signin/code")
    eyes.look("/operator/signin/code")
    eyes.look("/operator/signin/code?with=recovery")
    page.goto("/operator/signin/code")
    page.get_by_label("Code").fill(olga.code())
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Workspaces")).to_be_visible()
    assert eyes.found == []


def test_its_pages_full_and_empty(
    eyes_of: Callable[..., Eyes], full: Installation, olga: OperatorPerson, live_server: Any
) -> None:
    eyes = eyes_of(None)
    with_console(eyes.page, olga, live_server.url)
    olga.browser.post("/operator/figures")
    for address in (
        "/operator", "/operator?state=behind", "/operator?q=nobody", "/operator/workspaces/acme",
        "/operator/workspaces/other?part=suspend", "/operator/capacity", "/operator/log", "/operator/log?act=delete",
    ):  # fmt: skip
        eyes.look(address)
    with full.place.owner() as connection:
        connection.execute("DELETE FROM public.installation_figures")
    eyes.look("/operator/capacity")
    assert eyes.found == []


def test_backups_full_and_empty(
    eyes_of: Callable[..., Eyes], full: Installation, olga: OperatorPerson, live_server: Any
) -> None:
    eyes = eyes_of(None)
    with_console(eyes.page, olga, live_server.url)
    backups = "/operator/workspaces/other/backups"
    eyes.look(backups)
    olga.browser.post(backups)
    eyes.look(backups)
    found = [{"stamp": f"202611{day:02}T022300Z", "size": 123_456_789 * day} for day in range(20, 6, -1)]
    end = "UPDATE public.operator_work SET state = 'done', ended_at = now(), asked = asked || %s WHERE kind = %s"
    with full.place.owner() as connection:
        connection.execute(end, [Jsonb({"found": found}), "backups"])
    eyes.look(backups)
    one = f"{backups}/{found[0]['stamp']}"
    eyes.look(one)
    olga.browser.post(f"{one}/restoration", data={"typed": LONG})
    eyes.look(one)
    came = {"restored": "other", "former": "other-former-a1b2c3", "new_people": 3}
    with full.place.owner() as connection:
        connection.execute(end, [Jsonb(came), "restore_in_place"])
    eyes.look(backups)
    with full.place.owner() as connection:
        connection.execute("UPDATE public.operator_work SET state = 'failed', asked = asked - 'restored', error = %s",
                           ["bad_archive|tables/companies.jsonl is damaged: " + "x" * 120])  # fmt: skip
    eyes.look(backups)
    assert eyes.found == []


def test_a_page_follows_the_work_by_itself(
    page_for: Callable[..., Page], olga: OperatorPerson, live_server: Any, jobs: Callable[[], list[str]]
) -> None:
    page = with_console(page_for(None), olga, live_server.url)
    page.goto("/operator")
    page.get_by_role("button", name="Refresh now").click()
    expect(page.get_by_text("waits for the worker")).to_be_visible()
    jobs()
    expect(page.get_by_text("is done")).to_be_visible()


def test_looking_in_has_its_line_at_the_top(
    page_for: Callable[..., Page], olga: OperatorPerson, live_server: Any, client_for: Callable[..., Any], width: Width
) -> None:
    client_for("admin").post("/acme/settings/support", data={"hours": "8", "note": "The board is empty"})
    page = with_console(page_for(None, width), olga, live_server.url)
    page.goto("/operator/workspaces/acme")
    page.get_by_label("As whom").select_option(label="Rita Rep · Sales rep")
    page.get_by_role("button", name="Look in").click()
    expect(page.get_by_text("Olga Operator, operator, looks in as Rita Rep until")).to_be_visible()
    page.goto("/acme/companies/new")
    expect(page.get_by_text("You are only looking: nothing can be saved here.").first).to_be_visible()
    page.get_by_role("button", name="Leave").click()
    expect(page.get_by_role("heading", name="Look in")).to_be_visible()


def test_a_link_that_a_command_printed(
    eyes_of: Callable[..., Eyes], app: Flask, cast: Any, client_for: Callable[..., Any], olga: OperatorPerson,
    installation: Installation, live_server: Any,
) -> None:  # fmt: skip
    client_for("admin").post("/acme/settings/support", data={"hours": "8", "note": "The board is empty"})
    with app.app_context():
        operator_id, name = people.able(installation.settings.owner_url, olga.email)
        token = offer(operator_id, name, cast.tenants["acme"], cast["rep"].member_id)
    eyes = eyes_of(None)
    page = with_console(eyes.page, olga, live_server.url)
    eyes.look(f"/operator/visits/{token}")
    assert eyes.found == []
    page.goto(f"/operator/visits/{token}")
    page.get_by_role("button", name="Look in").click()
    expect(page.get_by_text("Olga Operator, operator, looks in as Rita Rep until")).to_be_visible()
