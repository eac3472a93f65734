"""The compose file and what it points to, checked as far as that goes without a container engine."""

from __future__ import annotations

import configparser
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

INFRA = Path(__file__).resolve().parents[2] / "infra"
OURS = ("app", "worker", "migrate")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return yaml.safe_load((INFRA / "compose.yaml").read_text(encoding="utf-8"))


def environment(compose: dict[str, Any], service: str) -> dict[str, str]:
    return {name: str(value) for name, value in compose["services"][service]["environment"].items()}


@pytest.mark.parametrize("service", OURS)
def test_every_setting_is_one_that_the_product_knows(compose: dict[str, Any], service: str) -> None:
    from tenants.settings import Settings

    known = {name.upper() for name in Settings.model_fields}
    assert environment(compose, service).keys() <= known


@pytest.mark.parametrize("service", OURS)
def test_the_product_takes_the_values(compose: dict[str, Any], service: str) -> None:
    from tenants.settings import Settings

    answers = {name: value or "x" * 48 for name, value in example().items()}
    filled = {
        name.lower(): re.sub(r"\$\{(\w+)[^}]*\}", lambda found: answers[found.group(1)], value)
        for name, value in environment(compose, service).items()
    }
    settings = Settings.model_validate(filled)
    assert settings.secure
    assert settings.environment == "production"


def test_archives_are_made_on_a_disk(compose: dict[str, Any]) -> None:
    """They are as large as their workspaces; a tmpfs is memory."""
    worker = compose["services"]["worker"]
    assert worker["tmpfs"] == []
    [volume] = [each for each in worker["volumes"] if each.endswith(":/tmp")]
    assert volume.partition(":")[0] in compose["volumes"]


def test_the_example_names_exactly_what_is_asked_for(compose: dict[str, Any]) -> None:
    text = (INFRA / "compose.yaml").read_text(encoding="utf-8")
    assert set(re.findall(r"\$\{(\w+)", text)) == set(example())


def example() -> dict[str, str]:
    lines = (INFRA / "env.example").read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def test_no_password_has_a_default(compose: dict[str, Any]) -> None:
    assert all(not example()[name] for name in ("SECRET_KEY", "DATABASE_PASSWORD", "DATABASE_OWNER_PASSWORD"))
    text = (INFRA / "compose.yaml").read_text(encoding="utf-8")
    assert not re.findall(r"\$\{\w*(?:PASSWORD|KEY):-", text)


def test_services_wait_for_services_that_are_there(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert set(services) == {"proxy", "app", "worker", "migrate", "pgbouncer", "postgres"}
    for service in services.values():
        assert set(service.get("depends_on", ())) <= set(services)


def test_requests_go_through_the_pooler_and_jobs_past_it(compose: dict[str, Any]) -> None:
    assert "@pgbouncer:6432/" in environment(compose, "app")["DATABASE_URL"]
    assert "DATABASE_OWNER_URL" not in environment(compose, "app")
    for service in ("worker", "migrate"):
        assert "@postgres:5432/" in environment(compose, service)["DATABASE_URL"]
        assert "@postgres:5432/" in environment(compose, service)["DATABASE_OWNER_URL"]


def test_the_pooler_is_one_of_transactions(compose: dict[str, Any]) -> None:
    settings = configparser.ConfigParser()
    settings.read(INFRA / "pgbouncer" / "pgbouncer.ini", encoding="utf-8")
    assert settings["pgbouncer"]["pool_mode"] == "transaction"
    assert settings["pgbouncer"]["listen_port"] == "6432"
    assert "host=postgres port=5432 dbname=crm" in settings["databases"]["crm"]


def test_the_proxy_asks_the_application_where_it_listens(compose: dict[str, Any]) -> None:
    app = environment(compose, "app")
    assert app["HOST"] == "0.0.0.0"
    assert app["TRUSTED_PROXIES"] == "1"
    assert f"reverse_proxy app:{app['PORT']}" in (INFRA / "Caddyfile").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("containerfile", "context"), [("Containerfile", ".."), ("pgbouncer/Containerfile", "pgbouncer")]
)
def test_the_images_copy_what_is_there(containerfile: str, context: str) -> None:
    text = (INFRA / containerfile).read_text(encoding="utf-8")
    copies = re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.MULTILINE)
    assert copies
    for source in " ".join(copies).split():
        assert (INFRA / context / source).exists(), source


def test_no_image_runs_as_root() -> None:
    for containerfile in ("Containerfile", "pgbouncer/Containerfile"):
        last_stage = (INFRA / containerfile).read_text(encoding="utf-8").rpartition("\nFROM ")[2]
        assert re.search(r"^USER 10001$", last_stage, re.MULTILINE)
