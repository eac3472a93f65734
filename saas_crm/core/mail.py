"""Mail: a letter in text and HTML, sent by a job over SMTP, or kept in a folder in the demo."""

from __future__ import annotations

import smtplib
import ssl
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import psycopg
from markupsafe import Markup, escape
from sqlalchemy import Connection
from sqlalchemy.orm import Session

from saas_crm.core.jobs import defer

TIMEOUT_SECONDS = 20


@dataclass(frozen=True, slots=True)
class Letter:
    """What we write to one person: plain words, at most one button."""

    to: str
    subject: str
    paragraphs: Sequence[str]
    button: tuple[str, str] | None = None
    footer: str = ""

    def text(self) -> str:
        """Return the letter as plain text."""
        parts = list(self.paragraphs)
        if self.button:
            parts.append(f"{self.button[0]}:\n{self.button[1]}")
        if self.footer:
            parts.append(f"-- \n{self.footer}")
        return "\n\n".join(parts) + "\n"

    def html(self) -> str:
        """Return the letter as HTML; everything in it is escaped."""
        body = Markup("").join(Markup("<p>{}</p>").format(p) for p in self.paragraphs)
        if self.button:
            body += BUTTON.format(label=self.button[0], url=self.button[1])
        return str(PAGE.format(subject=escape(self.subject), body=body, footer=self.footer))


PAGE = Markup(
    '<!doctype html><html><head><meta charset="utf-8"><title>{subject}</title></head>'
    '<body style="font:16px/1.5 system-ui,sans-serif;color:#1d2433;max-width:34rem;margin:2rem auto;padding:0 1rem">'
    '{body}<p style="color:#5b6475;font-size:14px">{footer}</p></body></html>'
)
BUTTON = Markup(
    '<p style="margin:1.5rem 0"><a href="{url}" style="background:#2f5bd7;color:#fff;padding:.75rem 1.25rem;'
    'border-radius:.5rem;text-decoration:none">{label}</a></p><p style="font-size:14px">{url}</p>'
)


def send(where: Session | Connection | psycopg.Connection[Any], letter: Letter) -> None:
    """Queue a letter in this transaction: it leaves only if the change that caused it was saved."""
    defer(
        where,
        "mail.send",
        to=letter.to,
        subject=letter.subject,
        text=letter.text(),
        html=letter.html(),
    )


def message(*, sender: str, to: str, subject: str, text: str, html: str) -> EmailMessage:
    """Build the MIME message; raises ValueError where a header would be forged by a line break."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, to, " ".join(subject.split())
    mail["Date"], mail["Message-ID"] = formatdate(localtime=False), make_msgid(domain="crm.invalid")
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(text)
    mail.add_alternative(html, subtype="html")
    return mail


def deliver(mail: EmailMessage, mail_url: str) -> None:
    """Hand a message to the server or folder `mail_url` names; raises OSError or smtplib.SMTPException."""
    parts = urlsplit(mail_url)
    if parts.scheme == "file":
        folder = Path(unquote(parts.path))
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{time.time_ns()}.eml").write_bytes(mail.as_bytes())
        return
    with signed_in(mail_url) as server:
        server.send_message(mail)


@contextmanager
def signed_in(mail_url: str) -> Iterator[smtplib.SMTP]:
    """Yield a connection to the mail server, signed in; raises OSError or smtplib.SMTPException.

    Where TLS is asked for, the server's certificate is checked: a password goes to nobody else.
    """
    parts = urlsplit(mail_url)
    host, trusted = parts.hostname or "localhost", ssl.create_default_context()
    if parts.scheme == "smtps":
        server: smtplib.SMTP = smtplib.SMTP_SSL(host, parts.port or 465, timeout=TIMEOUT_SECONDS, context=trusted)
    else:
        server = smtplib.SMTP(host, parts.port or 587, timeout=TIMEOUT_SECONDS)
    with server:
        if parse_qs(parts.query).get("tls") == ["starttls"]:
            server.starttls(context=trusted)
        if parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
        yield server
