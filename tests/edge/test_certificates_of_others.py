"""Others whose certificate nobody vouches for are not spoken to: mail servers and identity providers."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from flask import Flask

from saas_crm.access.sso.talking import ProviderFailed, discover
from saas_crm.core import mail


@pytest.fixture(scope="module")
def impostor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, list[str]]]:
    """A server that calls itself localhost by a certificate of its own making; its port, and what it was told."""
    folder: Path = tmp_path_factory.mktemp("impostor")
    key, name = (
        ec.generate_private_key(ec.SECP256R1()),
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")]),
    )
    moment = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(moment - timedelta(days=1)).not_valid_after(moment + timedelta(days=1))
    names = x509.SubjectAlternativeName([x509.DNSName("localhost")])
    made = builder.add_extension(names, critical=False).sign(key, SHA256())
    file = folder / "both.pem"
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(secret + made.public_bytes(Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    told: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=_serve, args=(listening, context, told), daemon=True)
        thread.start()
        yield listening.getsockname()[1], told
        listening.shutdown(socket.SHUT_RDWR)
        thread.join(10)


def _serve(listening: socket.socket, context: ssl.SSLContext, told: list[str]) -> None:
    while True:
        try:
            connection, _address = listening.accept()
        except OSError:
            return
        try:
            with context.wrap_socket(connection, server_side=True) as safe:
                told.append(safe.recv(1000).decode("latin-1"))
        except OSError as refused:
            told.append(type(refused).__name__)


def test_an_identity_provider(impostor: tuple[int, list[str]], app: Flask) -> None:
    port, told = impostor
    with app.app_context(), pytest.raises(ProviderFailed, match="ConnectError"):
        discover(f"https://localhost:{port}")
    assert not [text for text in told if "HTTP" in text], "not a word was said"


def test_a_mail_server(impostor: tuple[int, list[str]]) -> None:
    port, told = impostor
    with pytest.raises(ssl.SSLCertVerificationError):
        mail.deliver(mail.message(sender="a@x.example", to="b@x.example", subject="x", text="x", html="x"),
                     f"smtps://user:password@localhost:{port}")  # fmt: skip
    assert not [text for text in told if "password" in text or "EHLO" in text.upper()]
