"""The account that the server runs under, and what it can reach.

PostgreSQL refuses to run as root. When root starts it (a container, a rented machine) it runs as an existing
account without privileges; no account is made, and no folder that is not ours has its permissions changed.
An account is needed rather than a bare number because `initdb` looks the number's name up.
"""

from __future__ import annotations

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from tenants.embedded.errors import EmbeddedServerError

_UNPRIVILEGED = ("nobody", "daemon", "postgres")


class Identity(TypedDict, total=False):
    """The keyword arguments of `subprocess` that choose whom a child runs as."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True)
class Account:
    """Whom the server runs as: `uid` and `gid`, and whether that is somebody else than this process."""

    uid: int
    gid: int
    is_other: bool

    def identity(self) -> Identity:
        """Return what makes a child process run as this account; empty when it does so anyway."""
        if not self.is_other:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def own(self, path: Path) -> None:
        """Hand `path`, a folder or a file of ours, over to this account."""
        if self.is_other:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def own_tree(self, folder: Path) -> None:
        """Hand `folder` and everything below it over to this account."""
        self.own(folder)
        for parent, folders, files in os.walk(folder):
            for name in (*folders, *files):
                self.own(Path(parent, name))

    def can_enter(self, folder: Path) -> bool:
        """Tell whether this account may walk into `folder` from the root.

        Asked of another account, only what everybody may do counts: it owns none of the folders above ours.
        """
        if not self.is_other:
            return True
        folder = folder.resolve()
        return all(one.stat().st_mode & stat.S_IXOTH for one in (folder, *folder.parents))


def server_account() -> Account:
    """Choose whom the server runs as: this process's user, or an unprivileged account when that is root.

    Raises:
        EmbeddedServerError: this is root and the machine has none of the usual accounts.
    """
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid(), is_other=False)
    for name in _UNPRIVILEGED:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return Account(entry.pw_uid, entry.pw_gid, is_other=True)
    raise EmbeddedServerError(
        "PostgreSQL does not run as root, and this machine has no unprivileged account to run it as.",
        "Start as an ordinary user, add an account named 'nobody', or set DATABASE_URL to another server.",
    )
