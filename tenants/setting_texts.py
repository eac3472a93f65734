"""Settings that are lists or addresses, taken apart."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit


def networks(text: str | None) -> list[str]:
    """Return the networks of a list with commas or blanks between; raises ValueError for what is none."""
    return [str(ip_network(part, strict=False)) for part in (text or "").replace(",", " ").split()]


def servers(text: str | None) -> list[tuple[str, int]]:
    """Return addresses and ports of a list with commas or blanks between; raises ValueError for what is none."""
    found = []
    for part in (text or "").replace(",", " ").split():
        bare = part.count(":") > 1 and not part.startswith("[")
        parts = urlsplit(f"//[{part}]" if bare else f"//{part}")
        found.append((str(ip_address(parts.hostname or "")), parts.port or 53))
    return found


def names_a_server(url: str) -> bool:
    """Whether an address has a host and a port, if it has one, that is a number; a folder needs neither."""
    parts = urlsplit(url)
    try:
        return parts.scheme == "file" or (bool(parts.hostname) and parts.port != 0)
    except ValueError:
        return False
