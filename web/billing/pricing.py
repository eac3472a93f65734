"""What the product costs, for everybody: before there is a workspace."""

from __future__ import annotations

from flask import Blueprint, abort, render_template, request

from billing.plans import catalogue
from saas_crm.core.places import currency_of
from saas_crm.edge.current import settings, user_or_none
from saas_crm.edge.declared import public
from web.billing import words
from web.billing.choosing import offers
from web.billing.values import USUAL, interval_of
from web.billing.words import intervals
from web.public.place import likely_country

bp = Blueprint("pricing", __name__)


@bp.get("/pricing")
@public("outside")
def show() -> str:
    """Show plans and prices, in the currency of the reader's country where there are prices in it."""
    if not settings().bills:
        abort(404)
    known = catalogue()
    wanted = (request.args.get("currency", ""), currency_of(likely_country()), USUAL, *known.currencies)
    currency = next(code for code in wanted if code in known.currencies)
    interval = interval_of(request.args.get("interval", ""))
    return render_template(
        "public/pricing.html", offers=offers(known, interval, currency), interval=interval, intervals=intervals(),
        currency=currency, currencies=known.currencies, trial=known.trial, trial_plan=known.plan(known.trial.plan),
        user=user_or_none(), billing_words=words,
    )  # fmt: skip
