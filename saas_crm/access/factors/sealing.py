"""Secrets at rest: sealed by keys made of the installation's secret key, so that a copy of the database tells nothing.

Two keys can open: `SECRET_KEY_FORMER` holds the one of before, so that `SECRET_KEY` can be changed.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from functools import cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from tenants.runtime import runtime_settings

SEAL, DIGEST = b"saas-crm two-factor secrets 1", b"saas-crm recovery codes 1"


class Unreadable(RuntimeError):
    """What is stored was sealed with a secret key this installation does not have."""


@cache
def _key(secret: str, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(secret.encode())


def _keys(purpose: bytes) -> list[bytes]:
    return [_key(secret, purpose) for secret in runtime_settings().secret_keys]


def _box() -> MultiFernet:
    return MultiFernet([Fernet(urlsafe_b64encode(key)) for key in _keys(SEAL)])


def seal(text: str) -> bytes:
    """Return a secret as it may be stored."""
    return _box().encrypt(text.encode())


def unseal(sealed: bytes) -> str:
    """Return a secret that was stored; raises Unreadable."""
    try:
        return _box().decrypt(sealed).decode()
    except InvalidToken:
        raise Unreadable("SECRET_KEY is not the one of before: put that into SECRET_KEY_FORMER") from None


def digest(code: str) -> bytes:
    """Return what is kept of a recovery code: without the installation's key nobody can try codes against it."""
    return digests(code)[0]


def digests(code: str) -> list[bytes]:
    """Return what may be kept of a code: under today's key, and under the one of before."""
    return [hmac.digest(key, code.encode(), "sha256") for key in _keys(DIGEST)]
