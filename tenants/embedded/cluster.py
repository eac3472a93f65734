"""The folder that holds a server's data: its layout, and making it."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tenants.embedded.account import Account
from tenants.embedded.address import OWNER
from tenants.embedded.binaries import Binaries
from tenants.embedded.errors import EmbeddedServerError

# The first major version whose collation needs nothing of the operating system.
_BUILTIN_LOCALE_MAJOR = 17
# No setting of whoever starts it reaches the server; UTC spares initdb a search through all time zones.
ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


@dataclass(frozen=True)
class Layout:
    """What lies where in `home`, the server's folder; only `cluster` belongs to the server's account."""

    home: Path

    @property
    def cluster(self) -> Path:
        """PostgreSQL's data folder."""
        return self.home / "cluster"

    @property
    def password(self) -> Path:
        """The owner's password, readable by who made the server alone."""
        return self.home / "owner-password"

    @property
    def log(self) -> Path:
        """The server's log since its last start; the one before is beside it, ending in `.1`."""
        return self.home / "server.log"

    @property
    def lock(self) -> Path:
        """Locked as long as a process supervises the server."""
        return self.home / "lock"


def make_home(home: Path, account: Account) -> None:
    """Make the server's folder; one that is there already, and every folder above, keeps its permissions."""
    if not home.is_dir():
        home.mkdir(parents=True, mode=0o711 if account.is_other else 0o700)


def path_for_server(folder: Path, account: Account) -> str:
    """Return the name by which the server's account can open `folder`, given that it starts in it.

    Root may keep its data where no other account can walk to (below /root, say). A process that root starts
    *inside* the folder needs no way to it, and Linux has a name for "where I am" that asks for none.

    Raises:
        EmbeddedServerError: the account cannot get there, and this is not Linux.
    """
    if account.can_enter(folder.parent):
        return str(folder.resolve())
    if sys.platform == "linux":
        return "/proc/self/cwd"
    raise EmbeddedServerError(
        f"The account that the database runs under cannot enter {folder.parent}.",
        "Start as an ordinary user, or keep the data in a folder that everybody can enter.",
    )


def owner_password(layout: Layout) -> str:
    """Return the owner's password, made when the server is.

    Raises:
        EmbeddedServerError: there is data, but its password is gone or not ours to read.
    """
    try:
        if not layout.cluster.exists() and not layout.password.exists():
            descriptor = os.open(layout.password, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(secrets.token_urlsafe(24))
        return layout.password.read_text(encoding="utf-8")
    except OSError as error:
        raise EmbeddedServerError(
            f"The database's password cannot be read: {error}.",
            f"Start as the user who made {layout.home}, or put the file back from a backup.",
        ) from error


def make_cluster(layout: Layout, binaries: Binaries, account: Account, *, socket_dir: Path, durable: bool) -> None:
    """Make the data folder when there is none; a killed attempt leaves nothing that a later one would trust.

    Raises:
        EmbeddedServerError: `initdb` failed, or the data belongs to another version or account.
    """
    if layout.cluster.exists():
        _check_version(layout, binaries)
        _check_owner(layout, account)
        return
    unfinished = layout.home / "cluster.new"
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    account.own(unfinished)
    password_file = socket_dir / "initdb-password"
    try:
        _hand_over(password_file, owner_password(layout), account)
        _run_initdb(unfinished, binaries, account, password_file, durable=durable)
    finally:
        password_file.unlink(missing_ok=True)
    unfinished.rename(layout.cluster)


def _hand_over(file: Path, content: str, account: Account) -> None:
    file.unlink(missing_ok=True)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as stream:
        stream.write(content)
    account.own(file)


def _run_initdb(folder: Path, binaries: Binaries, account: Account, password_file: Path, *, durable: bool) -> None:
    if binaries.major >= _BUILTIN_LOCALE_MAJOR:
        locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    else:
        locale = ["--locale=C.UTF-8"]
    command = [
        str(binaries.folder / "initdb"),
        f"--pgdata={path_for_server(folder, account)}",
        f"--username={OWNER}",
        f"--pwfile={password_file}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--data-checksums",
        *locale,
        *([] if durable else ["--no-sync"]),
    ]
    result = subprocess.run(
        command,
        cwd=folder,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
        **account.identity(),
    )
    if result.returncode != 0:
        raise EmbeddedServerError(
            f"The database could not be made in {folder}: {result.stderr.strip() or result.stdout.strip()}",
            "Mend what the line above names (space, permissions), or set DATABASE_URL to another server.",
        )


def _check_version(layout: Layout, binaries: Binaries) -> None:
    try:
        made_by = int((layout.cluster / "PG_VERSION").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise EmbeddedServerError(
            f"{layout.cluster} cannot be read as a PostgreSQL data folder: {error}.",
            f"Start as the user who made it, or move {layout.home} away to begin anew.",
        ) from error
    if made_by != binaries.major:
        raise EmbeddedServerError(
            f"{layout.cluster} was made by PostgreSQL {made_by}, and this is PostgreSQL {binaries.major}.",
            "Export with the old version and import with this one, or use another data folder.",
        )


def _check_owner(layout: Layout, account: Account) -> None:
    if layout.cluster.stat().st_uid == account.uid:
        return
    if not account.is_other:
        raise EmbeddedServerError(
            f"{layout.cluster} belongs to another user.", "Start as that user, or use another data folder."
        )
    # Made by an ordinary user or copied back by root: root hands it over to the account it uses now.
    account.own_tree(layout.cluster)
