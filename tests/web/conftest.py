"""Who drives the pages, the stages and records they begin with, and what people sign in by."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from uuid import UUID

import pytest
from flask import Flask

from saas_crm.access.permissions import CurrentMember
from saas_crm.access.sso import talking
from saas_crm.opportunities.pipelines import StageView, pipelines
from tests.support.clients import Browser
from tests.support.field_rules import close_fields
from tests.support.identity_provider import IdentityProvider, identity_provider
from tests.support.making import Maker
from tests.support.security_key import SecurityKey
from tests.web.pages import errors
from tests.web.passkeys import register
from tests.web.sso import PAGE, decided


@pytest.fixture
def admin(client_for: Callable[..., Browser]) -> Browser:
    """An admin's browser."""
    return client_for("admin")


@pytest.fixture
def rep(client_for: Callable[..., Browser]) -> Browser:
    """A sales rep's browser."""
    return client_for("rep")


@pytest.fixture
def owner(client_for: Callable[..., Browser], sold: Flask) -> Browser:
    """The owner's browser, at an application that takes money."""
    return client_for("owner", sold)


@pytest.fixture
def nobody(client_for: Callable[..., Browser]) -> Browser:
    """The browser of who is not signed in."""
    return client_for(None)


@pytest.fixture
def passkey(client_for: Callable[..., Browser]) -> SecurityKey:
    """The rep's passkey."""
    return register(client_for("rep"))


@pytest.fixture(scope="session")
def running_provider() -> Iterator[IdentityProvider]:
    """A provider for the whole run: its keys take a while to make."""
    with identity_provider() as provider:
        yield provider


@pytest.fixture
def provider(running_provider: IdentityProvider) -> IdentityProvider:
    """A provider at which the rep is signed in, and which tells the truth."""
    running_provider.lies, running_provider.codes = {}, {}
    running_provider.asked, running_provider.given = [], []
    talking.forget_providers()
    running_provider.be("rep@acme.example")
    return running_provider


@pytest.fixture
def on(client_for: Callable[..., Browser], provider: IdentityProvider) -> Callable[..., None]:
    """Switch single sign-on on for acme: `on(mandatory="1")`."""

    def turn_on(**more: str) -> None:
        answer = client_for("owner").post(PAGE, data=decided(provider, **more))
        assert answer.status_code == 303, errors(answer)

    return turn_on


@pytest.fixture
def stages(make: Maker) -> list[StageView]:
    """The stages of the first pipeline, in order."""
    return make.stages()


@pytest.fixture
def pipeline_id(acting: Callable[[str], AbstractContextManager[CurrentMember]]) -> UUID:
    """The first pipeline."""
    with acting("owner") as owner:
        return pipelines(owner)[0].id


@pytest.fixture
def estate(acting: Callable[[str], AbstractContextManager[CurrentMember]], make: Maker) -> dict[str, object]:
    """A customer, their contact and their deal, all of a rep whose role closes fields."""
    company = make.company("rep", name="Veil Ltd", phone="+12125550177", city="Hiddenville", street="Secret Road 1")
    contact = make.contact(
        "rep", name="Ada Veil", company_id=str(company.id), phone="+12125550100", mobile="+12125550199",
        email="ada.secret@veil.example", birthday="1988-05-06", city="Hiddenville", job_title="Buyer",
    )  # fmt: skip
    deal = make.deal("rep", name="Veiled deal", amount="98,765", company_id=str(company.id), contact_id=str(contact.id))
    make.activity("rep", kind="call", company_id=str(company.id), contact_id=str(contact.id))
    close_fields(acting)
    return {"company": company.id, "contact": contact.id, "deal": deal.id}
