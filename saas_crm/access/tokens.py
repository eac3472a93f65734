"""Opaque tokens: random, shown once, kept only as a hash."""

from __future__ import annotations

import hashlib
import secrets


def new_token(prefix: str = "") -> str:
    """Return a token with 256 random bits, URL-safe."""
    return prefix + secrets.token_urlsafe(32)


def token_hash(token: str) -> bytes:
    """Return the SHA-256 digest we keep; enough for tokens with 256 random bits."""
    return hashlib.sha256(token.encode()).digest()
