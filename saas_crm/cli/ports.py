"""Is a port free, and how is this machine reached from its network."""

from __future__ import annotations

import errno
import socket

from saas_crm.cli.failures import Failure

EVERYWHERE = frozenset({"0.0.0.0", "::", ""})  # noqa: S104 - compared with, not bound to

LOCALHOST = "localhost"


def check_port_free(host: str, port: int, *, remedy: str) -> None:
    """Raise Failure if the address cannot be listened on.

    Asked before gunicorn starts: its workers share the port (SO_REUSEPORT), and would silently share it
    with another server of the same user too.
    """
    try:
        with socket.socket(_family(host), socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except socket.gaierror:
        raise Failure(f"{host!r} is no address of this machine.", remedy) from None
    except OSError as error:
        raise Failure(_reason(error, host, port), remedy) from None


def free_port(host: str) -> int:
    """Return a port that is free at this moment, for whoever asks for port 0."""
    with socket.socket(_family(host), socket.SOCK_STREAM) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def network_address() -> str | None:
    """Return the address under which other machines of the network reach this one, if it has any.

    Nothing is sent: connecting a datagram socket only asks the routing table.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # TEST-NET-1, RFC 5737: nobody's
        except OSError:
            return None
        found = str(probe.getsockname()[0])
    return None if found.startswith("127.") or found in EVERYWHERE else found


def written(host: str, port: int) -> str:
    """Return host and port as they stand in an address; IPv6 in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def named(host: str) -> str:
    """Return this machine's name for its own bare addresses; every browser knows it for both of them."""
    return LOCALHOST if host in ("127.0.0.1", "::1") else host


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _reason(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} of {host} is taken by another program."
    if error.errno == errno.EACCES:
        return f"Port {port} may only be used by root."
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{host} is no address of this machine."
    return f"{written(host, port)} cannot be listened on: {error.strerror}."
