"""What the double heeds is what the package would send: by the names of its own parameter types."""

from __future__ import annotations

import inspect
from importlib import import_module

import pytest

from tests.stripe import double
from tests.stripe.description import DIFFERENCES, VERSION, described_version, parameters
from tests.stripe.routes import heeded

PARAMETERS = {
    "POST /v1/products": "_product_create_params.ProductCreateParams",
    "POST /v1/products/{}": "_product_update_params.ProductUpdateParams",
    "GET /v1/products": "_product_list_params.ProductListParams",
    "POST /v1/prices": "_price_create_params.PriceCreateParams",
    "POST /v1/prices/{}": "_price_update_params.PriceUpdateParams",
    "GET /v1/prices": "_price_list_params.PriceListParams",
    "POST /v1/customers": "_customer_create_params.CustomerCreateParams",
    "POST /v1/customers/{}": "_customer_update_params.CustomerUpdateParams",
    "GET /v1/customers": "_customer_list_params.CustomerListParams",
    "POST /v1/coupons": "_coupon_create_params.CouponCreateParams",
    "POST /v1/promotion_codes": "_promotion_code_create_params.PromotionCodeCreateParams",
    "GET /v1/promotion_codes": "_promotion_code_list_params.PromotionCodeListParams",
    "POST /v1/subscriptions": "_subscription_create_params.SubscriptionCreateParams",
    "POST /v1/subscriptions/{}": "_subscription_update_params.SubscriptionUpdateParams",
    "GET /v1/subscriptions": "_subscription_list_params.SubscriptionListParams",
    "DELETE /v1/subscriptions/{}": "_subscription_cancel_params.SubscriptionCancelParams",
    "POST /v1/subscriptions/{}/resume": "_subscription_resume_params.SubscriptionResumeParams",
    "POST /v1/invoices": "_invoice_create_params.InvoiceCreateParams",
    "POST /v1/invoices/{}": "_invoice_update_params.InvoiceUpdateParams",
    "POST /v1/invoices/{}/pay": "_invoice_pay_params.InvoicePayParams",
    "POST /v1/invoices/create_preview": "_invoice_create_preview_params.InvoiceCreatePreviewParams",
    "GET /v1/invoices": "_invoice_list_params.InvoiceListParams",
    "POST /v1/invoiceitems": "_invoice_item_create_params.InvoiceItemCreateParams",
    "POST /v1/payment_methods": "_payment_method_create_params.PaymentMethodCreateParams",
    "GET /v1/events": "_event_list_params.EventListParams",
    "POST /v1/webhook_endpoints": "_webhook_endpoint_create_params.WebhookEndpointCreateParams",
    "POST /v1/checkout/sessions": "checkout._session_create_params.SessionCreateParams",
    "GET /v1/checkout/sessions": "checkout._session_list_params.SessionListParams",
    "POST /v1/billing_portal/sessions": "billing_portal._session_create_params.SessionCreateParams",
    "POST /v1/billing_portal/configurations": "billing_portal._configuration_create_params.ConfigurationCreateParams",
    "POST /v1/test_helpers/test_clocks": "test_helpers._test_clock_create_params.TestClockCreateParams",
}


def _typed(operation: str) -> set[str]:
    module, _, name = PARAMETERS[operation].rpartition(".")
    known: type = getattr(import_module(f"stripe.params.{module}"), name)
    return set(inspect.get_annotations(known))


@pytest.mark.parametrize("operation", sorted(PARAMETERS))
def test_what_the_double_heeds_is_in_the_package_and_in_the_description(operation: str) -> None:
    names = {name.partition(".")[0] for name in heeded(operation)}
    assert names - _typed(operation) == set()
    assert names - set(parameters(operation)["properties"]) == set()


@pytest.mark.parametrize("operation", sorted(DIFFERENCES))
def test_each_difference_is_one_that_the_package_has(operation: str) -> None:
    for path, schema in DIFFERENCES[operation].items():
        if "." not in path:
            assert (path in _typed(operation)) == (schema is not None)


def test_the_description_is_the_one_that_was_looked_through() -> None:
    assert described_version() == "2026-08-26.dahlia"


def test_the_version_is_the_package_s() -> None:
    import stripe

    assert stripe.api_version == VERSION
    assert double.KEY.startswith("sk_test_")
