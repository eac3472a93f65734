"""An authenticator app on somebody's phone, and their paper with recovery codes."""

from __future__ import annotations

import re
import secrets
import time
from dataclasses import dataclass
from uuid import UUID

from flask import Flask
from pyotp import TOTP
from sqlalchemy import insert, update
from werkzeug.test import TestResponse

from saas_crm.access.factors.models import AuthenticatorApp, RecoveryCode
from saas_crm.access.factors.rules import plain_recovery_code, spelt_recovery_code
from saas_crm.access.factors.sealing import digest, seal
from saas_crm.access.profile import spread_at_once
from saas_crm.core.clock import now
from tenants.db import SHARED, db
from tests.support.cast import Person

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@dataclass(frozen=True)
class AuthApp:
    """What somebody signs in with besides the password."""

    app: Flask
    user_id: UUID
    codes: list[str]
    secret: str = SECRET

    def code(self, steps: int = 0) -> str:
        """Return the code of now, or of some half minutes later or before."""
        return code_of(self.secret, steps)

    def fresh_code(self) -> str:
        """Return a code that is taken, as if no other had been used lately."""
        with self.app.app_context(), db.engines[SHARED].begin() as connection:
            mine = AuthenticatorApp.user_id == self.user_id
            connection.execute(update(AuthenticatorApp).where(mine).values(last_step=0))
        return self.code()


def code_of(secret: str, steps: int = 0) -> str:
    """Return the code an app with this secret shows now, or some half minutes later or before."""
    return TOTP(secret.replace(" ", "")).generate_otp(int(time.time()) // 30 + steps)


def with_app(app: Flask, person: Person) -> AuthApp:
    """Turn two-factor sign-in on for a person, as their profile page would."""
    codes = [spelt_recovery_code(secrets.token_bytes(12)) for _number in range(10)]
    with app.app_context(), db.engines[SHARED].begin() as connection:
        connection.execute(insert(AuthenticatorApp).values(
            user_id=person.user_id, secret=seal(SECRET), confirmed_at=now()
        ))  # fmt: skip
        rows = [{"user_id": person.user_id, "code_digest": digest(plain_recovery_code(code))} for code in codes]
        connection.execute(insert(RecoveryCode), rows)
    with app.app_context():
        spread_at_once(person.user_id)
    return AuthApp(app, person.user_id, codes)


def codes_in(page: TestResponse) -> list[str]:
    """Return the recovery codes a page shows."""
    return re.findall(r"<li>([0-9A-Z-]{14})</li>", page.text)
