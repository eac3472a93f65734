"""What the worker does for operators: migrating one, some, all, failed jobs again; no workspace can ask for it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import psycopg
import pytest
from flask import Flask
from psycopg import sql

from saas_crm.core.jobs import registry
from saas_crm.operators.acts import Who
from saas_crm.operators.work import FIGURES, ask, carry_out
from saas_crm.worker import execute
from tenants.context import entry_statement
from tests.support.installation import Installation
from tests.support.operators import PASSWORD, OperatorPerson

Make = Callable[..., OperatorPerson]
VERSIONS = (
    "SELECT slug, schema_version, migration_error IS NOT NULL FROM public.tenants WHERE slug IS NOT NULL ORDER BY 1"
)


@pytest.fixture
def probe(monkeypatch: pytest.MonkeyPatch) -> str:
    """A further revision of the tenant line, which adds a table; it fails where there is one of that name already."""
    from tenants import migrate
    from tenants.migrations import lines

    real_head, real_steps = lines.head("tenant"), lines.steps_after
    step = lines.Step("9998", "CREATE TABLE probe_of_operators (id int)")
    monkeypatch.setattr(migrate, "head", lambda line: "9998" if line == "tenant" else lines.head(line))
    monkeypatch.setattr(migrate, "steps_after", lambda line, version: (
        [*(each for each in real_steps(line, version)), step] if line == "tenant" and version < "9998"
        else real_steps(line, version)
    ))  # fmt: skip
    monkeypatch.setattr(migrate, "stands", lambda _line, version: "current" if version >= "9998" else "previous")
    return real_head


@pytest.fixture
def clean(app: Flask, installation: Installation) -> Iterator[Installation]:
    """Take the probes away again."""
    yield installation
    with installation.place.owner() as connection:
        for schema, version in connection.execute("SELECT schema_name, schema_version FROM public.tenants").fetchall():
            connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(sql.Identifier(schema, "probe_of_operators")))
            if version == "9998":
                connection.execute("UPDATE public.tenants SET schema_version = %s WHERE schema_name = %s",
                                   [_head(), schema])  # fmt: skip


def _head() -> str:
    from tenants.migrations.lines import head

    return head("tenant")


def versions(installation: Installation) -> dict[str, tuple[str, bool]]:
    with installation.place.owner() as connection:
        return {slug: (version, failed) for slug, version, failed in connection.execute(VERSIONS)}


def spoil(installation: Installation, slug: str) -> None:
    """Let a workspace's next migration fail."""
    with installation.place.owner() as connection:
        row = connection.execute("SELECT schema_name FROM public.tenants WHERE slug = %s", [slug]).fetchone()
        assert row is not None
        connection.execute(sql.SQL("CREATE TABLE {} (id int)").format(sql.Identifier(row[0], "probe_of_operators")))


@pytest.mark.newest  # it migrates, and no workspace goes back
def test_one_workspace_is_migrated_by_the_worker(
    operator_for: Make, clean: Installation, probe: str, jobs: Callable[[], list[str]]
) -> None:
    olga = operator_for()
    assert olga.browser.post("/operator/workspaces/acme/migration").status_code == 303
    assert versions(clean)["acme"][0] == probe, "the website itself migrates nothing"
    jobs()
    assert versions(clean) == {"acme": ("9998", False), "other": (probe, False)}
    assert "is done: 1 workspace." in olga.browser.get("/operator/workspaces/acme").text


@pytest.mark.newest  # it migrates, and no workspace goes back
def test_of_all_the_one_that_fails_is_named_and_the_others_are_done(
    operator_for: Make, clean: Installation, probe: str, jobs: Callable[[], list[str]]
) -> None:
    olga = operator_for()
    spoil(clean, "other")
    assert olga.browser.post("/operator/migration", data={"which": "all"}).status_code == 303
    jobs()
    assert versions(clean) == {"acme": ("9998", False), "other": (probe, True)}
    told = olga.browser.get("/operator").text
    assert 'href="/operator/workspaces/other"' in told
    assert "already exists" in told
    assert "already exists" in olga.browser.get("/operator/workspaces/other").text
    with clean.place.owner() as connection:  # mended, and tried again
        for (schema,) in connection.execute("SELECT schema_name FROM public.tenants WHERE slug = 'other'").fetchall():
            connection.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(schema, "probe_of_operators")))
    olga.browser.post("/operator/workspaces/other/migration")
    jobs()
    assert versions(clean)["other"] == ("9998", False)


@pytest.mark.newest  # it migrates, and no workspace goes back
def test_some_are_migrated_and_none_without_a_tick(
    operator_for: Make, clean: Installation, probe: str, jobs: Callable[[], list[str]]
) -> None:
    olga = operator_for()
    assert olga.browser.post("/operator/migration").status_code == 303
    assert "Tick the workspaces" in olga.browser.get("/operator").text
    olga.browser.post("/operator/migration", data={"slug": ["other"]})
    jobs()
    assert versions(clean) == {"acme": (probe, False), "other": ("9998", False)}


def test_migrating_many_takes_password_and_code_again(operator_for: Make, installation: Installation) -> None:
    olga = operator_for()
    with installation.place.owner() as connection:
        connection.execute("UPDATE public.operator_sessions SET proven_at = now() - interval '11 minutes'")
    asked = olga.browser.post("/operator/migration", data={"which": "all"})
    assert asked.status_code == 403
    assert '<input type="hidden" name="which" value="all">' in asked.text
    wrong = {"which": "all", "proof_password": PASSWORD, "proof_code": "000000"}
    assert olga.browser.post("/operator/migration", data=wrong).status_code == 422
    assert olga.browser.post("/operator/migration", data={**wrong, "proof_password": "x"}).status_code == 422
    assert work_asked(installation) == []
    right = {**wrong, "proof_code": olga.code()}
    assert olga.browser.post("/operator/migration", data=right).status_code == 303
    assert work_asked(installation) == ["migrate"]


def work_asked(installation: Installation) -> list[str]:
    with installation.place.owner() as connection:
        return [row[0] for row in connection.execute("SELECT kind FROM public.operator_work ORDER BY id")]


def test_failed_jobs_are_queued_again(operator_for: Make, installation: Installation, jobs: Callable, cast) -> None:
    olga = operator_for()
    with installation.place.owner() as connection:
        connection.execute("SET search_path = jobs, pg_catalog")
        for number in range(3):
            connection.execute(
                "INSERT INTO procrastinate_jobs (queue_name, task_name, args, status, attempts) VALUES ('held',"
                " 'workspaces.back_up', jsonb_build_object('tenant_id', %s::text), 'failed', 5)",
                [str(cast.tenants["acme" if number else "other"].id)],
            )
    page = olga.browser.get("/operator/workspaces/acme").text
    ids = re.findall(r'name="job" value="(\d+)"', page)
    assert len(ids) == 2
    olga.browser.post("/operator/workspaces/other/jobs", data={"job": ids[0]})
    jobs()
    assert failed(installation) == 3, "a job is retried on its own workspace's page alone"
    olga.browser.post("/operator/workspaces/acme/jobs", data={"job": ids[0]})
    jobs()
    assert failed(installation) == 2
    olga.browser.post("/operator/workspaces/acme/jobs")
    jobs()
    assert failed(installation) == 1
    assert "No job of this workspace has failed" in olga.browser.get("/operator/workspaces/acme").text


def failed(installation: Installation) -> int:
    with installation.place.owner() as connection:
        row = connection.execute("SELECT count(*) FROM jobs.procrastinate_jobs WHERE status = 'failed'").fetchone()
    assert row is not None
    return row[0]


def test_what_was_done_is_not_done_again(app: Flask, installation: Installation) -> None:
    with app.app_context():
        work_id = ask(Who("Olga"), FIGURES)
    carry_out(installation.settings, work_id)
    with installation.place.owner() as connection:
        connection.execute("DELETE FROM public.tenant_figures")
        carry_out(installation.settings, work_id)
        assert connection.execute("SELECT count(*) FROM public.tenant_figures").fetchone() == (0,)


def test_a_fault_is_told_and_not_raised(app: Flask, installation: Installation) -> None:
    with app.app_context():
        work_id = ask(Who("Olga"), FIGURES)
    with installation.place.owner() as connection:
        connection.execute("ALTER TABLE public.tenant_figures RENAME TO hidden")
        try:
            carry_out(installation.settings, work_id)
        finally:
            connection.execute("ALTER TABLE public.hidden RENAME TO tenant_figures")
        row = connection.execute("SELECT state, error FROM public.operator_work").fetchone()
    assert row is not None
    assert row[0] == "failed"
    assert "UndefinedTable" in row[1]


@pytest.mark.parametrize("statement", [
    "SELECT public.defer_operator_work(gen_random_uuid())",
    "SELECT * FROM public.failed_jobs_of(gen_random_uuid())",
    "SELECT * FROM public.operators", "SELECT * FROM public.operator_sessions", "SELECT * FROM public.operator_acts",
    "SELECT * FROM public.operator_work", "SELECT * FROM public.operator_visits", "SELECT * FROM public.tenant_figures",
    "SELECT * FROM public.installation_figures",
    "INSERT INTO public.operator_work (id, kind, asked) VALUES (gen_random_uuid(), 'migrate', '{}')",
])  # fmt: skip
def test_a_workspaces_role_may_not(installation: Installation, cast, statement: str) -> None:
    acme = cast.tenants["acme"]
    with installation.place.runtime() as connection, connection.transaction():
        connection.execute(entry_statement(acme.role_name, acme.schema_name, 5_000))
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement)


@pytest.mark.parametrize("statement", [
    "UPDATE public.operator_acts SET act = 'nothing'", "DELETE FROM public.operator_acts",
    "UPDATE public.operator_work SET state = 'done'", "DELETE FROM public.operator_work",
    "INSERT INTO public.operators (id, email, name) VALUES (gen_random_uuid(), 'x@x.example', 'x')",
    "UPDATE public.operators SET disabled_at = NULL", "UPDATE public.operators SET email = 'x'",
    "UPDATE public.tenant_figures SET size = 0", "UPDATE public.tenants SET schema_version = ''",
])  # fmt: skip
def test_the_applications_own_login_may_not(installation: Installation, statement: str) -> None:
    with installation.place.runtime() as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement)


def test_a_workspace_that_defers_such_a_job_by_its_name_gets_nothing(
    app: Flask, installation: Installation, cast
) -> None:
    with app.app_context():
        work_id = ask(Who("Olga"), FIGURES)
    execute(app, registry["operators.work"], {"tenant_id": str(cast.tenants["acme"].id), "work_id": str(work_id)})
    with installation.place.owner() as connection:
        assert connection.execute("SELECT state FROM public.operator_work").fetchone() == ("queued",)
        execute(app, registry["operators.work"], {"tenant_id": None, "work_id": str(work_id)})
        assert connection.execute("SELECT state FROM public.operator_work").fetchone() == ("done",)
