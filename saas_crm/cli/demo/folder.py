"""What lies where in the demo's folder, and the settings that follow from it."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from saas_crm.cli.failures import Failure
from saas_crm.cli.ports import EVERYWHERE, LOCALHOST, named, network_address, written
from tenants.embedded import ServerAddress
from tenants.settings import Settings

DATABASE, LOGIN = "crm", "crm_app"
SPARES = 6
KEPT_FROM_ENVIRONMENT = frozenset({"log_level", "web_workers", "web_threads"})
"""The settings a person may still make; every other of their shell's is about some other installation."""
THIS_MACHINE = "127.0.0.0/8, ::1/128"


@dataclass(frozen=True, slots=True)
class DemoFolder:
    """The folder `--data` names, as an absolute path."""

    root: Path

    @property
    def database(self) -> Path:
        """What the embedded server writes."""
        return self.root / "database"

    @property
    def mail(self) -> Path:
        """The letters; read at /dev/mail."""
        return self.root / "mail"

    @property
    def metrics(self) -> Path:
        """Where the server's processes add up their metrics."""
        return self.root / "metrics"

    def log(self, name: str) -> Path:
        """What one of the processes says."""
        return self.root / "logs" / f"{name}.log"

    def make(self) -> None:
        """Make the folder, for this user alone: letters and passwords lie in it. Raises Failure."""
        try:
            self.root.mkdir(parents=True, mode=0o700, exist_ok=True)
            (self.root / "logs").mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise Failure(f"{self.root} cannot be made: {error.strerror}.", "Choose another --data.") from None

    def secrets(self) -> dict[str, str]:
        """Return the installation's secrets, made at the first start and readable by this user alone.

        Written aside and renamed, so that a killed start never leaves half a file.
        """
        file = self.root / "secrets.json"
        if not file.exists():
            made = {"secret_key": secrets.token_urlsafe(48), "database_password": secrets.token_urlsafe(24)}
            aside = file.with_suffix(f".{os.getpid()}")
            with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
                json.dump(made, out)
            aside.rename(file)
        try:
            found = json.loads(file.read_text(encoding="utf-8"))
            return {name: str(found[name]) for name in ("secret_key", "database_password")}
        except (OSError, ValueError, LookupError, TypeError):
            raise Failure(
                f"{file} cannot be read.", "Remove it: the next start makes new secrets and all must sign in again."
            ) from None


def environment(
    folder: DemoFolder, address: ServerAddress, host: str, port: int, inherited: Mapping[str, str]
) -> dict[str, str]:
    """Return the environment of the demo's processes: the settings of this demo and no others."""
    held = folder.secrets()
    foreign = {name.upper() for name in Settings.model_fields if name not in KEPT_FROM_ENVIRONMENT}
    kept = {name: value for name, value in inherited.items() if name.upper() not in foreign}
    return kept | {
        "ENVIRONMENT": "demo",
        "DATABASE_URL": address.url(LOGIN, held["database_password"], DATABASE),
        "DATABASE_OWNER_URL": address.owner_url(DATABASE),
        "SECRET_KEY": held["secret_key"],
        "SPARE_TENANTS": str(SPARES),
        "BASE_URL": base_url(host, port),
        "MAIL_URL": f"file://{quote(str(folder.mail))}",
        "OPERATOR_CONSOLE": "true",
        "OPERATOR_NETWORKS": THIS_MACHINE,  # also where phones may open the rest
        "HOST": host,
        "PORT": str(port),
        "PROMETHEUS_MULTIPROC_DIR": str(folder.metrics),
    }


def base_url(host: str, port: int) -> str:
    """Return the address that mails name: the network's when the demo listens everywhere.

    This machine's is its name: for a bare address no browser makes a passkey.
    """
    if host in EVERYWHERE:
        host = network_address() or LOCALHOST
    return f"http://{written(named(host), port)}"
