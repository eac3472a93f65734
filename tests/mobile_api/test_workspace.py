"""The workspace for programs."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask

from saas_crm.access.workspace import update_workspace
from saas_crm.access.workspace_schemas import WorkspaceWrite
from saas_crm.core.forms import parse
from tenants.context import current_tenant
from tenants.db import db
from tests.support.api import places, problem
from tests.support.cast import Cast
from tests.support.clients import Phone, statements
from tests.support.installation import Installation
from tests.support.making import Maker

Api = Callable[..., Phone]


@pytest.mark.newest
def test_everybody_reads_it_and_admins_change_it(api_for: Api) -> None:
    answer = api_for("viewer").get("/workspace")
    assert (answer.json["slug"], answer.json["fiscal_month"], answer.json["languages"][0]) == ("acme", 1, "en")
    assert statements(answer) <= 5
    changed = api_for("admin").patch(
        "/workspace", json={"fiscal_month": 4, "languages": ["zh_Hant", "en"]},
        headers={"If-Match": answer.headers["ETag"]},
    )  # fmt: skip
    assert changed.status_code == 200
    assert changed.json == {**answer.json, "fiscal_month": 4, "languages": ["en", "zh_Hant"]}
    again = api_for("rep").get("/workspace")
    assert (again.json, again.headers["ETag"]) == (changed.json, changed.headers["ETag"])
    assert api_for("rep").get("/me").json["workspace"] == changed.json
    lost = api_for("admin").patch("/workspace", json={"name": "X"}, headers={"If-Match": answer.headers["ETag"]})
    assert problem(lost, 412)["current"] == changed.json
    assert api_for("admin").patch("/workspace", json={}).json == changed.json


@pytest.mark.parametrize("change", [{"name": "Acme North"}, {"fiscal_month": 4}, {"languages": ["en"]}])
@pytest.mark.newest
def test_a_change_costs_few_statements(api_for: Api, change: dict[str, Any]) -> None:
    """The member, the registry, the decisions (made, held and read at once); what changes, and what the log says."""
    admin = api_for("admin")
    admin.get("/workspace")  # the first use of a token is noted
    assert statements(admin.patch("/workspace", json=change)) <= 5
    admin.get("/workspace")  # what a process remembers of the workspace is renewed
    both = admin.patch("/workspace", json={"name": "Acme South", "fiscal_month": 7})
    assert statements(both) <= 6, "two rows in two places, in one transaction that writes both lines in the log at once"


@pytest.mark.newest
def test_both_places_change_in_one_transaction_or_neither_does(
    api_for: Api, app: Flask, installation: Installation, cast: Cast
) -> None:
    owner, schema = api_for("owner"), cast.tenants["acme"].schema_name
    before = owner.get("/workspace").json
    wrong = owner.patch("/workspace", json={"name": "Acme South", "languages": ["zh_Hans"]})
    assert places(wrong) == {"#/languages"}
    lost = owner.patch("/workspace", json={"name": "Acme South", "fiscal_month": 4}, headers={"If-Match": '"x"'})
    assert problem(lost, 412)["current"] == before
    assert owner.get("/workspace").json == before
    assert owner.patch("/workspace", json={"name": "Acme South", "fiscal_month": 4}).status_code == 200
    with installation.place.owner() as connection:
        [policy] = connection.execute(f"SELECT xmin::text FROM {schema}.policies").fetchall()
        [tenant] = connection.execute("SELECT xmin::text FROM public.tenants WHERE slug = 'acme'").fetchall()
        lines = connection.execute(
            f"SELECT xmin::text FROM {schema}.audit_log WHERE resource IN ('workspace', 'policy') AND action = 'update'"
        ).fetchall()
    assert lines == [policy, tenant]
    assert policy == tenant


@pytest.mark.newest
def test_of_two_at_once_the_second_sees_the_first(api_for: Api, installation: Installation) -> None:
    owner = api_for("owner")
    tag = owner.get("/workspace").headers["ETag"]
    with installation.place.owner() as connection, ThreadPoolExecutor() as pool:
        connection.autocommit = False
        connection.execute("UPDATE public.tenants SET name = 'Acme East' WHERE slug = 'acme'")
        late = pool.submit(owner.patch, "/workspace", json={"fiscal_month": 4}, headers={"If-Match": tag})
        while not connection.execute("SELECT 1 FROM pg_locks WHERE NOT granted").fetchone():
            time.sleep(0.01)
        connection.commit()
        assert problem(late.result(), 412)["current"]["name"] == "Acme East"
    assert owner.get("/workspace").json["fiscal_month"] == 1


@pytest.mark.parametrize("who", ["manager", "rep", "viewer"])
def test_others_do_not(api_for: Api, who: str) -> None:
    problem(api_for(who).patch("/workspace", json={"name": "Mine"}), 403)
    assert api_for(who).get("/workspace").json["name"] == "Acme Instruments"


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        ({"fiscal_month": 13}, "#/fiscal_month"), ({"languages": []}, "#/languages"), ({"locale": None}, "#/locale"),
        ({"languages": ["zh_Hans"]}, "#/languages"), ({"locale": "zh_Hant", "languages": ["en"]}, "#/languages"),
        ({"languages": ["fr"]}, "#/languages/0"), ({"slug": "other"}, "#/slug"), ({"timezone": "Moon"}, "#/timezone"),
    ],
)  # fmt: skip
@pytest.mark.newest
def test_what_cannot_be(api_for: Api, wrong: dict[str, Any], where: str) -> None:
    assert places(api_for("owner").patch("/workspace", json=wrong)) == {where}


def test_the_currency_stays_once_there_are_deals(api_for: Api, make: Maker) -> None:
    make.deal("rep")
    assert places(api_for("owner").patch("/workspace", json={"currency": "EUR"})) == {"#/currency"}
    assert api_for("owner").patch("/workspace", json={"currency": "USD", "country": "DE"}).json["country"] == "DE"


def test_another_workspace_is_none_of_it(api_for: Api) -> None:
    problem(api_for("outsider", slug="acme").patch("/workspace", json={"fiscal_month": 4}), 401)
    api_for("owner").patch("/workspace", json={"fiscal_month": 4})
    assert api_for("outsider", slug="other").get("/workspace").json["fiscal_month"] == 1


@pytest.mark.newest
def test_who_looked_before_another_one_saved_takes_nothing_back(
    api_for: Api, acting: Callable[..., Any], app: Flask
) -> None:
    owner = api_for("owner")
    seen = {name: value for name, value in owner.get("/workspace").json.items() if name in WorkspaceWrite.model_fields}
    assert owner.patch("/workspace", json={"name": "Acme North", "fiscal_month": 4}).status_code == 200
    with acting("owner") as member:
        late = parse(WorkspaceWrite, {**seen, "timezone": "Asia/Taipei"})
        update_workspace(
            late, actor=member, tenant=current_tenant(), directory=app.extensions["directory"], has_deals=False,
            said={"timezone"},
        )  # fmt: skip
        db.session.commit()
    found = api_for("owner").get("/workspace").json
    assert (found["name"], found["fiscal_month"], found["timezone"]) == ("Acme North", 4, "Asia/Taipei")
