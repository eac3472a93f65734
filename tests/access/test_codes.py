"""What a typed code is taken for, and how secrets are kept."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from flask import Flask
from pydantic import SecretStr
from pyotp import TOTP

from saas_crm.access.factors.rules import (
    looks_like_app_code,
    matching_step,
    plain_code,
    plain_recovery_code,
    spelt_recovery_code,
)
from saas_crm.access.factors.sealing import Unreadable, digest, digests, seal, unseal

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
