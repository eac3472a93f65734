"""How long a browser stays signed in."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from saas_crm.access.sessions import LIFETIME, LONGEST, SEEN_EVERY, session_user, start_session
from saas_crm.access.shared_models import UserSession
from saas_crm.access.tokens import token_hash
from saas_crm.core.clock import now
from tenants.db import SHARED, db
from tests.support.cast import Cast


@pytest.mark.parametrize(("age", "expected"), [
    (timedelta(days=1), LIFETIME),
    (timedelta(days=70), LONGEST - timedelta(days=70)),
])  # fmt: skip
def test_a_visit_prolongs_a_session_up_to_the_longest(
    app: Flask, cast: Cast, age: timedelta, expected: timedelta
) -> None:
    with app.app_context():
        token, moment = start_session(cast["rep"].user_id, user_agent="", address=""), now()
        this = UserSession.token_hash == token_hash(token)
        with db.engines[SHARED].begin() as connection:
            seen = moment - SEEN_EVERY - timedelta(seconds=1)
            connection.execute(update(UserSession).where(this).values(created_at=moment - age, last_seen_at=seen))
        assert session_user(token) is not None
        with db.engines[SHARED].begin() as connection:
            left = connection.scalar(select(UserSession.expires_at).where(this)) - moment
        assert abs(left - expected) < timedelta(minutes=1)


def test_an_expired_session_is_nobodys(app: Flask, cast: Cast) -> None:
    with app.app_context():
        token = start_session(cast["rep"].user_id, user_agent="", address="")
        with db.engines[SHARED].begin() as connection:
            gone = update(UserSession).where(UserSession.token_hash == token_hash(token))
            connection.execute(gone.values(expires_at=now() - timedelta(seconds=1)))
        assert session_user(token) is None
