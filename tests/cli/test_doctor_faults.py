"""`doctor` against each kind of fault: it says what is wrong and how to mend it, and exits with 1."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest

from saas_crm.cli.checkup.files import ROOT
from tenants.migrations.lines import head
from tests.support.command import Call
from tests.support.installation import Installation
from tests.support.server import free_port
from tests.support.smtp import SmtpServer

UPGRADE = "saas-crm db upgrade"
STRANGER = "INSERT INTO public.tenants (id, schema_name, role_name, status, schema_version) VALUES"


@dataclass(frozen=True)
class Fault:
    """What is done to a healthy installation, and what must be said about it."""

    name: str
    detail: str
    remedy: str
    settings: dict[str, str | None] = field(default_factory=dict)
    sql: str = ""
    undo: str = ""


SETTINGS = [
    Fault("settings", "DATABASE_URL is missing", "in the environment", {"DATABASE_URL": None}),
    Fault("settings", "SECRET_KEY must have at least 32", "in the environment", {"SECRET_KEY": "short"}),
    Fault("settings", "WEB_WORKERS input should be", "in the environment", {"WEB_WORKERS": "many"}),
    Fault("settings", "DATABASE_URL is no address", "in the environment", {"DATABASE_URL": "postgresql://a:50%@h/x"}),
    Fault("settings", "MAIL_URL must name a server", "in the environment", {"MAIL_URL": "smtp://host:mail"}),
    Fault("settings", "BASE_URL must be https", "in the environment",
          {"ENVIRONMENT": "production", "BASE_URL": "http://crm.example", "MAIL_URL": None}),
]  # fmt: skip
DATABASE = [
    Fault("database", "no connection by DATABASE_URL: ", "Is the server running", {"DATABASE_URL": "{nowhere}"}),
    Fault("database", "password authentication failed", "the right login", {"DATABASE_URL": "{wrong_password}"}),
    Fault("database", "does not exist", "the right login", {"DATABASE_OWNER_URL": "{wrong_name}"}),
    Fault("login", "is a superuser", "a login of its own", {"DATABASE_URL": "{owner}"}),
    Fault("owner", "may not make roles or make schemas", "CREATEROLE", {"DATABASE_OWNER_URL": "{runtime}"}),
    Fault("rights", "may not read the shared tables", "the login that", {"DATABASE_URL": "{other_login}"}),
    Fault("rights", "may not speak for 1 workspaces", "GRANT t_", sql="REVOKE {acme} FROM crm_app",
          undo="GRANT {acme} TO crm_app"),
    Fault("rights", "roles are missing, t_nobody", "pg_dumpall --roles-only", undo="DELETE FROM public.tenants WHERE"
          " role_name = 't_nobody'", sql=f"{STRANGER} (gen_random_uuid(), 't_nobody', 't_nobody', 'spare', '9999')"),
    Fault("tables", "there are none yet", UPGRADE, {"DATABASE_URL": "{empty}", "DATABASE_OWNER_URL": "{empty_owner}"}),
    Fault("migrations", "the shared tables are at 0001", UPGRADE, sql="UPDATE public.shared_version SET revision = "
          "'0001'", undo=f"UPDATE public.shared_version SET revision = '{head('shared')}'"),
    Fault("migrations", "1 tenants are behind and refuse to serve", UPGRADE,
          sql="UPDATE public.tenants SET schema_version = '0001' WHERE slug = 'acme'"),
    Fault("addresses", "nobody reaches /operator: the word is reserved by now", "tenants export operator FILE",
          sql="UPDATE public.tenants SET slug = 'operator' WHERE slug = 'acme'",
          undo="UPDATE public.tenants SET slug = 'acme' WHERE slug = 'operator'"),
    Fault("worker", "none was ever seen", "saas-crm worker", sql="DELETE FROM jobs.procrastinate_workers"),
    Fault("worker", "last seen 36", "saas-crm worker",  # 3,600 s, and what a slow machine takes
          sql="UPDATE jobs.procrastinate_workers SET last_heartbeat = now() - interval '1 hour'"),
]  # fmt: skip
MAIL = [
    Fault("mail", "does not answer: ", "MAIL_URL", {"MAIL_URL": "smtp://127.0.0.1:{free_port}"}),
    Fault("mail", "refuses the login", "MAIL_URL", {"MAIL_URL": "smtp://me:wrong@{smtp}"}),
    Fault("mail", "cannot do what MAIL_URL asks for: STARTTLS", "MAIL_URL", {"MAIL_URL": "smtp://{smtp}?tls=starttls"}),
    Fault("mail", "cannot be written to", "a folder of your own", {"MAIL_URL": "file:///dev/null/mail"}),
]


@pytest.fixture
def words(installation: Installation, smtp: SmtpServer, cast) -> Iterator[dict[str, str]]:
    """What stands in braces in a fault; and everything is healthy but for it."""
    runtime, owner = installation.place.runtime_url, installation.place.owner_url
    with installation.place.owner() as connection:
        connection.execute("CREATE ROLE other_login LOGIN NOINHERIT PASSWORD 'other'")
        connection.execute("CREATE DATABASE empty_place TEMPLATE template0")
        connection.execute("INSERT INTO jobs.procrastinate_workers DEFAULT VALUES")
        yield {
            "nowhere": "postgresql://crm_app:x@127.0.0.1:1/crm", "runtime": runtime, "owner": owner,
            "wrong_password": as_login(runtime, "crm_app:wrong"), "other_login": as_login(runtime, "other_login:other"),
            "wrong_name": on_database(owner, "no_such_place"), "empty": on_database(runtime, "empty_place"),
            "empty_owner": on_database(owner, "empty_place"), "acme": cast.tenants["acme"].role_name,
            "free_port": str(free_port()), "smtp": smtp.url.removeprefix("smtp://"),
        }  # fmt: skip
        connection.execute("DELETE FROM jobs.procrastinate_workers")
        connection.execute("DROP DATABASE empty_place WITH (FORCE)")
        connection.execute("DROP ROLE other_login")


def as_login(url: str, login: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=f"{login}@{parts.netloc.rpartition('@')[2]}"))


def on_database(url: str, name: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


@contextmanager
def inflicted(installation: Installation, fault: Fault, words: dict[str, str]) -> Iterator[dict[str, str | None]]:
    """Do what the fault is; yield the settings that belong to it."""
    with installation.place.owner() as connection:
        if fault.sql:
            connection.execute(fault.sql.format(**words))
        try:
            yield {name: value and value.format(**words) for name, value in fault.settings.items()}
        finally:
            if fault.undo:
                connection.execute(fault.undo.format(**words))


def named(faults: Sequence[Fault]) -> list[str]:
    return [fault.detail for fault in faults]


FAULTS = [*SETTINGS, *DATABASE, *MAIL]


@pytest.mark.parametrize("fault", FAULTS, ids=named(FAULTS))
def test_it_names_the_fault_and_the_remedy(
    call: Call, installation: Installation, words: dict[str, str], fault: Fault
) -> None:
    with inflicted(installation, fault, words) as settings:
        told, programs = call("doctor", **settings), call("doctor", "--json", **settings)
    assert told.exit_code == programs.exit_code == 1, told.output
    found = [entry for entry in json.loads(programs.output) if entry["state"] == "bad" and entry["name"] == fault.name]
    assert [entry for entry in found if fault.detail in entry["detail"] and fault.remedy in entry["remedy"]], found
    lines = told.output.splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith(f"BAD   {fault.name}"))
    assert lines[at + 1].startswith(" " * 18), "each with its remedy below"
    assert lines[-1].endswith("to mend.")
    assert "Traceback" not in told.output + told.stderr
    for secret in ("wrong@", "short", "x@127", "50%"):
        assert secret not in told.output, "no value of a setting is shown"


@pytest.fixture
def half_a_checkout(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., None]:
    """Let the files of the face be those named, and no others."""

    def with_only(*names: str) -> None:
        for name in names:
            (tmp_path / name).symlink_to(ROOT / name)
        monkeypatch.setattr("saas_crm.cli.checkup.files.ROOT", tmp_path)

    return with_only


@pytest.mark.parametrize(("there", "name", "remedy"), [
    (("static", "translations"), "assets", "npm ci"),
    (("static", "node_modules"), "languages", "translations.py compile"),
])  # fmt: skip
def test_it_misses_packages_and_catalogues(
    call: Call, half_a_checkout: Callable[..., None], there: tuple[str, ...], name: str, remedy: str
) -> None:
    half_a_checkout(*there)
    found = call("doctor", "--json")
    assert found.exit_code == 1
    [entry] = [entry for entry in json.loads(found.output) if entry["name"] == name]
    assert entry["state"] == "bad"
    assert remedy in entry["remedy"]


def test_it_refuses_a_server_that_is_too_old(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """Played by a newer limit: no server as old as that is at hand."""
    monkeypatch.setattr("saas_crm.cli.checkup.database.OLDEST", 99)
    found = call("doctor")
    assert found.exit_code == 1
    assert "is too old" in found.output
    assert "Use PostgreSQL 99 or newer." in found.output
