"""The server's settings, given on its command line so that the code, not an old file, decides them."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from tenants.embedded.sockets import PORT

_SETTINGS = {
    # Nothing but the private socket: no address, no port that another program may hold.
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    # Making and dropping whole schemas locks each of their tables in one transaction.
    "max_locks_per_transaction": "256",
    "shared_buffers": "128MB",
    # Many small queries: compiling one costs more than it saves.
    "jit": "off",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "TimeZone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] ",
    # A failing statement and the key that it clashed on are people's data: they stay out of the log.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}
# For data that may be lost with the machine, such as a test run's.
_NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def server_arguments(socket_dir: Path, *, durable: bool, extra: Mapping[str, str]) -> list[str]:
    """Return the settings as arguments of `postgres`; `extra` wins over ours."""
    settings = {**_SETTINGS, "unix_socket_directories": str(socket_dir)}
    if sys.platform == "linux":
        # One call a file system instead of one a file: recovery with thousands of schemas is 15 times faster.
        settings["recovery_init_sync_method"] = "syncfs"
    if not durable:
        settings.update(_NOT_DURABLE)
    settings.update(extra)
    return [argument for name, value in settings.items() for argument in ("-c", f"{name}={value}")]
