"""Limits on guessing, and what a password must be."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from saas_crm.access import passwords
from saas_crm.access.rules import Patience, counted, wait_after
from saas_crm.access.throttle import (
    TooManyAttempts,
    check,
    count_failure,
    forgive,
    network_of,
    throttle_key,
)

PATIENCE = Patience(free=3, first=2, longest=60)


@pytest.mark.parametrize(("failures", "seconds"), [(0, 0), (2, 0), (3, 2), (4, 4), (5, 8), (8, 60), (1_000_000, 60)])
def test_the_wait_doubles_up_to_the_longest(failures: int, seconds: int) -> None:
    assert wait_after(failures, PATIENCE) == timedelta(seconds=seconds)


def test_a_day_without_failures_forgets_them() -> None:
    at = datetime(2026, 11, 21, tzinfo=UTC)
    assert counted(7, at, at + timedelta(hours=23), PATIENCE) == 7
    assert counted(7, at, at + timedelta(hours=25), PATIENCE) == 0
    assert counted(7, None, at, PATIENCE) == 0


def test_failures_at_the_same_moment_all_count(app: Flask) -> None:
    """Also the first ones, when there is no row to lock yet."""
    start = threading.Barrier(4)

    def fail() -> None:
        with app.app_context():
            start.wait()
            count_failure("test:parallel", Patience(free=4, first=30, longest=30))

    threads = [threading.Thread(target=fail) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with app.app_context(), pytest.raises(TooManyAttempts) as waiting:
        check("test:parallel")
    assert 25 <= waiting.value.seconds <= 30


def test_forgiving_ends_the_wait(app: Flask) -> None:
    with app.app_context():
        for _ in range(3):
            count_failure("test:one", PATIENCE)
        with pytest.raises(TooManyAttempts):
            check("test:other", "test:one")
        check("test:other")
        forgive("test:one")
        check("test:one")


def test_keys_hold_no_personal_data() -> None:
    key = throttle_key("account", "Ann@x.example")
    assert key == throttle_key("account", "ann@X.example")
    assert "ann" not in key
    assert key != throttle_key("address", "ann@x.example")


@pytest.mark.parametrize(
    ("address", "network"),
    [("192.0.2.7", "192.0.2.7"), ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"), ("::ffff:192.0.2.7", "192.0.2.7"),
     ("", ""), ("unix:", "unix:")],
)  # fmt: skip
def test_an_ipv6_caller_is_their_network(address: str, network: str) -> None:
    assert network_of(address) == network


@pytest.mark.parametrize(
    ("password", "weak"),
    [("correct horse battery", None), ("密码密码密码密码密码abc", None), ("short", "short"), ("x" * 1001, "long"),
     ("QWERTYUIOP", "common"), ("ababababab", "common"), ("ann.lee@x.example", "personal"),
     ("demo-demo-demo", "common"),
     ("Ann Lee from X", "personal")],
)  # fmt: skip
def test_weak_passwords(password: str, weak: str | None) -> None:
    assert passwords.weakness(password, email="ann.lee@x.example", name="Ann Lee from X") == weak


def test_hashes_are_argon2id_and_salted() -> None:
    first, second = passwords.hash_password("correct horse"), passwords.hash_password("correct horse")
    assert first.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert first != second
    assert passwords.password_matches(first, "correct horse")
    assert not passwords.password_matches(first, "correct horses")
    assert not passwords.password_matches(None, "nobody has this password")
    assert not passwords.password_matches("broken", "x")
    assert not passwords.needs_rehash(first)
    assert passwords.needs_rehash(first.replace("m=19456", "m=1024"))
