"""A real SMTP server that keeps what it is given."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from typing import Any, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from tests.support.server import free_port


class SmtpServer:
    """Takes mails; `refusing` makes it answer 451 to that many first. Who gives a login gives `password` or goes."""

    password = "the right one"

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.envelopes: list[tuple[str, list[str]]] = []
        self.refusing = 0
        self.url = ""

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        """Take one mail."""
        if self.refusing > 0:
            self.refusing -= 1
            return "451 Try again later"
        self.envelopes.append((envelope.mail_from, list(envelope.rcpt_tos)))
        self.mails.append(cast(EmailMessage, BytesParser(policy=policy.default).parsebytes(envelope.content)))
        return "250 Taken"

    def check_login(self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, given: Any) -> AuthResult:
        """Take a login whose password is right."""
        is_right = isinstance(given, LoginPassword) and given.password == self.password.encode()
        return AuthResult(success=is_right, handled=False)


@contextmanager
def smtp_server() -> Iterator[SmtpServer]:
    """Run a server on the loopback address until the block ends."""
    server = SmtpServer()
    controller = Controller(
        server, hostname="127.0.0.1", port=free_port(), authenticator=server.check_login, auth_require_tls=False
    )
    controller.start()
    server.url = f"smtp://127.0.0.1:{controller.port}"
    try:
        yield server
    finally:
        controller.stop()
