"""One question to DNS: bounded in time, in number, and in what is read of the answer."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import dns.exception
import dns.resolver
from dns.nameserver import Do53Nameserver

from saas_crm.access.throttle import TooManyAttempts
from saas_crm.workspaces.domains.rules import Held, Seen

SECONDS = 5.0
"""For the whole answer, all name servers and repetitions together."""
AT_ONCE = 2
"""Questions of one process at a time, so that slow name servers do not keep all its threads."""
MOST = 50  # texts at a name that are read
_PLACES = threading.BoundedSemaphore(AT_ONCE)


def look(held: Held, servers: Sequence[tuple[str, int]] = (), *, seconds: float = SECONDS) -> Seen:
    """Ask whether the TXT record of a claim is there; `servers` are addresses and ports, none: the system's.

    Nothing should be held meanwhile, neither rows nor a connection. Raises TooManyAttempts while others ask.
    """
    if not _PLACES.acquire(timeout=seconds):
        raise TooManyAttempts(int(seconds))
    try:
        return _seen(held, servers, seconds)
    finally:
        _PLACES.release()


def _seen(held: Held, servers: Sequence[tuple[str, int]], seconds: float) -> Seen:
    try:
        answer = _resolver(servers).resolve(held.record_name, "TXT", lifetime=seconds, search=False)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return "none"
    except (dns.exception.DNSException, OSError):  # no answer in time, refused, broken
        return "silent"
    texts = [b"".join(record.strings) for record, _number in zip(answer, range(MOST), strict=False)]
    return "right" if held.token.encode() in texts else "other"


def _resolver(servers: Sequence[tuple[str, int]]) -> dns.resolver.Resolver:
    resolver = dns.resolver.Resolver(configure=not servers)
    if servers:
        resolver.nameservers = [Do53Nameserver(address, port) for address, port in servers]
    return resolver
