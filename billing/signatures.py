"""Whether Stripe has signed what came, and lately: over the bytes as they came, before anything in them is read.

https://docs.stripe.com/webhooks#verify-manually: the header is `t=<seconds>,v1=<hex>[,v1=…]`, each a HMAC-SHA-256 over
"<seconds>.<body>". While a secret is being changed Stripe signs by both, and we know both.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256

from billing.errors import BadSignature, TooOld

TOLERANCE_SECONDS = 300
MOST_SIGNATURES = 8


def check_signature(raw: bytes, header: str, secrets: Sequence[str], at: datetime) -> None:
    """Check that one of the secrets has signed these bytes within the last five minutes.

    Signatures are compared first: of what nobody signed the time says nothing. Raises BadSignature and TooOld.
    """
    signed_at, signatures = _parts(header)
    expected = [_sign(raw, signed_at, secret) for secret in secrets]
    if not any(hmac.compare_digest(one, other) for one in signatures for other in expected):
        raise BadSignature("no signature of ours")
    if abs(at.timestamp() - int(signed_at)) > TOLERANCE_SECONDS:
        raise TooOld(f"signed at {signed_at}")


def _parts(header: str) -> tuple[str, list[bytes]]:
    pairs = [part.strip().partition("=") for part in header.split(",")]
    times = [value for name, _sign_, value in pairs if name == "t"]
    signatures = [value.encode() for name, _sign_, value in pairs if name == "v1"][:MOST_SIGNATURES]
    if len(times) != 1 or not (times[0].isascii() and times[0].isdigit() and len(times[0]) < 12) or not signatures:
        raise BadSignature("no signature")
    return times[0], signatures


def _sign(raw: bytes, signed_at: str, secret: str) -> bytes:
    return hmac.new(secret.encode(), signed_at.encode() + b"." + raw, sha256).hexdigest().encode()
