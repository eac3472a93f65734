"""The mails of billing: each in three languages, without amounts, to who looks after it, and once."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from psycopg.types.json import Jsonb

from billing.letter_parts import Facts
from billing.letters import WRITERS, letter
from billing.plans import catalogue
from billing.telling import tell_once
from saas_crm.core.clock import now
from saas_crm.core.i18n import in_language
from saas_crm.workspaces.letters import Reader
from tests.support.cast import Cast
from tests.support.installation import Installation
from tests.support.mailbox import Mailbox, body
from tests.support.paying import PAID, put

READER = Reader("Ada", "ada@x.example", "en")
UNTIL = datetime(2026, 12, 24, 9, tzinfo=UTC)


@pytest.mark.parametrize("kind", WRITERS)
def test_each_is_written_in_three_languages_without_an_amount(app: Flask, kind: str) -> None:
    told = {}
    with app.app_context():
        facts = Facts("Hanse <Kaffee>", "https://crm.example/hanse", catalogue().plan("team"), UNTIL, 3)
        for language in ("en", "zh_Hans", "zh_Hant"):
            with in_language(language):
                told[language] = letter(kind, READER, facts)
    assert len({one.text() for one in told.values()}) == 3
    for one in told.values():
        assert one.button is not None
        assert one.button[1].startswith("https://crm.example/hanse/")
        assert not re.search(r"[€$¥]", one.text())
        assert "<Kaffee>" not in one.html()
        assert "%(" not in one.subject + one.text()


def test_it_goes_to_who_looks_after_billing_and_once(
    app: Flask, installation: Installation, cast: Cast, mailbox: Mailbox
) -> None:
    acme = cast.tenants["acme"].id
    put(app, installation.place, acme, **PAID)
    settings, soon = installation.settings, now() + timedelta(days=7)
    with app.app_context():
        assert tell_once(settings, acme, "payment_still_due", key="payment_still_due-7", until=soon, days=7) == 1
        assert tell_once(settings, acme, "payment_still_due", key="payment_still_due-7", until=soon, days=7) == 0
        assert tell_once(settings, acme, "payment_still_due", key="payment_still_due-12", until=soon, days=2) == 1
        assert tell_once(settings, cast.tenants["other"].id, "recovered") == 0, "nothing is held of it"
    mails = mailbox.arrived()
    assert [mail["To"] for mail in mails] == ["owner@acme.example"] * 2
    assert mails[0]["Subject"] == "Payment due: Acme Instruments can only be read in 7 days"
    assert "http://localhost/acme/settings/billing" in body(mails[0])


@pytest.mark.parametrize(("given", "gets_it"), [
    (["billing:update"], False), (["billing:read"], False), (["billing:read", "billing:update"], True),
])  # fmt: skip
def test_it_goes_to_who_may_open_the_page_it_leads_to(
    app: Flask, installation: Installation, cast: Cast, mailbox: Mailbox, given: list[str], gets_it: bool
) -> None:  # fmt: skip
    acme = cast.tenants["acme"]
    put(app, installation.place, acme.id, **PAID)
    with installation.place.owner() as connection:
        connection.execute(
            f"UPDATE {acme.schema_name}.roles SET permissions = permissions || %s WHERE key = 'admin'",
            [Jsonb(dict.fromkeys(given, "all"))],
        )  # fmt: skip
    with app.app_context():
        tell_once(installation.settings, acme.id, "recovered")
    assert ("admin@acme.example" in [mail["To"] for mail in mailbox.arrived()]) == gets_it
