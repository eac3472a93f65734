"""What an operator may say about billing, and the clock that trials run ahead."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from saas_crm.core import clock
from tenants.settings import Settings

NEEDED = {"database_url": "postgresql://a:b@127.0.0.1/c", "secret_key": "k" * 32, "base_url": "https://crm.example"}


@pytest.fixture(autouse=True)
def true_time() -> Iterator[None]:
    yield
    clock.run_ahead(None)


def test_without_a_key_nobody_pays() -> None:
    assert not Settings(**NEEDED).bills
    assert Settings(**NEEDED, stripe_secret_key="sk_test_x").bills


def test_the_secret_of_webhooks_can_be_changed_without_losing_any() -> None:
    assert Settings(**NEEDED).webhook_secrets == []
    assert Settings(**NEEDED, stripe_webhook_secret="whsec_new, whsec_old").webhook_secrets == [
        "whsec_new",
        "whsec_old",
    ]


@pytest.mark.parametrize("address", ["https://double.example", "http://127.0.0.1:8090", "http://[::1]:8090/"])
def test_a_double_may_be_far_by_https_or_on_this_machine(address: str) -> None:
    assert Settings(**NEEDED, stripe_api_base=address).stripe_api_base == address.rstrip("/")


@pytest.mark.parametrize(
    "address", ["http://double.example", "http://127.0.0.1.example", "ftp://127.0.0.1", "https://"]
)
def test_keys_are_sent_nowhere_in_the_clear(address: str) -> None:
    with pytest.raises(ValidationError, match="must be an https:// address"):
        Settings(**NEEDED, stripe_api_base=address)


def test_in_production_it_is_as_late_as_it_is(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="CLOCK_FILE must not be set"):
        Settings(**NEEDED, environment="production", clock_file=str(tmp_path / "clock"))
    assert Settings(**NEEDED, environment="test", clock_file=str(tmp_path / "clock")).clock_file


def test_a_file_runs_the_clock_ahead_of_all_who_read_it(tmp_path: Path) -> None:
    file = tmp_path / "clock"
    clock.run_ahead(clock.seconds_in(file))
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(hours=1), "no file is no time"
    file.write_text("864000")
    assert clock.now() - datetime.now(UTC) > timedelta(days=9, hours=23)
    file.write_text("86")
    assert clock.now() - datetime.now(UTC) < timedelta(hours=1)
    file.write_text("not yet written")
    assert clock.now() - datetime.now(UTC) < timedelta(hours=1)
