"""Limits on guessing, and what a password must be."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from saas_crm.access import passwords, strength
from saas_crm.access.rules import Patience, counted, wait_after
from saas_crm.access.shared_models import Throttle
from saas_crm.access.sign_in import SignInRefused, authenticate
from saas_crm.access.throttle import TooManyAttempts, count, forgive, network_of, take_back, throttle_key
from tenants.db import SHARED, db
from tests.support.cast import PASSWORD, Cast

PATIENCE = Patience(free=3, first=2, longest=60)
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.mark.parametrize(("failures", "seconds"), [(0, 0), (2, 0), (3, 2), (4, 4), (5, 8), (8, 60), (1_000_000, 60)])
def test_the_wait_doubles_up_to_the_longest(failures: int, seconds: int) -> None:
    assert wait_after(failures, PATIENCE) == timedelta(seconds=seconds)


@pytest.mark.parametrize(("failures", "later", "left", "reckoned"), [
    (7, timedelta(0), 7, timedelta(0)),
    (7, timedelta(minutes=59), 7, timedelta(0)),
    (7, timedelta(minutes=150), 5, timedelta(hours=2)),
    (7, timedelta(hours=7), 0, timedelta(hours=7)),
    (70, timedelta(hours=23), 47, timedelta(hours=23)),
    (70, timedelta(hours=25), 0, timedelta(hours=25)),
    (0, timedelta(hours=2), 0, timedelta(hours=2)),
    (7, timedelta(hours=-1), 7, timedelta(0)),
])  # fmt: skip
def test_failures_are_forgiven_one_by_one_and_all_after_a_day(
    failures: int, later: timedelta, left: int, reckoned: timedelta
) -> None:
    assert counted(failures, NOON, NOON + later, PATIENCE) == (left, NOON + reckoned)


def test_who_fails_a_little_more_often_than_is_forgiven_is_forgiven_nearly_all() -> None:
    failures, since = 0, NOON
    for number in range(1, 101):
        failures, since = counted(failures, since, NOON + number * timedelta(minutes=50), PATIENCE)
        failures += 1
    assert failures < 20, "not 100"


def test_attempts_at_the_same_moment_do_not_all_pass(app: Flask) -> None:
    """Each is counted before it is made, also the first ones, when there is no row to lock yet."""
    start, passed, waits = threading.Barrier(8), [], []
    patience = Patience(free=3, first=30, longest=30)

    def attempt() -> None:
        with app.app_context():
            start.wait()
            try:
                count({"test:b": patience, "test:a": patience})
            except TooManyAttempts as waiting:
                waits.append(waiting.seconds)
            else:
                passed.append(1)

    threads = [threading.Thread(target=attempt) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(passed) == 3
    assert len(waits) == 5
    assert all(25 <= seconds <= 31 for seconds in waits)


def test_parallel_guesses_at_a_password_do_not_pass_the_limit(app: Flask) -> None:
    start, ends = threading.Barrier(12), []

    def guess() -> None:
        with app.app_context():
            start.wait()
            try:
                authenticate("rep@acme.example", "wrong", "192.0.2.9")
            except (SignInRefused, TooManyAttempts) as refused:
                ends.append(type(refused))

    threads = [threading.Thread(target=guess) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ends) == 12
    assert ends.count(SignInRefused) == 5


def test_a_refused_attempt_counts_for_nothing(app: Flask) -> None:
    with app.app_context():
        for _ in range(3):
            count({"test:one": PATIENCE})
        for _ in range(3):
            with pytest.raises(TooManyAttempts):
                count({"test:other": PATIENCE, "test:one": PATIENCE})
        assert held("test:other") is None
        count({"test:other": PATIENCE})
        forgive("test:one")
        count({"test:one": PATIENCE})


def test_success_counts_against_nobody(app: Flask, cast: Cast) -> None:
    """Neither the account nor the address, which may be that of a whole office, has to wait for it."""
    caller = throttle_key("address", "192.0.2.8")
    with app.app_context():
        for _ in range(40):
            assert authenticate("rep@acme.example", PASSWORD, "192.0.2.8") == cast["rep"].user_id
        assert held(caller) == 0
        assert held(throttle_key("account", "rep@acme.example")) is None


def test_taking_back_leaves_the_waits_of_others(app: Flask) -> None:
    with app.app_context():
        count({"test:one": PATIENCE})
        count({"test:one": PATIENCE})
        own = count({"test:one": PATIENCE})["test:one"]
        take_back("test:one", own)
        count({"test:one": PATIENCE})
        take_back("test:one", own)
        with pytest.raises(TooManyAttempts):
            count({"test:one": PATIENCE})


def held(key: str) -> int | None:
    with db.engines[SHARED].connect() as connection:
        return connection.scalar(select(Throttle.failures).where(Throttle.key == key))


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
    [("correct horse battery", None), ("我爱北京天安门广场的太阳", None), ("short", "short"), ("xy" * 65, "long"),
     ("QWERTYUIOP", "common"), ("ababababab", "common"), ("ann.lee@x.example", "personal"),
     ("demo-demo-demo", "common"),
     ("Ann Lee from X", "personal"), ("Ann Lee 2026!", "personal"), ("ann-lee-likes-purple-dogs", None),
     ("acme-tools", "personal"), ("xK7#pQ2m", None), ("Iloveyou1!", "guessable"), ("12345678901234567890", "guessable"),
     ("password" * 9, "guessable"), ("密码密码密码密码密码abc", "guessable")],
)  # fmt: skip
def test_weak_passwords(password: str, weak: str | None) -> None:
    known = {"email": "ann.lee@x.example", "name": "Ann Lee from X", "workspace": "Acme Tools"}
    assert strength.weakness(password, **known) == weak
    assert (strength.level(password, **known) < 3) == (weak is not None) or weak == "long"


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
