"""What a typed code is taken for, and how secrets are kept."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from flask import Flask
from pydantic import SecretStr
from pyotp import TOTP
from sqlalchemy import select

from saas_crm.access.factors.models import AuthenticatorApp
from saas_crm.access.factors.rules import (
    looks_like_app_code,
    matching_step,
    plain_code,
    plain_recovery_code,
    spelt_recovery_code,
)
from saas_crm.access.factors.sealing import Unreadable, digest, digests, seal, unseal
from saas_crm.access.models import IdentityProvider
from saas_crm.cli.sealing import Resealed, reseal_all
from tenants.db import SHARED, db, tenant_scope
from tests.support.cast import Cast
from tests.support.second_factor import with_app

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
MOMENT = datetime(2026, 11, 22, 12, 0, 10, tzinfo=UTC)
STEP = int(MOMENT.timestamp()) // 30
OTHER_KEY = SecretStr("another secret key, which is long enough to sign")


@pytest.mark.parametrize(("off", "taken"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_clocks_may_differ_by_half_a_minute(off: int, taken: bool) -> None:
    found = matching_step(SECRET, TOTP(SECRET).generate_otp(STEP + off), MOMENT, after=0)
    assert found == (STEP + off if taken else None)


def test_no_step_is_taken_twice_nor_one_before() -> None:
    codes = {off: TOTP(SECRET).generate_otp(STEP + off) for off in (-1, 0, 1)}
    assert [matching_step(SECRET, code, MOMENT, after=STEP) for code in codes.values()] == [None, None, STEP + 1]


def test_codes_are_read_as_people_type_them() -> None:
    assert plain_code(" １２３ 456\n") == "123456"
    assert looks_like_app_code("123 456")
    assert not looks_like_app_code("12345")
    assert not looks_like_app_code("7K2M-09QX-ABCD")
    assert plain_recovery_code(" 7k2m o9qx-abcl ") == "7K2M09QXABC1"


def test_recovery_codes_are_easy_to_read() -> None:
    found = spelt_recovery_code(bytes(range(12)))
    assert found == "0123-4567-89AB"
    assert not set("ILOU") & set(spelt_recovery_code(bytes(range(256))))


def test_what_is_stored_tells_nothing(app: Flask) -> None:
    with app.app_context():
        sealed = seal(SECRET)
        assert SECRET.encode() not in sealed
        assert unseal(sealed) == SECRET
        assert seal(SECRET) != sealed


def test_the_secret_key_can_be_changed_while_the_former_is_named(app: Flask, app_with: Callable[..., Flask]) -> None:
    with app.app_context():
        sealed, kept = seal(SECRET), digest("7K2M09QXABCD")
    former = SecretStr(app.config["SECRET_KEY"])
    with app_with(secret_key=OTHER_KEY, secret_key_former=former).app_context():
        assert unseal(sealed) == SECRET
        assert kept in digests("7K2M09QXABCD")
        assert digest("7K2M09QXABCD") != kept
    with app_with(secret_key=OTHER_KEY).app_context(), pytest.raises(Unreadable):
        unseal(sealed)


def test_a_changed_secret_is_not_opened(app: Flask) -> None:
    """One letter anywhere, or a piece off: it is refused, and never opened to something else."""
    with app.app_context():
        sealed = seal(SECRET)
        changed = [sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :] for at in range(0, len(sealed) - 2, 3)]
        for one in [*changed, sealed[:-4], sealed[4:], b"", b"x", SECRET.encode()]:
            with pytest.raises(Unreadable):
                unseal(one)


def test_what_the_former_key_sealed_is_sealed_anew(app: Flask, cast: Cast, app_with: Callable[..., Flask]) -> None:
    phone = with_app(app, cast["rep"])
    with app.app_context(), tenant_scope(cast.tenants["acme"]):
        db.session.add(IdentityProvider(
            issuer="https://id.example", client_id="x", client_secret=seal("of both"), enabled=False, mandatory=False,
            domains=[],
        ))  # fmt: skip
        db.session.commit()
    former = SecretStr(app.config["SECRET_KEY"])
    with app_with(secret_key=OTHER_KEY).app_context():
        assert reseal_all() == Resealed(done=0, lost=2), "without the former key nothing is opened, nor overwritten"
    with app_with(secret_key=OTHER_KEY, secret_key_former=former).app_context():
        assert reseal_all() == Resealed(done=2, lost=0)
    with app_with(secret_key=OTHER_KEY).app_context():
        assert reseal_all() == Resealed(done=2, lost=0), "by the key of today alone"
        with db.engines[SHARED].connect() as connection:
            mine = AuthenticatorApp.user_id == cast["rep"].user_id
            assert unseal(connection.scalars(select(AuthenticatorApp.secret).where(mine)).one()) == phone.secret
        with tenant_scope(cast.tenants["acme"]):
            kept = db.session.scalars(select(IdentityProvider)).one()
            assert unseal(kept.client_secret) == "of both"
            assert kept.version == 1, "nobody decided anything"
    with app.app_context(), tenant_scope(cast.tenants["acme"]):
        sealed = db.session.scalars(select(IdentityProvider.client_secret)).one()
        with pytest.raises(Unreadable):
            unseal(sealed)
