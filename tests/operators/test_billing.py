"""What is paid, in the console: by month and plan, who owes, what waits; as a file; nothing where billing is off."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from flask import Flask
from psycopg.types.json import Jsonb

from saas_crm.core.clock import now
from tenants.db import new_id
from tests.support.billing import selling as with_key
from tests.support.clients import Browser, statements
from tests.support.installation import Installation
from tests.support.operators import OperatorPerson

Make = Callable[..., OperatorPerson]
PAGE = "/operator/billing"


@pytest.fixture
def sold(app: Flask) -> Iterator[Flask]:
    with with_key(app):
        yield app


@pytest.fixture
def paid(sold: Flask, installation: Installation) -> None:
    """Acme pays for 3 seats of Team since this month, and owes; Other is on its trial. An event waits, one failed."""
    since = now() - timedelta(days=3)
    with installation.place.owner() as connection:
        ids = dict(connection.execute("SELECT slug, id FROM public.tenants WHERE slug IN ('acme', 'other')").fetchall())
        connection.execute(
            "INSERT INTO public.subscriptions (tenant_id, plan, state, source, interval, currency, seats, amount,"
            " past_due_since, invoice_number, customer_id) VALUES"
            " (%s, 'team', 'past_due', 'stripe', 'month', 'EUR', 3, 1200, %s, 'A-0007', 'cus_acme')",
            [ids["acme"], since],
        )  # fmt: skip
        trial = "INSERT INTO public.subscriptions (tenant_id, plan, state) VALUES (%s, 'business', 'trialing')"
        connection.execute(trial, [ids["other"]])  # fmt: skip
        for who, kind, plan, seats, mrr in (
            ("other", "trial", "business", 0, 0), ("acme", "started", "team", 3, 3600),
            ("acme", "past_due", "team", 3, 3600),
        ):  # fmt: skip
            connection.execute(
                "INSERT INTO public.billing_changes (id, tenant_id, kind, plan, currency, seats, mrr, at)"
                " VALUES (%s, %s, %s, %s, 'EUR', %s, %s, %s)", [new_id(), ids[who], kind, plan, seats, mrr, now()],
            )  # fmt: skip
        connection.execute(
            "INSERT INTO public.stripe_events (id, type, customer_id, created_at, livemode, payload, attempts, error)"
            " VALUES ('evt_1', 'invoice.payment_failed', 'cus_acme', now(), false, '{}', 4, 'StripeUnreachable: 503')"
        )
        connection.execute("UPDATE public.billing_identity SET reconciled_at = %s, report = %s", [
            datetime(2026, 11, 20, 3, 37, tzinfo=UTC),
            Jsonb({"looked": 2, "mended": {str(ids["acme"]): {}}, "unknown": ["sub_x"]}),
        ])  # fmt: skip


@pytest.mark.usefixtures("paid")
def test_the_page_says_what_comes_in_who_owes_and_what_waits(operator_for: Make) -> None:
    answer = operator_for().browser.get(PAGE)
    assert statements(answer) <= 8
    page = answer.text
    for told in (
        "Revenue a month, EUR", "€36", "A-0007", 'href="/operator/workspaces/acme"', "invoice.payment_failed",
        "StripeUnreachable: 503", "4 attempts", "2 subscriptions compared", "1 subscription differed and was mended.",
        "Of no workspace here, and left alone: sub_x", "Still trying",
    ):  # fmt: skip
        assert told in page, told
    assert "the record of changes says" not in page


@pytest.mark.usefixtures("paid")
def test_figures_that_do_not_agree_are_told(operator_for: Make, installation: Installation) -> None:
    with installation.place.owner() as connection:
        connection.execute("UPDATE public.subscriptions SET seats = 5 WHERE plan = 'team'")
    page = operator_for().browser.get(PAGE).text
    assert "Team, EUR: the record of changes says €36 a month and 3 seats, the subscriptions say €60 and 5" in page


@pytest.mark.usefixtures("paid")
def test_plan_and_currency_narrow_the_months(operator_for: Make) -> None:
    browser = operator_for().browser
    team, business = browser.get(f"{PAGE}?plan=team").text, browser.get(f"{PAGE}?plan=business").text
    here = 'data-label="At the end">€36<'
    assert (here in team, here in business) == (True, False)
    assert here in browser.get(f"{PAGE}?plan=gold&currency=XXX").text, "what is unknown narrows nothing"


@pytest.mark.usefixtures("paid")
def test_months_before_the_first_are_left_out_and_none_behind_it(
    operator_for: Make, installation: Installation
) -> None:
    browser = operator_for().browser
    first = months_in(browser.get(PAGE).text)
    assert len(first["Revenue a month, EUR"]) == len(first["Workspaces"]) == len(first["Seats"]) == 1
    assert months_in(browser.get(f"{PAGE}?plan=free").text)["Workspaces"] == first["Workspaces"], "now, of nothing"
    with installation.place.owner() as connection:
        for kind, seats, mrr, days in (("started", 1, 1200, 160), ("free", 1, 1200, 130)):
            connection.execute(
                "INSERT INTO public.billing_changes (id, tenant_id, kind, plan, currency, seats, mrr, at)"
                " VALUES (%s, %s, %s, 'team', 'EUR', %s, %s, %s)",
                [new_id(), UUID(int=7), kind, seats, mrr, now() - timedelta(days=days)],
            )  # fmt: skip
    found = months_in(browser.get(PAGE).text)
    began = now() - timedelta(days=160)
    since = 12 * (now().year - began.year) + now().month - began.month + 1
    assert len(found["Workspaces"]) == len(found["Seats"]) == since, "also those between, in which nothing was paid"


def months_in(page: str) -> dict[str, list[str]]:
    """Return the months of each table of figures by months."""
    tables = re.findall(
        r'<table class="table figures" role="table" aria-label="([^"]*)">(.*?)</table>', page, re.DOTALL
    )
    return {name: re.findall(r'scope="row">([^<]*)<', body) for name, body in tables}


@pytest.mark.usefixtures("paid")
def test_the_file_has_every_month_and_no_formula(operator_for: Make, installation: Installation) -> None:
    with installation.place.owner() as connection:
        connection.execute("INSERT INTO public.billing_changes (id, tenant_id, kind, plan, currency, seats, mrr, at)"
                           " VALUES (%s, %s, 'started', '=cmd()', 'KWD', 1, 4000, %s)",
                           [new_id(), new_id(), now() - timedelta(days=70)])  # fmt: skip
    answer = operator_for().browser.get(f"{PAGE}/months.csv")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(answer.data.decode("utf-8-sig").splitlines()))
    assert {row["Plan"] for row in rows} == {"'=cmd()", "team", "business"}
    [old] = [row for row in rows if row["Plan"] == "'=cmd()"][:1]
    assert (old["Currency"], old["New"], old["At the end"], old["Seats"]) == ("KWD", "4.000", "4.000", "1")
    assert acts(installation) == [("Olga Operator", "billing_export")]


@pytest.mark.usefixtures("paid")
def test_an_event_is_worked_on_again_and_that_is_noted(operator_for: Make, installation: Installation) -> None:
    browser = operator_for().browser
    assert browser.post(f"{PAGE}/events", data={"event": "evt_1"}).status_code == 303
    assert browser.post(f"{PAGE}/events", data={"event": "evt_\x002"}).status_code == 303
    with installation.place.owner() as connection:
        assert connection.execute("SELECT error FROM public.stripe_events").fetchall() == [(None,)]
        jobs = "SELECT count(*) FROM jobs.procrastinate_jobs WHERE task_name = 'billing.work_event' AND status = 'todo'"
        assert connection.execute(jobs).fetchone() == (1,)
    assert "not kept any more" in browser.get(PAGE).text
    assert acts(installation) == [("Olga Operator", "billing_replay")]
    assert "evt_1" in browser.get("/operator/log").text


@pytest.mark.usefixtures("sold")
def test_all_is_compared_when_asked_for(operator_for: Make, installation: Installation) -> None:
    browser = operator_for().browser
    for _turn in range(2):
        assert browser.post(f"{PAGE}/comparison").status_code == 303
    with installation.place.owner() as connection:
        jobs = "SELECT count(*) FROM jobs.procrastinate_jobs WHERE task_name = 'billing.reconcile' AND status = 'todo'"
        assert connection.execute(jobs).fetchone() == (1,)


@pytest.mark.usefixtures("sold")
def test_before_anybody_had_a_plan_it_says_so(operator_for: Make) -> None:
    page = operator_for().browser.get(PAGE).text
    for told in (
        "Nobody has paid yet.",
        "Nobody owes anything.",
        "Every event was worked on.",
        "Never compared with Stripe",
    ):
        assert told in page, told
    assert operator_for("otto@operators.example", "Otto").browser.get(f"{PAGE}/months.csv").status_code == 200


def test_where_billing_is_off_there_is_none_of_it(operator_for: Make) -> None:
    browser = operator_for().browser
    assert PAGE not in browser.get("/operator").text
    for answer in (
        browser.get(PAGE), browser.get(f"{PAGE}/months.csv"), browser.get(f"{PAGE}/events"),
        browser.post(f"{PAGE}/events"),
        browser.post(f"{PAGE}/comparison"),
        browser.post("/operator/workspaces/acme/plan"), browser.post("/operator/workspaces/acme/plan/end"),
    ):  # fmt: skip
        assert answer.status_code == 404


@pytest.mark.usefixtures("sold")
def test_nobody_elses_sign_in_opens_it(client_for: Callable[..., Browser]) -> None:
    owner = client_for("owner")
    assert owner.get(PAGE).location == "/operator/signin"
    assert owner.post(f"{PAGE}/comparison").location == "/operator/signin"


def acts(installation: Installation) -> list[tuple[str, str]]:
    with installation.place.owner() as connection:
        return connection.execute(
            "SELECT actor, act FROM public.operator_acts WHERE act LIKE 'billing%' ORDER BY id"
        ).fetchall()
