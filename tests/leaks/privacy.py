"""What the privacy pages and operations are about: consents, certificates, and the register of processing."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import func, select

from saas_crm.core.clock import now
from saas_crm.privacy.models import Consent, Erasure, ProcessingActivity
from tenants.db import db, new_id
from tests.leaks.marks import text


def privacy_of(contact_id: UUID, number: int, member_id: UUID) -> dict[str, UUID]:
    """Let a contact have said something, and somebody else have been erased; return what addresses name of it."""
    said = Consent(
        contact_id=contact_id, channel="email", purpose="survey", state="given", at=now(), source="talk",
        note=text(number, "note"),
    )  # fmt: skip
    last = db.session.scalar(select(func.max(Erasure.number))) or 0
    erasure = Erasure(number=last + 1, contact_id=new_id(), member_id=member_id, reason="request", parts=[], salt=b"",
                      fingerprints=[])  # fmt: skip
    entry = ProcessingActivity(name=f"Processing {last + 1}")
    db.session.add_all([said, erasure, entry])
    db.session.flush()
    return {"erasure_id": erasure.id, "processing_id": entry.id}
