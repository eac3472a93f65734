"""The pages that Stripe hosts: Checkout, the customer portal, invoices. Plain, for thumbs, without card numbers."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from io import BytesIO
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, redirect, render_template, request

from tests.stripe.errors import Refused, missing
from tests.stripe.payment_methods import ASKING, default_method

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as Answer

    from tests.stripe.double import Double

CHOICES = {
    "works": "A card that works (4242)",
    "declined": "A card that is declined (0002)",
    "insufficient_funds": "A card without money (9995)",
    "3ds": "A card that asks 3-D Secure (3220)",
    "3ds_always": "A card that asks 3-D Secure each time (3184)",
    "3ds_unless_set_up": "A card that asks 3-D Secure once (3155)",
    "fails_later": "A card that fails later (0341)",
    "sepa_debit": "SEPA Direct Debit",
    "alipay": "Alipay",
    "wechat_pay": "WeChat Pay",
}
_CARDS = ("works", "declined", "insufficient_funds", "3ds", "3ds_always", "3ds_unless_set_up", "fails_later")
# Currencies without and with three decimals: docs.stripe.com/currencies.
_NO_DECIMALS = frozenset(
    "bif clp djf gnf jpy kmf krw mga pyg rwf ugx vnd vuv xaf xof xpf".split()  # noqa: SIM905
)
_THREE_DECIMALS = frozenset({"bhd", "jod", "kwd", "omr", "tnd"})


def money(amount: int | None, currency: str | None) -> str:
    """Return an amount of smallest units as people write it."""
    if amount is None or not currency:
        return ""
    places = 0 if currency in _NO_DECIMALS else 3 if currency in _THREE_DECIMALS else 2
    return f"{Decimal(amount).scaleb(-places):,.{places}f} {currency.upper()}"


def blueprint(double: Double) -> Blueprint:
    """Return the routes."""
    routes = Blueprint("pages", __name__, template_folder="templates")
    world = double.world

    @routes.before_request
    def alone() -> None:
        """Let nothing change while a page is made."""
        world.lock.acquire()

    @routes.teardown_request
    def done(_: BaseException | None) -> None:
        world.lock.release()

    @routes.context_processor
    def helpers() -> dict[str, Any]:
        def day(moment: int) -> str:
            return datetime.fromtimestamp(moment, UTC).strftime("%d %b %Y")

        def rhythm(price: dict[str, Any]) -> str:
            return f"every {price['recurring']['interval_count']} {price['recurring']['interval']}"

        return {"money": money, "day": day, "rhythm": rhythm, "root": world.base_url, "error": "", "lang": "en"}

    @routes.errorhandler(Refused)
    def refused(error: Refused) -> tuple[str, int]:
        return render_template("over.html", title="Not found", words=error.error["message"]), error.status

    @routes.route("/c/pay/<id>", methods=["GET", "POST"])
    def checkout(id: str) -> str | Answer:
        session = world.get("checkout.session", id)
        if session["status"] != "open":
            back = session["cancel_url"]
            words = "This page has been used, or its time is over."
            return render_template("over.html", title="Something went wrong", words=words, back=back)
        error = ""
        if request.method == "POST":
            form = request.form
            if _bank_asks():
                return render_template("bank.html", title="3-D Secure", form=form)
            try:
                double.acts.pay(id, _card(), **_filled_in())
                return redirect(_led_back(session))
            except Refused as refused:
                error = refused.error["message"]
        customer = world.tables["customer"].get(session["customer"] or "")
        asks = session["_update"].get("address") == "auto" or session["billing_address_collection"] == "required"
        data = session["_data"]
        return render_template(
            "checkout.html", title="Checkout", session=session, customer=customer, error=error, form=request.form,
            cards=_choices(session["payment_method_types"]), asks_address=asks or session["automatic_tax"]["enabled"],
            trial=bool(data.get("trial_end") or data.get("trial_period_days")), lang=_language(session["locale"]),
        )  # fmt: skip

    @routes.route("/p/session/<id>", methods=["GET", "POST"])
    def portal(id: str) -> str | Answer:
        session = world.get("billing_portal.session", id)
        customer, error = world.get("customer", session["customer"]), ""
        if request.method == "POST":
            try:
                _act(double, session)
                return redirect(_after(session), 303)
            except Refused as refused:
                error = refused.error["message"]
        running = [row for row in world.rows("subscription", customer=customer["id"]) if row["status"] != "canceled"]
        invoices = [row for row in world.rows("invoice", customer=customer["id"]) if row["status"] != "draft"]
        return render_template(
            "portal.html", title="Billing", session=session, customer=customer, subscriptions=running, error=error,
            invoices=invoices[::-1], method=_method(double, customer), cards=_choices(["card", "sepa_debit"]),
            names=lambda each: _names(double, each), lang=_language(session["locale"]),
        )  # fmt: skip

    @routes.route("/i/<id>", methods=["GET", "POST"])
    def invoice(id: str) -> str | Answer:
        found, error = _finalised(double, id), ""
        if request.method == "POST":
            if _bank_asks():
                return render_template("bank.html", title="3-D Secure", form=request.form)
            try:
                double.acts.pay_invoice(id, _card())
                return redirect(request.url, 303)
            except Refused as refused:
                error = refused.error["message"]
        return render_template(
            "invoice.html", title="Invoice", invoice=found, error=error, cards=_choices(["card", *CHOICES])
        )

    @routes.get("/i/<id>/pdf")
    def pdf(id: str) -> Response:
        return Response(_pdf(_finalised(double, id)), mimetype="application/pdf")

    return routes


def _bank_asks() -> bool:
    """Whether the bank of the card that was chosen has to ask, and has not yet."""
    return request.form["card"] in ASKING and "bank" not in request.form


def _card() -> str:
    """Return the card that was chosen, as its bank was answered."""
    return "3ds_refused" if request.form.get("bank") == "no" else request.form["card"]


def _filled_in() -> dict[str, Any]:
    form = request.form
    filled: dict[str, Any] = {name: form.get(name, "").strip() for name in ("code", "name", "email")}
    if form.get("country"):
        filled["address"] = {name: form[name] for name in ("country", "postal_code") if form.get(name)}
    if form.get("vat"):
        filled["tax_id"] = ("eu_vat", form["vat"].strip())
    return filled


def _led_back(session: dict[str, Any]) -> str:
    address: str = session["success_url"] or session.get("return_url") or "/"
    return address.replace("{CHECKOUT_SESSION_ID}", session["id"])


def _choices(kinds: list[str]) -> list[tuple[str, str]]:
    wanted = [*(_CARDS if "card" in kinds else ()), *(kind for kind in kinds if kind in CHOICES)]
    return [(card, CHOICES[card]) for card in wanted]


def _language(locale: str | None) -> str:
    return locale if locale and locale != "auto" else "en"


def _after(session: dict[str, Any]) -> str:
    """Return where a person is led after an act: back to who sent them, where the flow says so."""
    after = (session["flow"] or {}).get("after_completion") or {}
    return str(after["redirect"]["return_url"]) if after.get("redirect") else request.url


def _act(double: Double, session: dict[str, Any]) -> None:
    form = request.form
    if form["act"] == "card":
        double.acts.change_card(session["customer"], form["card"])
    elif form["act"] == "cancel":
        at_end = double.account.portal_cancel_mode == "at_period_end"
        double.acts.cancel(form["subscription"], at_period_end=at_end, comment=form.get("comment", ""))
    else:
        double.acts.resume(form["subscription"])


def _method(double: Double, customer: dict[str, Any]) -> str:
    """Return what the portal changes: the customer's own way to pay."""
    method = default_method(double.world, None, customer)
    if method is None:
        return ""
    return f"{method['card']['brand']} •••• {method['card']['last4']}" if "card" in method else str(method["type"])


def _names(double: Double, subscription: dict[str, Any]) -> str:
    prices = [double.world.tables["price"][item["price"]] for item in subscription["items"]["data"]]
    names = [double.world.tables["product"][price["product"]]["name"] for price in prices]
    counts = [item["quantity"] for item in subscription["items"]["data"]]
    return ", ".join(f"{name} × {count}" for name, count in zip(names, counts, strict=True))


def _finalised(double: Double, id: str) -> dict[str, Any]:
    found = double.world.get("invoice", id)
    if found["status"] == "draft":
        raise missing("invoice", id)
    return found


def _pdf(invoice: dict[str, Any]) -> bytes:
    from reportlab.pdfgen.canvas import Canvas  # takes a while to load, and few tests open a PDF

    out = BytesIO()
    canvas = Canvas(out)
    lines = [f"Invoice {invoice['number']}", str(invoice["customer_name"] or invoice["customer_email"] or ""), ""]
    lines += [f"{line['description']}   {money(line['amount'], line['currency'])}" for line in invoice["lines"]["data"]]
    lines += ["", f"Total   {money(invoice['total'], invoice['currency'])}", f"Status   {invoice['status']}"]
    for place, text in enumerate(lines):
        canvas.drawString(72, 770 - 18 * place, text)
    canvas.save()
    return out.getvalue()
