"""A plan by hand, from a workspace's page: arranged, changed, taken back, told in the log; and what is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from flask import Flask

from saas_crm.core.clock import now
from tests.support.billing import selling as with_key
from tests.support.clients import Browser, statements
from tests.support.installation import Installation
from tests.support.operators import OperatorPerson

Make = Callable[..., OperatorPerson]
PLAN = "/operator/workspaces/acme/plan"


def form(**changes: str) -> dict[str, str]:
    until = (now() + timedelta(days=200)).date().isoformat()
    return {"plan": "team", "seats": "10", "interval": "year", "currency": "EUR", "paid_until": until, "invoice": "R-7",
            **changes}  # fmt: skip


@pytest.fixture
def sold(app: Flask) -> Iterator[Flask]:
    with with_key(app):
        yield app


def held(installation: Installation) -> tuple[object, ...] | None:
    with installation.place.owner() as connection:
        return connection.execute(
            "SELECT plan, source, state, seats, amount, invoice_number FROM public.subscriptions"
        ).fetchone()


def changes(installation: Installation) -> list[tuple[object, ...]]:
    with installation.place.owner() as connection:
        return connection.execute(
            "SELECT kind, plan, seats, mrr, by_operator FROM public.billing_changes ORDER BY id"
        ).fetchall()


@pytest.mark.usefixtures("sold")
def test_it_is_arranged_changed_and_taken_back(operator_for: Make, installation: Installation) -> None:
    browser = operator_for().browser
    before = browser.get("/operator/workspaces/acme")
    assert "nothing is limited in it" in before.text
    assert statements(before) <= 10
    assert browser.post(PLAN, data=form()).status_code == 303
    assert held(installation) == ("team", "manual", "active", 10, 12000, "R-7")
    page = browser.get("/operator/workspaces/acme").text
    for told in ("R-7", "bank transfer", "€100", "Arranged by hand", "Olga Operator"):
        assert told in page, told
    assert browser.post(PLAN, data=form(seats="12", invoice="R-8")).status_code == 303
    assert browser.post(f"{PLAN}/end").status_code == 303
    assert held(installation) is not None
    assert held(installation)[1:3] == ("none", "free")
    assert changes(installation)[:2] == [
        ("manual", "team", 10, 10000, "Olga Operator"), ("seats", "team", 12, 12000, "Olga Operator")
    ]  # fmt: skip
    assert [kind for kind, *_rest in changes(installation)] == ["manual", "seats", "free"]
    with installation.place.owner() as connection:
        acts = connection.execute(
            "SELECT act, details FROM public.operator_acts WHERE slug = 'acme' ORDER BY id"
        ).fetchall()
    assert [act for act, _details in acts] == ["billing_manual", "billing_manual", "billing_manual_end"]
    assert acts[1][1]["invoice"] == "R-8"
    assert browser.post(f"{PLAN}/end").status_code == 303
    assert "No plan was arranged by hand." in browser.get("/operator/workspaces/acme").text


@pytest.mark.usefixtures("sold")
def test_whoever_has_a_plan_by_hand_keeps_what_it_costs(operator_for: Make, installation: Installation) -> None:
    browser = operator_for().browser
    browser.post(PLAN, data=form())
    with installation.place.owner() as connection:
        connection.execute("UPDATE public.subscriptions SET amount = 9900")
    browser.post(PLAN, data=form(seats="11", invoice="R-9"))
    assert held(installation) == ("team", "manual", "active", 11, 9900, "R-9")
    browser.post(PLAN, data=form(seats="11", interval="month"))
    assert held(installation) == ("team", "manual", "active", 11, 1200, "R-7")
    assert [row[0] for row in changes(installation)] == ["manual", "seats", "interval"]


@pytest.mark.usefixtures("sold")
@pytest.mark.parametrize(("wrong", "field", "told"), [
    ({"plan": "free"}, "plan", "Choose one of the values offered."), ({"plan": "gold"}, "plan", "Choose one"),
    ({"seats": "0"}, "seats", "At least 1."), ({"seats": "many"}, "seats", "Write a whole number."),
    ({"seats": "10001"}, "seats", "At most 10000."), ({"currency": "XXX"}, "currency", "Choose one"),
    ({"interval": "week"}, "interval", "Choose one"), ({"paid_until": ""}, "paid_until", "Write a date."),
    ({"paid_until": "2020-01-01"}, "paid_until", "This is over already."),
    ({"paid_until": "2500-01-01"}, "paid_until", "out of range"), ({"invoice": "x" * 201}, "invoice", "At most 200"),
])  # fmt: skip
def test_what_does_not_fit_is_told_by_its_field(
    operator_for: Make, installation: Installation, wrong: dict[str, str], field: str, told: str
) -> None:
    answer = operator_for().browser.post(PLAN, data=form(**{"invoice": "Kept 42", **wrong}))
    assert answer.status_code == 422
    assert f'href="#field-{field}"' in answer.text
    assert told in answer.text
    assert "Kept 42" in answer.text or field == "invoice"
    assert held(installation) is None


@pytest.mark.usefixtures("sold")
def test_beside_a_subscription_at_stripe_nothing_is_arranged(operator_for: Make, installation: Installation) -> None:
    with installation.place.owner() as connection:
        connection.execute(
            "INSERT INTO public.subscriptions (tenant_id, plan, state, source, seats, amount, currency, interval)"
            " SELECT id, 'team', 'active', 'stripe', 3, 1200, 'EUR', 'month' FROM public.tenants WHERE slug = 'acme'"
        )
    browser = operator_for().browser
    assert PLAN not in browser.get("/operator/workspaces/acme").text
    answer = browser.post(PLAN, data=form())
    assert answer.status_code == 303
    assert "A subscription at Stripe goes on." in browser.get("/operator/workspaces/acme").text
    assert held(installation) == ("team", "stripe", "active", 3, 1200, "")


@pytest.mark.usefixtures("sold")
def test_nobody_elses_sign_in_arranges_anything(client_for: Callable[..., Browser], installation: Installation) -> None:
    for address in (PLAN, f"{PLAN}/end"):
        assert client_for("owner").post(address, data=form()).location == "/operator/signin"
    assert held(installation) is None


@pytest.mark.usefixtures("sold")
def test_it_takes_password_and_code_once_more(operator_for: Make, installation: Installation) -> None:
    with_ten_minutes_gone = operator_for()
    with installation.place.owner() as connection:
        connection.execute("UPDATE public.operator_sessions SET proven_at = now() - interval '11 minutes'")
    answer = with_ten_minutes_gone.browser.post(PLAN, data=form())
    assert answer.status_code == 403
    assert 'name="seats" value="10"' in answer.text
    assert held(installation) is None
