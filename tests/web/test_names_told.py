"""The name of a customer is told only to who may see the customer, wherever it stands beside something else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from saas_crm.opportunities.models import Opportunity
from tenants.db import db
from tests.support.clients import Browser, statements
from tests.support.making import Maker

ClientFor = Callable[..., Browser]
NAMES = ("Nordwind Hidden", "Una Unseen")


@pytest.fixture
def deal(make: Maker) -> Opportunity:
    """A deal of the rep's with a company and a contact that the rep does not see."""
    company = make.company("colleague", name=NAMES[0], phone="+1 212 555 0100")
    contact = make.contact("colleague", name=NAMES[1], company_id=str(company.id))
    return make.deal("owner", owner="rep", name="Ovens", company_id=str(company.id), contact_id=str(contact.id))


@pytest.mark.parametrize("path", ["/deals", "/deals?view=list", "/deals/{id}", "/deals/{id}/edit", "/search?q=ovens"])
def test_pages_of_deals(client_for: ClientFor, deal: Opportunity, path: str) -> None:
    where = "/acme" + path.format(id=deal.id)
    told = {who: client_for(who).get(where) for who in ("rep", "owner")}
    for who, page in told.items():
        assert "Ovens" in page.text
        assert statements(page) <= 9, f"{who}; one of them finds the workspace, which is then remembered"
    assert not any(name in told["rep"].text for name in NAMES)
    if "search" not in path:
        assert any(name in told["owner"].text for name in NAMES)


def test_the_card_after_a_move(client_for: ClientFor, deal: Opportunity, make: Maker) -> None:
    data = {"stage_id": str(make.stages()[1].id), "version": "1"}
    answer = client_for("rep").post(f"/acme/deals/{deal.id}/stage", data=data, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert not any(name in answer.text for name in NAMES)


def test_who_changes_the_deal_keeps_its_customer(client_for: ClientFor, deal: Opportunity, acting: Any) -> None:
    form = {"name": "Ovens and more", "version": "1", "company_id": str(deal.company_id), "company_id_text": "",
            "contact_id": str(deal.contact_id), "contact_id_text": ""}  # fmt: skip
    assert client_for("rep").post(f"/acme/deals/{deal.id}", data=form).status_code == 303
    assert customer(acting, deal.id) == ("Ovens and more", deal.company_id, deal.contact_id)


def customer(acting: Any, deal_id: UUID) -> tuple[str, UUID | None, UUID | None]:
    with acting("owner"):
        found = db.session.scalar(select(Opportunity).where(Opportunity.id == deal_id))
        return found.name, found.company_id, found.contact_id
