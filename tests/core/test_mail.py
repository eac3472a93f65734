"""Mail over a real SMTP server: it leaves with the change, is tried again, and nobody forges its headers."""

from __future__ import annotations

import smtplib
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask import Flask

from saas_crm.core.jobs import defer, registry
from saas_crm.core.mail import Letter, deliver, message, send
from saas_crm.worker import execute
from tenants.db import db, tenant_scope
from tests.support.cast import Cast
from tests.support.installation import Installation
from tests.support.mailbox import queued, work_off
from tests.support.smtp import SmtpServer

LETTER = Letter(
    "wang@huaxia.example", "确认您的邮箱", ["您好 <b>王小明</b>,", "Please confirm & go on."],
    button=("Confirm", "https://crm.example/verify/abc?x=1&y=2"), footer="Ende",
)  # fmt: skip


def built(letter: Letter = LETTER, sender: str = "CRM <no-reply@crm.example>") -> EmailMessage:
    return message(sender=sender, to=letter.to, subject=letter.subject, text=letter.text(), html=letter.html())


def content(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content())


def test_a_letter_arrives_as_it_was_written(smtp: SmtpServer) -> None:
    deliver(built(), smtp.url)
    [mail] = smtp.mails
    assert smtp.envelopes == [("no-reply@crm.example", ["wang@huaxia.example"])]
    assert mail["Subject"] == "确认您的邮箱"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Message-ID"]
    assert mail["Date"]
    assert "您好 <b>王小明</b>" in content(mail, "plain")
    assert "https://crm.example/verify/abc?x=1&y=2" in content(mail, "plain")
    html = content(mail, "html")
    assert "您好 &lt;b&gt;王小明&lt;/b&gt;" in html
    assert 'href="https://crm.example/verify/abc?x=1&amp;y=2"' in html


@pytest.mark.parametrize("name", ["Ann\r\nBcc: all@x.example", "Ann\nSubject: forged", "Ann\x00"])
def test_no_header_is_forged_by_what_people_typed(name: str, smtp: SmtpServer) -> None:
    deliver(built(Letter("ann@x.example", f"{name} invites you", [name])), smtp.url)
    [mail] = smtp.mails
    assert mail["Bcc"] is None
    assert mail.get_all("Subject") == [" ".join(f"{name} invites you".split())]
    with pytest.raises(ValueError, match=r".+"):
        built(Letter("ann@x.example\r\nBcc: all@x.example", "x", ["x"]))


def test_a_queued_letter_is_sent_by_the_worker(
    app_with: Callable[..., Flask], cast: Cast, installation: Installation, smtp: SmtpServer
) -> None:
    app = app_with(mail_url=smtp.url)
    with app.app_context(), tenant_scope(cast.tenants["acme"]):
        send(db.session(), LETTER)
        db.session.commit()
    assert smtp.mails == []
    [(name, args)] = queued(installation)
    execute(app, registry[name], args)
    assert [mail["To"] for mail in smtp.mails] == ["wang@huaxia.example"]


def test_a_server_that_refuses_or_is_away_makes_the_job_fail_so_that_it_is_tried_again(
    app_with: Callable[..., Flask], smtp: SmtpServer
) -> None:
    args = {"to": "a@x.example", "subject": "s", "text": "t", "html": "h"}
    app, away = app_with(mail_url=smtp.url), app_with(mail_url="smtp://127.0.0.1:1")
    smtp.refusing = 1
    with pytest.raises(smtplib.SMTPException):
        execute(app, registry["mail.send"], dict(args))
    with pytest.raises(OSError, match=r".+"):
        execute(away, registry["mail.send"], dict(args))
    execute(app, registry["mail.send"], dict(args))
    assert len(smtp.mails) == 1
    assert registry["mail.send"].retries >= 5


def test_without_a_server_letters_are_dropped_and_work_goes_on(
    app_with: Callable[..., Flask], cast: Cast, installation: Installation, capsys: pytest.CaptureFixture[str]
) -> None:
    """The real worker: the letter is gone, said once in the log and without its words, and the next job is done."""
    silent = app_with(mail_url=None)
    folder = Path(urlsplit(installation.settings.mail_url or "").path)
    before = set(folder.glob("*.eml"))
    with silent.app_context(), tenant_scope(cast.tenants["acme"]):
        send(db.session(), LETTER)
        defer(db.session(), "idempotency.forget")
        db.session.commit()
    ours = ["mail.send", "idempotency.forget"]
    assert [name for name, _ in queued(installation)] == ours
    work_off(silent, installation.settings)
    # The worker brings jobs of its own, those of the clock.
    assert not {name for name, _ in queued(installation)}.intersection(ours), "neither waits to be tried again"
    with installation.place.owner() as connection:
        assert connection.execute(
            "SELECT count(*) FROM jobs.procrastinate_jobs WHERE status = 'failed'"
        ).fetchone() == (0,)
    said = capsys.readouterr()
    lines = [line for line in (said.out + said.err).splitlines() if "a letter was dropped" in line]
    assert len(lines) == 1
    assert LETTER.to not in lines[0]
    assert set(folder.glob("*.eml")) == before
