"""The door to Stripe: what it sends is as Stripe's description says, what goes wrong is told in our words."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from billing import portal, stripe_gateway
from billing.changing import preview
from billing.errors import BillingOff, CardDeclined, NothingToDo, StripeRefused, StripeUnreachable
from billing.gateways import gateway_needed, gateway_of
from billing.invoices import invoices, upcoming
from billing.portal import portal_url
from tenants.db import db, tenant_scope
from tests.billing.company import Company, Shop
from tests.stripe import KEY


def test_the_version_is_the_packages_own() -> None:
    """A new major of the package speaks another version: then every answer is to be looked at again."""
    assert stripe.api_version == stripe_gateway.API_VERSION


def test_without_a_key_there_is_no_door(shop: Shop) -> None:
    off = shop.settings.model_copy(update={"stripe_secret_key": None})
    assert gateway_of(off) is None
    with pytest.raises(BillingOff):
        gateway_needed(off)


def test_nothing_is_open_while_stripe_is_asked(shop: Shop, acme: Company) -> None:
    from saas_crm.access.models import Member

    with tenant_scope(acme.tenant):
        assert db.session.scalar(db.select(db.func.count(Member.id))) > 0
        assert db.session().in_transaction()
        gateway_needed(shop.settings)
        assert not db.session().in_transaction()
        raised = db.update(Member).values(version=Member.version + 1)
        db.session.execute(raised, execution_options={"synchronize_session": False})
        with pytest.raises(RuntimeError, match="before anything is changed"):
            gateway_needed(shop.settings)


@pytest.mark.parametrize("trouble", ["rate_limit", "server_error", "connection"])
def test_what_passes_is_tried_again_and_what_does_not_is_told(shop: Shop, acme: Company, trouble: str) -> None:
    acme.subscribe()
    shop.double.trouble(trouble, times=1, path="/v1/subscriptions")
    if trouble != "rate_limit":  # Stripe's package tries that again only where Stripe says so
        assert acme.at_stripe.lives
    shop.double.core.troubles.clear()
    shop.double.trouble(trouble, times=9, path="/v1/subscriptions")
    with pytest.raises(StripeUnreachable):
        _ = acme.at_stripe
    shop.double.core.troubles.clear()


def test_a_wrong_key_is_refused_without_a_word_of_it(shop: Shop) -> None:
    gateway = stripe_gateway.StripeGateway("sk_wrong_secret", "x", base=shop.double.url)
    with pytest.raises(StripeRefused) as refused:
        gateway.facts("cus_1")
    assert "sk_wrong_secret" not in str(refused.value)


def test_a_declined_card_changes_nothing(shop: Shop, acme: Company) -> None:
    acme.subscribe("team", "month")
    shop.double.cards(acme.row.customer_id or "", "declined")
    with pytest.raises(CardDeclined):
        acme.change("business", "year")
    sub = acme.at_stripe
    assert (sub.plan, sub.interval, sub.status) == ("team", "month", "active")
    assert (acme.row.plan, acme.row.interval, acme.row.state) == ("team", "month", "active")


def test_a_change_costs_what_was_shown_before(shop: Shop, acme: Company) -> None:
    acme.subscribe("team", "month")
    shop.goes_on(days=10)
    shown = preview(shop.settings, acme.tenant, plan="business", interval="year")
    assert shown.now > 0
    acme.change("business", "year")
    [newest, *_] = invoices(shop.settings, acme.tenant).lines
    assert (newest.amount, newest.currency, newest.state) == (shown.now, "EUR", "paid")
    assert newest.pdf_url
    following = upcoming(shop.settings, acme.tenant)
    assert following is not None
    assert following.amount == shown.then


def test_a_smaller_plan_costs_nothing_now(shop: Shop, acme: Company) -> None:
    acme.subscribe("business", "month")
    shown = preview(shop.settings, acme.tenant, plan="team", interval="month")
    assert (shown.now, shown.at_once, shown.from_at) == (0, False, acme.row.period_ends_at)


def test_the_portal_changes_how_one_pays_and_nothing_else(shop: Shop, acme: Company) -> None:
    with pytest.raises(NothingToDo):
        portal_url(shop.settings, acme.tenant, return_url="http://crm.example/back")
    acme.subscribe()
    for flow in ("", "payment_method_update"):
        assert portal_url(shop.settings, acme.tenant, return_url="http://crm.example/back", flow=flow)
    [configuration] = shop.double.request("GET", "/v1/billing_portal/configurations")["data"]
    features = configuration["features"]
    assert features["payment_method_update"]["enabled"]
    assert not features["subscription_cancel"]["enabled"]
    assert not features["subscription_update"]["enabled"]


def test_a_portal_that_was_switched_off_at_stripe_is_made_anew(shop: Shop, acme: Company) -> None:
    acme.subscribe()
    back, kept = "http://crm.example/back", "/v1/billing_portal/configurations"
    assert portal_url(shop.settings, acme.tenant, return_url=back)
    for _times in range(2):
        [was] = shop.double.request("GET", kept, {"active": True})["data"]
        shop.double.request("POST", f"{kept}/{was['id']}", {"active": False})
        assert portal_url(shop.settings, acme.tenant, return_url=back)
        [now] = shop.double.request("GET", kept, {"active": True})["data"]
        assert now["id"] != was["id"]


def test_what_else_is_refused_of_the_portal_is_told_and_nothing_is_looked_for(shop: Shop, acme: Company) -> None:
    acme.subscribe()
    assert portal_url(shop.settings, acme.tenant, return_url="http://crm.example/back")
    shop.double.requests.clear()
    with pytest.raises(StripeRefused) as refused:
        portal_url(shop.settings, acme.tenant, return_url="no address")
    assert refused.value.param == "return_url"
    assert [one.path for one in shop.double.requests] == ["/v1/billing_portal/sessions"], "nothing else, and once"


def test_where_stripe_names_nothing_the_portal_is_looked_at(shop: Shop, acme: Company) -> None:
    """One that is there was not what it refused; one that was switched off was."""
    kept, unnamed = "/v1/billing_portal/configurations", StripeRefused("InvalidRequestError", status=400)
    ours = shop.gateway.portal_configuration()
    with pytest.raises(StripeRefused) as told:
        portal._instead_of(shop.gateway, ours, unnamed)
    assert told.value is unnamed
    shop.double.request("POST", f"{kept}/{ours}", {"active": False})
    another = portal._instead_of(shop.gateway, ours, unnamed)
    assert [one["id"] for one in shop.double.request("GET", kept, {"active": True})["data"]] == [another]


def test_checkout_asks_for_all_that_an_invoice_needs(shop: Shop, acme: Company) -> None:
    session = acme.go_to_checkout("team", "year", seats=4)
    [asked] = [one for one in shop.double.requests if (one.method, one.path) == ("POST", "/v1/checkout/sessions")]
    params: dict[str, Any] = asked.params
    assert "payment_method_types" not in params  # Stripe offers what is usual where the customer is
    found = shop.double.request("GET", f"/v1/checkout/sessions/{session}")
    assert found["automatic_tax"]["enabled"]
    assert found["tax_id_collection"]["enabled"]
    assert found["allow_promotion_codes"]
    assert found["billing_address_collection"] == "required"
    assert params["customer_update"] == {"address": "auto", "name": "auto"}
    assert found["customer"] == acme.row.customer_id
    assert found["metadata"] == {"installation": shop.gateway.installation, "tenant_id": str(acme.id)}


def test_one_customer_for_each_workspace_whoever_asks(shop: Shop, acme: Company) -> None:
    from concurrent.futures import ThreadPoolExecutor

    from billing.checkout import become_customer

    def ask(_number: int) -> str:
        with shop.app.app_context():
            return become_customer(shop.gateway, acme.id)

    with ThreadPoolExecutor(6) as people:
        assert len(set(people.map(ask, range(6)))) == 1
    assert len(shop.double.request("GET", "/v1/customers")["data"]) == 1


def test_every_change_carries_a_key(shop: Shop, acme: Company) -> None:
    """What is sent again because no answer came must be carried out once: so nothing goes without a key of ours."""
    acme.subscribe("team", "month")
    acme.cancel()
    acme.take_back()
    acme.change("business", "month")
    acme.invite()
    shop.goes_on(hours=2)
    absolute = ("/v1/customers/", "/v1/checkout/sessions/", "/v1/invoices/create_preview")
    keyless = [one.path for one in shop.double.requests if one.method == "POST" and not one.key
               and not one.path.startswith(absolute)]  # fmt: skip
    assert keyless == []
    assert KEY not in str([one.params for one in shop.double.requests])
