"""All pages of one person; importing a module hangs its pages on the blueprint."""

from __future__ import annotations

from web.account import (
    browsers,
    email_address,
    invitation,
    passkey_sign_in,
    passkeys,
    password,
    photo,
    profile,
    proof,
    recovery,
    second_step,
    setup,
    sign_in,
    sign_ins,
    sso,
    strength,
    two_factor,
)
from web.account.blueprint import bp

__all__ = [
    "bp", "browsers", "email_address", "invitation", "passkey_sign_in", "passkeys", "password", "photo", "profile",
    "proof", "recovery", "second_step", "setup", "sign_in", "sign_ins", "sso", "strength", "two_factor",
]  # fmt: skip
