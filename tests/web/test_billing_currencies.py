"""Money in currencies without decimals, with two and with three: one whole amount from the price list to the figures.

Amounts are whole numbers of the smallest unit as Stripe counts it (TWD and HKD in hundredths, JPY in yen, KWD in fils,
and those in tens). What people read is written by CLDR's rules.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest
from flask import Flask

from billing import figures, money
from billing.plans import catalogue
from billing.rules import monthly
from saas_crm.core.clock import now
from saas_crm.core.money import Money
from tests.stripe import Double
from tests.support.cast import Cast
from tests.support.clients import Browser, Phone
from tests.support.installation import Installation
from tests.support.selling import PAGE, selling_at, session_of, state_of
from tests.web.pages import words

SEATS = 7
NO_MONEY = {
    "billing/catching_up.py": {"3.0", "func.least(StripeEvent.attempts, MOST_ATTEMPTS) / DOUBLED_AFTER"},
    "billing/patience.py": {"0.0", "2.0", "4.0", "5.0", "10.0", "15.0", "30.0"},
    "billing/stripe_gateway.py": {
        "0.0", "60.0", "float(told or 0)", "float(super()._sleep_time_seconds(num_retries))",
    },
    "web/billing/values.py": {"100 * used / most"},
}  # fmt: skip
"""Seconds that are waited for Stripe, how much later is tried again, and how full a bar is."""


@dataclass(frozen=True)
class Paid:
    """A currency: what a seat of Team costs a month and how it is written; then seven seats of it, and of Business."""

    currency: str
    seat: int
    written: str
    month: str
    year: str
    api: str
    total: int
    business: str


TABLE = (
    Paid("JPY", 1_800, "¥1,800", "¥12,600", "¥126,000", "1800", 12_600, "¥30,800"),
    Paid("KWD", 4_000, "KWD 4", "KWD 28", "KWD 280", "4.000", 28_000, "KWD 66.500"),
    Paid("TWD", 39_000, "NT$390", "NT$2,730", "NT$27,300", "390.00", 273_000, "NT$6,650"),
    Paid("HKD", 9_900, "HK$99", "HK$693", "HK$6,930", "99.00", 69_300, "HK$1,743"),
    Paid("CNY", 5_900, "CN¥59", "CN¥413", "CN¥4,130", "59.00", 41_300, "CN¥1,043"),
    Paid("EUR", 1_200, "€12", "€84", "€840", "12.00", 8_400, "€203"),
)


@pytest.fixture
def stripe() -> Iterator[Double]:
    """A double whose time is ours, and which adds no tax: the sums are those of the price list."""
    with Double(now=now()) as double:
        double.account.tax_percent = "0"
        yield double
        assert double.violations == []


@pytest.fixture
def sold(app_with: Callable[..., Flask], stripe: Double, installation: Installation, cast: Cast) -> Flask:
    """An application that takes money there, with acme on trial."""
    return selling_at(stripe, app_with, installation.place, cast.tenants["acme"].id)


def text_of(browser: Browser, path: str) -> str:
    """Return what a page says, with plain spaces: KWD and its amount are kept together by another one."""
    return plain(re.sub(r"<[^>]*>", " ", words(browser.get(path))))


def plain(found: str) -> str:
    return re.sub(r"\s+", " ", found)


@pytest.mark.parametrize("paid", TABLE, ids=lambda paid: paid.currency)
def test_one_amount_from_the_price_list_to_the_figures(
    client_for: Callable[..., Browser],
    api_for: Callable[..., Phone],
    sold: Flask,
    stripe: Double,
    cast: Cast,
    paid: Paid,
) -> None:
    owner, phone = client_for("owner", sold), api_for("owner", of=sold)
    plans = text_of(owner, f"{PAGE}/plans?currency={paid.currency}")
    assert f"{paid.written} per seat and month" in plans
    assert f"{paid.month} a month" in plans
    assert f"{paid.year} a year" in text_of(owner, f"{PAGE}/plans?currency={paid.currency}&interval=year")
    led = owner.post(f"{PAGE}/checkout", data={"plan": "team", "interval": "month", "currency": paid.currency})
    session = stripe.acts.pay(session_of(led.location))
    assert session["amount_total"] == paid.total
    owner.get(f"{PAGE}/returned?session_id={session['id']}")
    assert (state_of(sold, cast.tenants["acme"].id).amount, paid.seat * SEATS) == (paid.seat, paid.total)
    assert f"{paid.month} a month" in text_of(owner, PAGE)
    invoices = text_of(owner, f"{PAGE}/invoices")
    assert f"{paid.month} Paid" in invoices
    assert f"Next: {paid.month} on " in invoices
    told = phone.get("/billing").json
    assert told["price"] == {"amount": paid.api, "currency": paid.currency}
    [invoice] = phone.get("/billing/invoices").json["items"]
    assert invoice["total"] == money.money(paid.total, paid.currency).as_json()
    change = text_of(owner, f"{PAGE}/change?plan=business&interval=month")
    assert f"{paid.business} a month" in change
    assert f"Change and pay {cost(phone)}" in change
    with sold.app_context():
        [now_] = [row for row in figures.now_by_plan() if row[3] == paid.currency]
    assert now_ == ("now", "active", "team", paid.currency, 1, SEATS, paid.total)


def cost(phone: Phone) -> str:
    """Return what the API says a larger plan costs today, as a page writes it; both ask Stripe in the same second."""
    from web.formatting import money as written

    told = phone.post("/billing/previews", json={"plan": "business"}).json["now"]
    with phone.application.test_request_context():
        return plain(written(Money(Decimal(told["amount"]), told["currency"])))


@pytest.mark.parametrize(
    ("smallest", "currency", "exact"),
    [
        (1, "JPY", "1"), (1_800, "JPY", "1800"), (0, "JPY", "0"), (-1_800, "JPY", "-1800"),
        (10, "KWD", "0.010"), (4_000, "KWD", "4.000"), (9_990, "KWD", "9.990"), (-10, "KWD", "-0.010"),
        (1, "TWD", "0.01"), (39_000, "TWD", "390.00"), (1, "HKD", "0.01"), (9_900, "HKD", "99.00"),
        (10**15 + 1, "EUR", "10000000000000.01"), (10**15 + 1, "JPY", "1000000000000001"),
        (5_000, "KRW", "5000"), (5_000, "VND", "5000"), (5_000, "BHD", "5.000"),
    ],
)  # fmt: skip
def test_the_smallest_unit_and_back(smallest: int, currency: str, exact: str) -> None:
    found = money.money(smallest, currency)
    assert (f"{found.amount:f}", found.currency) == (exact, currency)
    assert int(found.amount.scaleb(money.digits(currency))) == smallest


def test_every_price_is_one_that_stripe_takes(sold: Flask) -> None:
    with sold.app_context():
        prices = list(catalogue().prices())
    assert {price.currency for price in prices} >= {paid.currency for paid in TABLE}
    for price in prices:
        assert type(price.amount) is int
        assert price.amount % money.step(price.currency) == 0, price
        assert price.amount > 0


@pytest.mark.parametrize(
    ("amount", "interval", "seats", "wanted"),
    [(1_800, "month", 7, 12_600), (18_000, "year", 7, 10_500), (40_000, "year", 1, 3_333), (1, "year", 5, 0),
     (390_000, "year", 3, 97_500), (0, "", 9, 0)],
)  # fmt: skip
def test_a_month_of_a_year_is_whole(amount: int, interval: str, seats: int, wanted: int) -> None:
    found = monthly(amount, interval, seats)
    assert (found, type(found)) == (wanted, int)


def test_nobody_reckons_money_in_floats() -> None:
    """No number with a point, no float() and no true division where billing reckons, but for what is no money."""
    home, wrong = Path(__file__).resolve().parents[2], []
    files = [file for room in ("billing", "web/billing") for file in sorted((home / room).glob("*.py"))]
    files += sorted((home / "mobile_api").glob("billing*.py"))
    for file in files:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            number = isinstance(node, ast.Constant) and isinstance(node.value, float)
            called = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "float"
            divided = isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div)
            said, name = ast.unparse(node), str(file.relative_to(home))
            if (number or called or divided) and said not in NO_MONEY.get(name, ()):
                wrong.append(f"{name}:{node.lineno}: {said}")
    assert wrong == []
