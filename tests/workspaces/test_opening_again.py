"""A suspension that ends by itself, and what is opened though others cannot be."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from psycopg import sql

from saas_crm.core.clock import now
from saas_crm.workspaces import standing
from saas_crm.workspaces.standing import Standing, lift, lift_what_is_over, suspend
from tenants.standing import Suspension
from tests.support.cast import Cast
from tests.support.clients import Browser
from tests.support.installation import Installation

ClientFor = Callable[..., Browser]

Pause = Callable[..., Standing]


def test_it_ends_by_itself(pause: Pause, installation: Installation, client_for: ClientFor) -> None:
    pause("closed", until=now() + timedelta(hours=1))
    assert lift_what_is_over(installation.settings.database_url) == []
    pause("closed", until=now() - timedelta(seconds=1))
    assert lift_what_is_over(installation.settings.database_url) == ["acme"]
    assert client_for("rep").get("/acme/companies").status_code == 200


def test_what_was_prolonged_at_the_last_moment_stays(
    pause: Pause, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The operator says a later day between the look at what is over and the opening."""
    pause("closed", until=now() - timedelta(seconds=1))
    held = standing.held

    def prolong_first(url: str, place: Any) -> Any:
        monkeypatch.setattr(standing, "held", held)
        pause("closed", until=now() + timedelta(days=1))
        return held(url, place)

    monkeypatch.setattr(standing, "held", prolong_first)
    assert lift_what_is_over(installation.settings.database_url) == []
    assert lift(installation.settings.database_url, "acme").before == "suspended"


def test_one_that_cannot_be_opened_keeps_no_other_waiting(pause: Pause, installation: Installation, cast: Cast) -> None:
    url, past = installation.settings.database_url, now() - timedelta(seconds=1)
    pause("closed", until=past)
    suspend(url, "other", Suspension("operator", "closed", until=past))
    log = sql.Identifier(cast.tenants["acme"].schema_name, "audit_log")
    with installation.place.owner() as connection:
        connection.execute(sql.SQL("ALTER TABLE {} RENAME TO audit_away").format(log))
        try:
            assert lift_what_is_over(url) == ["other"]
        finally:
            away = sql.Identifier(cast.tenants["acme"].schema_name, "audit_away")
            connection.execute(sql.SQL("ALTER TABLE {} RENAME TO audit_log").format(away))
    assert lift_what_is_over(url) == ["acme"]


def test_what_was_closed_before_causes_were_noted_stays_so(installation: Installation) -> None:
    """What comes and goes after it, as a bill, does not open it; the operator does."""
    url = installation.settings.database_url
    with installation.place.owner() as connection:
        connection.execute("UPDATE public.tenants SET status = 'suspended' WHERE slug = 'acme'")
    suspend(url, "acme", Suspension("billing", "read_only"))
    assert lift(url, "acme", "billing").after == "suspended"
    assert lift(url, "acme").after == "active"
