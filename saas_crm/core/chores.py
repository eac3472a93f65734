"""Jobs of the foundation: sending mail, forgetting old answers."""

from __future__ import annotations

import smtplib
from datetime import timedelta

import structlog
from sqlalchemy import delete

from saas_crm.core import mail
from saas_crm.core.clock import now
from saas_crm.core.idempotency import IdempotencyKey
from saas_crm.core.jobs import job
from tenants.db import db
from tenants.runtime import runtime_settings

log = structlog.get_logger("jobs")
KEYS_LIVE = timedelta(hours=24)


@job("mail.send", retries=8, reads_only=True)
def send_mail(to: str, subject: str, text: str, html: str) -> None:
    """Hand one letter to the mail server; tried again with growing pauses while it does not answer."""
    settings = runtime_settings()
    if settings.mail_url is None:
        log.warning("no mail server is set; a letter was dropped")
        return
    letter = mail.message(sender=settings.mail_from, to=to, subject=subject, text=text, html=html)
    try:
        mail.deliver(letter, settings.mail_url)
    except smtplib.SMTPRecipientsRefused as refused:  # its text has the address in it, and goes to the log
        codes = sorted({code for code, _why in refused.recipients.values()})
        raise OSError(f"the mail server refused the recipient: {codes}") from None


@job("idempotency.forget")
def forget_old_answers() -> None:
    """Forget this tenant's answers of more than 24 hours ago."""
    db.session.execute(delete(IdempotencyKey).where(IdempotencyKey.created_at < now() - KEYS_LIVE))
