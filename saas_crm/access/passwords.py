"""Passwords: Argon2id, and the same work whether an account exists or not."""

from __future__ import annotations

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

# OWASP Password Storage Cheat Sheet: Argon2id with 19 MiB, two passes, one lane. More memory per check
# would let a burst of sign-ins push a web worker past its limit.
_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
MINIMUM = 10
MAXIMUM = 1_000


def hash_password(password: str) -> str:
    """Return the Argon2id hash of a password, salt and parameters included."""
    return _hasher.hash(password)


def password_matches(stored: str | None, password: str) -> bool:
    """Whether the password fits; for an unknown account (None) it costs the same and is False."""
    decoy = _nobodys()  # asked for either way, or the first unknown account would take twice the time
    try:
        return _hasher.verify(stored or decoy, password) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobodys() -> str:
    return _hasher.hash("nobody has this password")


def needs_rehash(stored: str) -> bool:
    """Whether the hash was made with weaker parameters than today's."""
    return _hasher.check_needs_rehash(stored)


COMMON = frozenset(
    """
    1234567890 12345678910 0123456789 9876543210 0987654321 123456789a a123456789 1q2w3e4r5t 1qaz2wsx3edc
    qwertyuiop qwerty12345 asdfghjkl1 abcdefghij abcd123456 abc1234567 password12 password123 password1234
    passwordpassword passw0rd123 iloveyou123 iloveyou12 woaini1314 woaini5201314 5201314520 administrator
    welcome123 changeme123 letmein123 football123 demo-demo-demo
    """.split()  # noqa: SIM905 - a list of words reads better in lines
)
"""What attackers try first, at least ten characters long; the demo's password is public, so it is one of them."""


def weakness(password: str, *, email: str = "", name: str = "") -> str | None:
    """Return why a password will not do: "short", "long", "common", "personal", or None.

    Length, a block list and context words are what NIST SP 800-63B-4 asks for; no composition rules.
    """
    lowered = password.casefold()
    personal = {part for part in (email.casefold(), email.casefold().partition("@")[0], name.casefold()) if part}
    if len(password) < MINIMUM:
        return "short"
    if len(password) > MAXIMUM:
        return "long"
    if lowered in COMMON or len(set(lowered)) <= 2:
        return "common"
    return "personal" if lowered in personal else None
