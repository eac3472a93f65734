"""Requests that no browser of a decent person sends: a clear answer, never a 500, never a hang."""

from __future__ import annotations

import http.client
import io
import socket
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.support.clients import Browser, Phone
from tests.support.server import LiveServer

TEN_MEGABYTES = 10 * 1024 * 1024


@pytest.mark.parametrize("who", ["rep", None])
def test_a_form_that_is_too_large(who: str | None, client_for: Callable[..., Browser]) -> None:
    path = "/acme/companies" if who else "/signin"
    browser = client_for(who)
    answer = browser.post(path, data={"name": "x" * TEN_MEGABYTES})
    assert answer.status_code == 413
    assert "<html" in answer.text
    answer = browser.post(path, data={"file": (io.BytesIO(b"x" * TEN_MEGABYTES), "big.bin")})
    assert answer.status_code == 413


def test_a_body_of_the_api_that_is_too_large(api_for: Callable[..., Phone]) -> None:
    answer = api_for("rep").post("/companies", json={"name": "x" * TEN_MEGABYTES})
    assert answer.status_code == 413
    assert answer.content_type == "application/problem+json"


def test_ten_megabytes_to_the_real_server(live_server: LiveServer) -> None:
    """The server answers although it does not read it all, and goes on serving."""
    host = urlsplit(live_server.url).netloc
    for headers in ({"Content-Length": str(TEN_MEGABYTES)}, {"Content-Length": str(10**12)}):
        connection = http.client.HTTPConnection(host, timeout=20)
        connection.putrequest("POST", "/signin")
        for name, value in {**headers, "Content-Type": "application/x-www-form-urlencoded"}.items():
            connection.putheader(name, value)
        connection.endheaders()
        try:
            for _ in range(160 if "000" not in headers["Content-Length"] else 1):
                connection.send(b"x" * 65_536)
        except (BrokenPipeError, ConnectionResetError):
            continue
        else:
            assert connection.getresponse().status == 413
        finally:
            connection.close()
    connection = http.client.HTTPConnection(host, timeout=20)
    connection.request("GET", "/healthz")
    assert connection.getresponse().status == 200
    connection.close()


@pytest.mark.parametrize(
    "path",
    [
        "/acme/companies/%00", "/%00", "/acme/%ff%fe", "/acme/companies?q=%00", "/acme/companies?q=%ff",
        "/acme/search?q=%00%01%02", "/acme/companies?after=%00", "/acme/companies?after=AAAA", "/acme//companies",
        "/acme/companies?sort=%27", "/acme/../etc/passwd", "/acme/%2e%2e/%2e%2e/etc/passwd", "/_assets/x/../../wsgi.py",
        "/_assets/x/%2e%2e/%2e%2e/wsgi.py", "/acme/companies/not-a-uuid", "/acme/deals?view=%F0%9F%98%80",
        "/acme/companies?" + "a=1&" * 3000, "/signin?next=//evil.example", "/" + "a" * 5000,
    ],
)  # fmt: skip
def test_odd_addresses(path: str, client_for: Callable[..., Browser]) -> None:
    for who in ("rep", None):
        answer = client_for(who).get(path)
        assert answer.status_code < 500, answer.text[-500:]
        assert "root:" not in answer.text


@pytest.mark.parametrize(
    "text", ["\x00", "a\x00b", "\ud83d", "\u202eevil", "a" * 10_000, "\x1b[31m", "\r\nSet-Cookie: x=1"]
)
def test_odd_texts_in_forms(text: str, client_for: Callable[..., Browser]) -> None:
    fields = ("name", "email", "phone", "website", "tags", "description", "country", "owner_id", "birthday", "version")
    body = b"&".join(f"{field}=".encode() + _quoted(text) for field in fields)
    for path in ("/acme/companies", "/acme/contacts", "/acme/deals", "/acme/activities", "/acme/log"):
        answer = client_for("rep").post(path, data=body, content_type="application/x-www-form-urlencoded")
        assert answer.status_code in (204, 303, 422), (path, answer.status_code)
        assert "x=1" not in str(answer.headers.getlist("Set-Cookie"))


def _quoted(text: str) -> bytes:
    from urllib.parse import quote_from_bytes

    return quote_from_bytes(text.encode("utf-8", "surrogatepass")).encode()


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", "application/json"), (b"{", "application/json"), (b"[]", "application/json"),
        (b"null", "application/json"),
        (b'"x"', "application/json"), (b"\xff\xfe", "application/json"), (b'{"name": "\\ud83d"}', "application/json"),
        (b'{"name": "a\\u0000b"}', "application/json"), (b'{"name": 1e999}', "application/json"),
        (b'{"name": NaN}', "application/json"), (b"[" * 50_000, "application/json"), (b"name=x", "text/plain"),
        (b'{"name": "x", "name": "y"}', "application/json"), (b"{}", "application/json; charset=utf-7"),
        (b"--x\r\n\r\n", "multipart/form-data; boundary=x"), (b"<x/>", "application/xml"),
    ],
)  # fmt: skip
def test_odd_bodies_of_the_api(body: bytes, content_type: str, api_for: Callable[..., Phone]) -> None:
    answer = api_for("rep").post("/companies", data=body, content_type=content_type)
    assert answer.status_code in (201, 400, 413, 415, 422), answer.status_code
    if answer.status_code != 201:
        assert answer.content_type == "application/problem+json"


@pytest.mark.parametrize(
    "token", ["", "Bearer", "Bearer ", "Basic cmVwOng=", "Bearer \x7f", "bearer x y z", "Bearer " + "x" * 5000]
)
def test_odd_tokens(token: str, api_for: Callable[..., Phone]) -> None:
    answer = api_for(None, slug="acme").get("/companies", headers={"Authorization": token})
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("cookie", ["", "x", "." * 50, "eyJ9.x.y", "%00", "é"])
def test_odd_cookies(cookie: str, client_for: Callable[..., Browser]) -> None:
    browser = client_for(None)
    answer = browser.get("/acme/companies", headers={"Cookie": f"session={cookie}; lang={cookie}"})
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/signin")


def test_a_cookie_somebody_else_signed_is_nobodys(
    app_with: Callable[..., Any], client_for: Callable[..., Browser]
) -> None:
    from pydantic import SecretStr

    forger = app_with(secret_key=SecretStr("quite another key, also long enough to sign"))
    forged = client_for("owner", of=forger).get_cookie("session")
    assert forged is not None
    browser = client_for(None)
    browser.set_cookie("session", forged.value)
    assert browser.get("/acme/companies").status_code == 302


@pytest.mark.parametrize(
    "request_line",
    [b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 20_000, b"GARBAGE", b"GET / HTTP/9.9\r\nHost: x",
     b"POST /signin HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked",
     b"GET /\x00 HTTP/1.1\r\nHost: x", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1"],
)  # fmt: skip
def test_odd_bytes_to_the_real_server(request_line: bytes, live_server: LiveServer) -> None:
    parts = urlsplit(live_server.url)
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=10) as connection:
        connection.sendall(request_line + b"\r\n\r\n")
        connection.shutdown(socket.SHUT_WR)
        answer = connection.recv(200)
    status = answer.split(b" ")[1:2]
    assert status != [b"500"]


@pytest.mark.parametrize("first", [
    b"Content-Length: 5\r\nTransfer-Encoding: chunked", b"Transfer-Encoding: chunked\r\nContent-Length: 5",
    b"Content-Length: 5\r\nContent-Length: 50", b"Transfer-Encoding: chunked, identity", b"Content-Length: +5",
    b"Transfer-Encoding: xchunked\r\nContent-Length: 5",
])  # fmt: skip
def test_no_message_hides_in_another(first: bytes, live_server: LiveServer) -> None:
    """Where two parts would differ about where a message ends, it is refused and the connection closed."""
    parts = urlsplit(live_server.url)
    hidden = b"0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=10) as connection:
        connection.sendall(b"POST /signin HTTP/1.1\r\nHost: x\r\n" + first + b"\r\n\r\n" + hidden)
        connection.shutdown(socket.SHUT_WR)
        said = b"".join(iter(lambda: connection.recv(4096), b""))
    assert said.count(b"HTTP/1.1 ") <= 1, "one message, one answer"
    assert b" 200 " not in said.partition(b"\r\n")[0]
