"""A PostgreSQL server that needs no installing: the wheel's programs under a small supervisor of our own.

`EmbeddedServer(folder)` starts and stops one; `find_running(folder)` finds one that another process started.
An operator's own server (`DATABASE_URL`) is never touched by anything here.
"""

from __future__ import annotations

from tenants.embedded.address import ServerAddress
from tenants.embedded.errors import AlreadyRunningError, EmbeddedServerError
from tenants.embedded.server import EmbeddedServer, find_running

__all__ = ["AlreadyRunningError", "EmbeddedServer", "EmbeddedServerError", "ServerAddress", "find_running"]
