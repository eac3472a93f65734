"""`saas-crm billing months`: the same figures as the console's, for a terminal, a spreadsheet and a program."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime

from tenants.db import new_id
from tests.support.command import Call
from tests.support.installation import Installation

MONTH = f"{datetime.now(UTC):%Y-%m}"


def change(installation: Installation, kind: str, seats: int, mrr: int, at: str = "now") -> None:
    with installation.place.owner() as connection:
        connection.execute(
            "INSERT INTO public.billing_changes (id, tenant_id, kind, plan, currency, seats, mrr, at)"
            " VALUES (%s, '00000000-0000-7000-8000-000000000001', %s, 'team', 'EUR', %s, %s, %s)",
            [new_id(), kind, seats, mrr, at],
        )  # fmt: skip


def test_months_are_shown_and_exported(call: Call, installation: Installation) -> None:
    change(installation, "started", 3, 3600, "2025-01-15T00:00Z")
    change(installation, "seats", 5, 6000)
    shown = [line.split("\t") for line in call("billing", "months").output.splitlines()]
    assert shown[0] == ["month", "plan", "currency", "new", "reactivation", "expansion", "contraction", "churn",
                        "moved", "ends", "seats"]  # fmt: skip
    assert shown[1] == ["2025-01", "team", "EUR", "3600", "0", "0", "0", "0", "0", "3600", "3"]
    assert shown[-1] == [MONTH, "team", "EUR", "0", "0", "2400", "0", "0", "0", "6000", "5"]
    rows = list(csv.DictReader(call("billing", "months", "--last", "2", "--csv").output.splitlines()))
    assert [(row["begins"], row["ends"], row["seats_added"]) for row in rows] == [
        ("3600", "3600", "0"),
        ("3600", "6000", "2"),
    ]
    told = json.loads(call("billing", "months", "--last", "1", "--json").output)
    assert (told["months"][0]["month"], told["months"][0]["expansion"], told["trials"]) == (MONTH, 2400, [])


def test_of_nobody_there_is_nothing_to_show(call: Call) -> None:
    assert call("billing", "months", "--json").output == '{"months": [], "trials": []}\n'
    assert len(call("billing", "months").output.splitlines()) == 1
    assert call("billing", "months", "--csv").exit_code == 0
    assert call("billing", "months", "--json", "--csv").exit_code == 2
