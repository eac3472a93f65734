"""One question to an address that somebody typed: of a public network, over https, small, and soon over."""

from __future__ import annotations

import ipaddress
import socket
import ssl
from collections.abc import Mapping
from concurrent.futures import Future
from functools import cache
from threading import BoundedSemaphore, Thread, Timer
from typing import Any

import httpx

from tenants.runtime import runtime_settings

SECONDS = 5.0
"""So long the whole of an answer may take, from connecting to its last byte."""
LARGEST = 300_000  # bytes of one answer
PATIENCE = 1.0  # seconds that one question waits for others
_lines = BoundedSemaphore(2)
"""So many questions at once a process asks: whatever others answer, it has threads left for its own work."""
_names = BoundedSemaphore(2)
"""So many names at once are looked up: the system's resolver takes as long as it likes, and whoever asks does not."""
NAME_SECONDS = 2.0


class ProviderFailed(Exception):
    """A provider did not answer as it should.

    `code` says how ("address", "https", "inside", "name", "time", "certificate", "connection", "large", "status",
    "json", "issuer"), `detail` what of it is for those who set it up.
    """

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code, self.detail = code, detail


def ask(method: str, address: str, *, data: Mapping[str, str] | None, auth: httpx.Auth | None) -> httpx.Response:
    """Return what is answered, led nowhere else. Raises ProviderFailed.

    The name is looked up once, and the address that was found good is the one that is asked. A watch ends the
    connection when the time is over: the limits of the client are for each read, and an answer has as many reads as
    who sends it likes.
    """
    there = check_address(address)
    port = there.port or (443 if there.scheme == "https" else 80)
    headers = {"Accept": "application/json", "Accept-Encoding": "identity", "Host": there.netloc.decode()}
    if not _lines.acquire(timeout=PATIENCE):
        raise ProviderFailed("time", there.path)
    watch = _Watch()
    try:
        pinned = there.copy_with(host=_address_of(there.raw_host.decode(), port))
        with httpx.Client(
            timeout=SECONDS, follow_redirects=False, trust_env=False, verify=_authorities()
        ) as client, watch, client.stream(
            method, pinned, data=data, auth=auth, headers=headers,
            extensions={"sni_hostname": there.raw_host.decode(), "trace": watch.see},
        ) as answer:  # fmt: skip
            return httpx.Response(answer.status_code, content=_read(answer))
    except (httpx.HTTPError, OSError, ValueError) as failed:
        raise _told(failed, f"{there.path}: {type(failed).__name__}", late=watch.over) from None
    finally:
        _lines.release()


@cache
def _authorities() -> ssl.SSLContext:
    """Return how certificates are checked; kept, since reading the list of authorities takes a core 25 ms."""
    return httpx.create_ssl_context(trust_env=False)


class _Watch:
    """Ends a connection, in whatever state, when its time is over."""

    def __init__(self) -> None:
        self.over = False
        self._connection: socket.socket | None = None
        self._timer = Timer(SECONDS, self._end)

    def __enter__(self) -> None:
        self._timer.daemon = True
        self._timer.start()

    def __exit__(self, *_failed: object) -> None:
        self._timer.cancel()
        if self._connection is not None:
            self._connection.close()

    def see(self, event: str, told: Mapping[str, Any]) -> None:
        """Take hold of the connection as soon as there is one: TLS later wraps it into another object."""
        if event == "connection.connect_tcp.complete":
            self._connection = told["return_value"].get_extra_info("socket").dup()
        elif self.over and event.endswith(".started") and "close" not in event:
            raise httpx.ReadTimeout("over")

    def _end(self) -> None:
        self.over = True
        if self._connection is not None:
            try:
                self._connection.shutdown(socket.SHUT_RDWR)
            except OSError:  # it has ended by itself
                return


def _told(failed: Exception, detail: str, *, late: bool) -> ProviderFailed:
    """Return what is said of a failure."""
    cause = failed.__cause__ or failed.__context__
    while cause is not None and not isinstance(cause, ssl.SSLError):
        cause = cause.__cause__ or cause.__context__
    if late or isinstance(failed, httpx.TimeoutException):
        return ProviderFailed("time", detail)
    if cause is not None:
        return ProviderFailed("certificate", detail)
    return ProviderFailed("large" if isinstance(failed, ValueError) else "connection", detail)


def _read(answer: httpx.Response) -> bytes:
    content = b""
    if answer.headers.get("Content-Encoding", "identity") != "identity":
        raise ValueError("packed, though it was asked not to")  # a small packet can hold very much
    for part in answer.iter_raw():
        content += part
        if len(content) > LARGEST:
            raise ValueError("too much")
    return content


def check_address(address: str) -> httpx.URL:
    """Return an address; raises ProviderFailed for one without a host or, in production, encryption."""
    try:
        found = httpx.URL(address)
    except (httpx.InvalidURL, ValueError):
        raise ProviderFailed("address") from None
    if not found.host or found.scheme not in ("https", "http"):
        raise ProviderFailed("address")
    if found.scheme != "https" and _is_production():
        raise ProviderFailed("https")
    return found


def _is_production() -> bool:
    return runtime_settings().environment == "production"


def _address_of(host: str, port: int) -> str:
    """Return the address to ask; raises ProviderFailed where one of the name's is of a machine inside."""
    try:
        found = _looked_up(host, port).result(NAME_SECONDS)
    except TimeoutError:
        raise ProviderFailed("time", host) from None
    except (OSError, UnicodeError):
        raise ProviderFailed("name", host) from None
    if _is_production() and not all(_is_public(one) for one in found):
        raise ProviderFailed("inside", host)
    return found[0]


def _looked_up(host: str, port: int) -> Future[list[str]]:
    """Look a name up in a thread of its own, which nobody waits for longer than they want."""
    if not _names.acquire(timeout=PATIENCE):
        raise ProviderFailed("time", host)
    told: Future[list[str]] = Future()

    def look() -> None:
        try:
            told.set_result([str(one[4][0]) for one in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)])
        except Exception as failed:
            told.set_exception(failed)
        finally:
            _names.release()

    Thread(target=look, name="name", daemon=True).start()
    return told


def _is_public(address: str) -> bool:
    found = ipaddress.ip_address(address.partition("%")[0])
    return (getattr(found, "ipv4_mapped", None) or found).is_global
