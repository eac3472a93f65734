"""The mails the product has sent, to be read in the browser: where mails go to a folder, as in the demo."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from urllib.parse import urlsplit

from flask import Blueprint, abort, render_template

from saas_crm.edge.current import settings
from saas_crm.edge.declared import public

bp = Blueprint("dev_mail", __name__)
MOST = 200
_ADDRESS = re.compile(r"https?://[^\s<>\"]+")


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail as the page shows it."""

    stamp: int
    to: str
    subject: str
    sent_at: datetime
    text: str = ""

    @property
    def links(self) -> list[str]:
        """The addresses in the text, each once."""
        return list(dict.fromkeys(_ADDRESS.findall(self.text)))


@bp.get("/dev/mail")
@public("outside")
def index() -> str:
    """List the newest mails."""
    found = sorted((path for path in _folder().glob("*.eml") if path.stem.isdigit()), reverse=True)
    return render_template("dev/mail.html", letters=[_read(path) for path in found[:MOST]])


@bp.get("/dev/mail/<int:stamp>")
@public("outside")
def show(stamp: int) -> str:
    """Show the plain text of one mail and its links; its HTML says the same and is not run here."""
    path = _folder() / f"{stamp}.eml"
    if not path.is_file():
        abort(404)
    return render_template("dev/letter.html", letter=_read(path))


def _folder() -> Path:
    return Path(urlsplit(settings().mail_url or "").path)


def _read(path: Path) -> Letter:
    mail = message_from_bytes(path.read_bytes(), policy=default)
    assert isinstance(mail, EmailMessage)
    body = mail.get_body(preferencelist=("plain",))
    return Letter(
        stamp=int(path.stem), to=str(mail["To"]), subject=str(mail["Subject"]),
        sent_at=datetime.fromtimestamp(int(path.stem) / 1e9, UTC), text=body.get_content() if body else "",
    )  # fmt: skip
