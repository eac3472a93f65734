"""Why a payment was declined is said in words of ours, in the reader's language; Stripe's own go nowhere."""

from __future__ import annotations

import pytest
from flask import Flask

from billing.declines import why_declined
from billing.errors import CardDeclined, StripeRefused
from saas_crm.core.i18n import in_language
from tests.billing.company import Company, Shop

CODES = ("insufficient_funds", "expired_card", "incorrect_cvc", "authentication_required", "card_not_supported",
         "processing_error", "generic_decline")  # fmt: skip


@pytest.mark.parametrize("code", CODES)
def test_each_is_said_in_three_languages(app: Flask, code: str) -> None:
    told = {}
    with app.app_context():
        for language in ("en", "zh_Hans", "zh_Hant"):
            with in_language(language):
                told[language] = why_declined(CardDeclined(code))
    assert len(set(told.values())) == 3
    assert "declined" in told["en"] or "confirmed" in told["en"]
    assert "changed" in told["en"]


def test_they_differ_and_what_the_bank_suspects_is_not_told(app: Flask) -> None:
    with app.app_context():
        assert len({why_declined(CardDeclined(code)) for code in CODES}) == len(CODES)
        general = why_declined(CardDeclined(""))
        for code in ("stolen_card", "lost_card", "fraudulent", "pickup_card", "do_not_honor", "unheard_of"):
            assert why_declined(CardDeclined(code)) == general


@pytest.mark.parametrize(("card", "code"), [
    ("declined", "generic_decline"), ("insufficient_funds", "insufficient_funds"), ("expired", "expired_card"),
])  # fmt: skip
def test_the_bank_s_own_reason_comes_through(shop: Shop, acme: Company, card: str, code: str) -> None:
    acme.subscribe("team", "month")
    shop.double.cards(acme.row.customer_id or "", card)
    with pytest.raises(CardDeclined) as declined:
        acme.change("business", "year")
    assert declined.value.message == code


def test_of_a_refusal_no_words_of_stripes_are_kept(shop: Shop, acme: Company) -> None:
    """They are English, and may name people; what is kept is a code, a parameter and the request's number."""
    acme.subscribe()
    with pytest.raises(StripeRefused) as refused:
        shop.gateway.set_items(
            acme.at_stripe, price_id="price_of_nobody", seats=1, prorations="none", must_be_paid=False, key="k"
        )
    assert "No such" not in refused.value.message
    assert "resource_missing" in refused.value.message
