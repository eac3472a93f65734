"""What a passkey is asked to sign: random, kept in one browser's session, good for five minutes and for one answer.

The cookie that carries it can be kept and sent again, so what was answered is noted in the database besides.
"""

from __future__ import annotations

import hashlib
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import timedelta
from typing import Literal
from urllib.parse import urlsplit

from flask import request, session
from sqlalchemy.dialects.postgresql import insert

from saas_crm.access.factors.models import SpentChallenge
from saas_crm.access.factors.passkeys import Answer, PasskeyRefused, domain
from saas_crm.core.clock import now
from saas_crm.edge.current import settings
from tenants.db import SHARED, db

Purpose = Literal["sign-in", "second-step", "proof", "register"]
KEPT = "challenge-"
"""How the session cookie names what it keeps, before the purpose."""
LASTS = 300  # seconds


def new_challenge(purpose: Purpose) -> bytes:
    """Return a challenge for this browser; one that was asked before is worth nothing any more."""
    challenge = secrets.token_bytes(32)
    session[KEPT + purpose] = [urlsafe_b64encode(challenge).decode(), int(now().timestamp())]
    return challenge


def answered(purpose: Purpose, text: str) -> Answer:
    """Return what a device said with this browser's challenge, which is used up by it.

    Raises PasskeyRefused if there is none that counts.
    """
    return Answer(text, _taken(purpose), _origins())


def _taken(purpose: Purpose) -> bytes:
    kept = session.pop(KEPT + purpose, None)
    if not isinstance(kept, list) or len(kept) != 2:
        raise PasskeyRefused
    challenge = urlsafe_b64decode(str(kept[0]))
    if not 0 <= now().timestamp() - int(kept[1]) <= LASTS or not _spend(challenge):
        raise PasskeyRefused
    return challenge


def _spend(challenge: bytes) -> bool:
    spent = insert(SpentChallenge).values(
        digest=hashlib.sha256(challenge).digest(), expires_at=now() + timedelta(seconds=2 * LASTS)
    )
    with db.engines[SHARED].begin() as connection:
        kept = connection.execute(spent.on_conflict_do_nothing().returning(SpentChallenge.digest)).first()
    return kept is not None


def _origins() -> list[str]:
    # In production the one of BASE_URL; elsewhere any port of its host, as a demo may listen on.
    base = urlsplit(settings().base_url)
    found = [f"{base.scheme}://{base.netloc}"]
    if settings().environment != "production" and urlsplit(request.host_url).hostname == domain():
        found.append(request.host_url.rstrip("/"))
    return found
