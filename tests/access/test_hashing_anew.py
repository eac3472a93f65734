"""A password that was hashed with weaker parameters is hashed as today when its person comes in."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from argon2 import PasswordHasher
from flask import Flask
from sqlalchemy import select, update

from saas_crm.access import passwords
from saas_crm.access.shared_models import User
from saas_crm.access.sign_in import authenticate, hash_anew
from tenants.db import SHARED, db
from tests.support.cast import PASSWORD, Cast

WEAK = PasswordHasher(time_cost=1, memory_cost=1_024, parallelism=1)


def stored(cast: Cast) -> str:
    with db.engines[SHARED].connect() as connection:
        return str(connection.scalar(select(User.password_hash).where(User.id == cast["rep"].user_id)))


def store(cast: Cast, hashed: str) -> None:
    with db.engines[SHARED].begin() as connection:
        connection.execute(update(User).where(User.id == cast["rep"].user_id).values(password_hash=hashed))


@pytest.fixture(autouse=True)
def in_app(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield


def test_who_comes_in_is_hashed_anew(cast: Cast) -> None:
    weak = WEAK.hash(PASSWORD)
    store(cast, weak)
    for _ in range(2):
        assert authenticate("rep@acme.example", PASSWORD, "192.0.2.8") == cast["rep"].user_id
        assert not passwords.needs_rehash(stored(cast))


def test_a_password_that_was_set_meanwhile_stays(cast: Cast) -> None:
    seen, since = WEAK.hash(PASSWORD), passwords.hash_password("another horse battery")
    store(cast, since)
    hash_anew(cast["rep"].user_id, PASSWORD, former=seen)
    assert stored(cast) == since
