"""Who drives the pages of deals and stages, and the stages they begin with."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from uuid import UUID

import pytest

from saas_crm.access.permissions import CurrentMember
from saas_crm.opportunities.pipelines import StageView, pipelines
from tests.support.clients import Browser
from tests.support.field_rules import close_fields
from tests.support.making import Maker


@pytest.fixture
def admin(client_for: Callable[..., Browser]) -> Browser:
    """An admin's browser."""
    return client_for("admin")


@pytest.fixture
def rep(client_for: Callable[..., Browser]) -> Browser:
    """A sales rep's browser."""
    return client_for("rep")


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
