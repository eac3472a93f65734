"""The mail server: does it answer, and take our login."""

from __future__ import annotations

import os
import smtplib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from saas_crm.cli.checkup import Finding, bad, good, warning
from saas_crm.cli.failures import first_line
from saas_crm.core.mail import signed_in
from tenants.settings import Settings

_REMEDY = "Look at MAIL_URL: smtp://user:password@host:587?tls=starttls, or smtps://user:password@host:465."


def examine_mail(settings: Settings) -> Iterator[Finding]:
    """Yield whether mail can leave; nothing is sent."""
    if settings.mail_url is None:
        yield warning("mail", "MAIL_URL is not set: nobody can be invited or set a new password",
                      "Set it to smtp://user:password@host:587?tls=starttls.")  # fmt: skip
        return
    parts = urlsplit(settings.mail_url)
    if parts.scheme == "file":
        yield _folder(Path(unquote(parts.path)))
    else:
        yield _server(settings.mail_url)


def _folder(folder: Path) -> Finding:
    nearest = next(place for place in (folder, *folder.parents) if place.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK):
        return bad("mail", f"{folder} cannot be written to", "Let MAIL_URL name a folder of your own.")
    return good("mail", f"kept in {folder}, read at /dev/mail; nothing is sent")


def _server(url: str) -> Finding:
    parts = urlsplit(url)
    where = f"{parts.hostname}:{parts.port}" if parts.port else f"{parts.hostname}"
    try:
        with signed_in(url) as server:
            server.noop()
    except smtplib.SMTPAuthenticationError:
        return bad("mail", f"{where} refuses the login", _REMEDY)
    except smtplib.SMTPNotSupportedError as error:
        return bad("mail", f"{where} cannot do what MAIL_URL asks for: {first_line(error)}", _REMEDY)
    except (OSError, smtplib.SMTPException) as error:
        return bad("mail", f"{where} does not answer: {first_line(error)}", _REMEDY)
    return good("mail", f"{where} answers")
