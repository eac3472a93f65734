"""Where a running server is found, in the forms that clients ask for."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

OWNER = "crm_owner"


@dataclass(frozen=True)
class ServerAddress:
    """A server behind a Unix socket in a private folder, with its owner's (superuser's) password."""

    socket_dir: Path
    port: int
    owner_password: str = field(repr=False)

    def url(self, user: str, password: str, database: str) -> str:
        """Return a libpq URL for `user`, with nothing of any driver in it."""
        login = f"{quote(user, safe='')}:{quote(password, safe='')}"
        socket_dir = quote(str(self.socket_dir), safe="")
        return f"postgresql://{login}@/{quote(database, safe='')}?host={socket_dir}&port={self.port}"

    def owner_url(self, database: str = "postgres") -> str:
        """Return the URL of the superuser that owns the server."""
        return self.url(OWNER, self.owner_password, database)
