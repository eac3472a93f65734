"""What a certificate keeps instead of a person's name and addresses: hashes that tell nothing by themselves."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable

from saas_crm.core.folding import fold

_COST = {"n": 2**13, "r": 8, "p": 1, "dklen": 16}
"""Dear enough that nobody tries all phone numbers there are: some 20 ms each."""
MOST = 8
"""What a person is known by, at most."""


def new_salt() -> bytes:
    """Return the salt of one certificate."""
    return secrets.token_bytes(16)


def fingerprint(identifier: str, salt: bytes) -> str:
    """Return the hash of a name, an address or a number, however it is written."""
    return hashlib.scrypt(_plain(identifier).encode(), salt=salt, **_COST).hex()


def fingerprints(identifiers: Iterable[str], salt: bytes) -> list[str]:
    """Return the hashes of what a person is known by, in no telling order."""
    return sorted(fingerprint(one, salt) for one in list(identifiers)[:MOST])


def is_known(identifier: str, salt: bytes, kept: Iterable[str]) -> bool:
    """Whether a name, an address or a number is one of those that were hashed."""
    found = fingerprint(identifier, salt)
    return any(hmac.compare_digest(found, one) for one in kept)


def _plain(identifier: str) -> str:
    number = re.sub(r"[\s()./-]", "", identifier)
    return number if re.fullmatch(r"\+?\d{4,}", number) else fold(identifier)
