"""What owners are told of a deletion, when, and which day it names."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from saas_crm.workspaces.ending import GRACE, end_of_grace, remind
from saas_crm.workspaces.rules import reminder_due
from tests.support.cast import Cast
from tests.support.clients import Browser
from tests.support.installation import Installation
from tests.support.mailbox import Mailbox, body

ClientFor = Callable[..., Browser]
PAGE = "/acme/settings/deletion"
NAME = {"name": " acme  instruments "}


def test_owners_are_told_by_mail_each_in_their_language(
    client_for: ClientFor, mailbox: Mailbox, installation: Installation, cast: Cast
) -> None:
    schema = cast.tenants["acme"].schema_name
    with installation.place.owner() as connection:
        connection.execute(f"UPDATE {schema}.members SET role_id = (SELECT id FROM {schema}.roles WHERE key = 'owner'),"
                           " locale = 'zh_Hans' WHERE name = 'Adam Admin'")  # fmt: skip
    client_for("owner").post(PAGE, data=NAME)
    [mail] = mailbox.arrived("owner@acme.example")
    assert mail["Subject"].startswith("Acme Instruments will be deleted on ")
    assert "Olivia Owner asked for the workspace" in body(mail)
    assert mailbox.link("owner@acme.example", containing="/settings/deletion") == PAGE
    [other] = mailbox.arrived("admin@acme.example")
    assert "Acme Instruments" in other["Subject"]
    assert mailbox.arrived("rep@acme.example") == []


def test_reminders_come_once_each(
    client_for: ClientFor, app: Flask, mailbox: Mailbox, installation: Installation,
    due: Callable[[str, timedelta], None],
) -> None:  # fmt: skip
    client_for("owner").post(PAGE, data=NAME)
    mailbox.arrived()
    mailbox.clear()
    settings = installation.settings
    subjects = []
    with app.app_context():
        for days in (8, 7, 6, 1, 0.5, 0):
            due("acme", timedelta(days=days))
            remind(settings.database_url, settings.base_url)
            remind(settings.database_url, settings.base_url)
            subjects += [mail["Subject"] for mail in mailbox.arrived("owner@acme.example")]
            mailbox.clear()
    assert subjects == ["Acme Instruments will be deleted in 7 days", "Acme Instruments will be deleted in 1 day"]


DAY = datetime(2031, 1, 31, 12, tzinfo=UTC)


@pytest.mark.parametrize(("left", "before", "expected"), [
    (30, None, None), (7.01, None, None), (7, None, 7), (5, None, 7), (5, 7, None), (1, 7, 1), (0.2, None, 1),
    (0.2, 1, None), (0, 7, None), (-3, None, None),
])  # fmt: skip
def test_which_reminder_is_due(left: float, before: int | None, expected: int | None) -> None:
    assert reminder_due(DAY, DAY - timedelta(days=left), before) == expected


@pytest.mark.parametrize(("zone", "at", "day"), [
    ("America/Los_Angeles", datetime(2026, 11, 22, 0, 30, tzinfo=UTC), date(2026, 12, 21)),
    ("UTC", datetime(2026, 11, 22, 0, 30, tzinfo=UTC), date(2026, 12, 22)),
    ("Asia/Shanghai", datetime(2026, 11, 22, 23, 30, tzinfo=UTC), date(2026, 12, 23)),
])  # fmt: skip
def test_all_of_the_day_that_is_told_is_left(zone: str, at: datetime, day: date) -> None:
    end = end_of_grace(zone, at)
    assert end.date() == day
    assert end + timedelta(seconds=1) == datetime.combine(day + timedelta(days=1), time(), ZoneInfo(zone))
    assert GRACE <= end - at < GRACE + timedelta(days=1)


def test_the_mail_names_the_day_of_the_workspace(
    client_for: ClientFor, mailbox: Mailbox, installation: Installation, app: Flask
) -> None:
    with installation.place.owner() as connection:
        connection.execute("UPDATE public.tenants SET timezone = 'Pacific/Kiritimati' WHERE slug = 'acme'")
    app.extensions["directory"].forget()
    client_for("owner").post(PAGE, data=NAME)
    with installation.place.owner() as connection:
        [due_at] = connection.execute("SELECT due_at FROM public.tenant_deletions").fetchone() or (None,)
    told = due_at.astimezone(ZoneInfo("Pacific/Kiritimati"))
    [mail] = mailbox.arrived("owner@acme.example")
    assert mail["Subject"] == f"Acme Instruments will be deleted on {told:%B} {told.day}, {told.year}"
    assert (told.hour, told.minute) == (23, 59)
