"""How a provider is asked: shortly, not too often, and with words for each failure."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from flask import Flask

from saas_crm.access.sso import asking, talking
from saas_crm.access.sso.words import failure_told
from tests.support.clients import Browser
from tests.support.identity_provider import IdentityProvider
from tests.web.pages import heading

ClientFor = Callable[..., Browser]
On = Callable[..., None]


@contextmanager
def slow_server(sends: bytes, every: float) -> Iterator[str]:
    """Run a server that sends what it says one byte after the other."""
    listening = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def serve() -> None:
        while not over.is_set():
            try:
                connection, _address = listening.accept()
            except OSError:
                return
            with connection:
                connection.recv(10_000)
                for byte in sends:
                    if over.wait(every):
                        return
                    try:
                        connection.sendall(bytes([byte]))
                    except OSError:
                        break

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        over.set()
        listening.shutdown(socket.SHUT_RDWR)  # closing alone does not wake who waits for the next to call
        listening.close()
        thread.join(5)


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n"


@pytest.mark.parametrize("sends", [HEAD * 9, HEAD + b" " * 900], ids=["head", "body"])
def test_an_answer_that_drips_is_not_waited_for(app: Flask, monkeypatch: pytest.MonkeyPatch, sends: bytes) -> None:
    """The limits of the client are for each read; of reads there are as many as the other side likes."""
    monkeypatch.setattr(asking, "SECONDS", 0.6)
    with app.app_context(), slow_server(sends, 0.05) as address:
        with pytest.raises(talking.ProviderFailed) as first:
            talking.discover(address)
        assert first.value.code == "time"
        monkeypatch.setattr(talking, "ask", lambda *_asked, **_how: pytest.fail("asked again at once"))
        with pytest.raises(talking.ProviderFailed):
            talking.discover(address)


@pytest.mark.parametrize(
    ("sent", "code"),
    [(b"HTTP/1.1 404 Gone\r\nContent-Length: 0\r\n\r\n", "status"), (b"nonsense\r\n\r\n", "connection"),
     (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", "json"),
     (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]", "json"),
     (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nxx", "large"),
     (b"HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n", "status")],
    ids=lambda part: part if isinstance(part, str) else "",
)  # fmt: skip
def test_each_failure_has_its_words(app: Flask, sent: bytes, code: str) -> None:
    with app.test_request_context(), slow_server(sent, 0) as address, pytest.raises(talking.ProviderFailed) as failed:
        talking.discover(address, anew=True)
    assert failed.value.code == code
    with app.test_request_context():
        assert failure_told(failed.value)


def test_a_name_that_nobody_answers_for_is_not_waited_for(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system's resolver may take half a minute, and few may wait for it at a time."""
    over, looked_up = threading.Event(), []

    def silent(*asked: object, **_how: object) -> list[object]:
        looked_up.append(asked)
        over.wait(30)
        return []

    monkeypatch.setattr(asking, "NAME_SECONDS", 0.1)
    monkeypatch.setattr(asking, "PATIENCE", 0.1)
    monkeypatch.setattr(socket, "getaddrinfo", silent)
    with app.app_context():
        for number in range(4):
            with pytest.raises(talking.ProviderFailed) as failed:
                talking.discover(f"http://silent{number}.example")
            assert failed.value.code == "time"
    assert len(looked_up) == 2
    over.set()


def test_asking_for_the_way_there_is_limited(client_for: ClientFor, provider: IdentityProvider, on: On) -> None:
    on()
    for _time in range(35):
        assert client_for(None).get("/acme/sso", headers={"Sec-Fetch-Site": "same-origin"}).status_code == 302
    provider.lies = {"redirect": f"{provider.issuer}/keys"}
    talking.forget_providers()
    found = [client_for(None).get("/acme/sso", headers={"Sec-Fetch-Site": "same-origin"}) for _time in range(34)]
    assert found[-1].status_code == 429
    assert int(found[-1].headers["Retry-After"]) >= 1
    assert heading(found[-1]) == "Single sign-on did not work"
