"""A record's history says that it changed hands by a hand-over, with a link for who may see that."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest

from saas_crm.hand_over import actions
from tenants.context import current_tenant
from tests.hand_over.conftest import give
from tests.hand_over.estate import BASE, Acting
from tests.support.clients import Browser, statements
from tests.support.making import Maker

ClientFor = Callable[..., Browser]
__all__ = ["give"]


def test_it_is_told_and_linked_for_who_may_see_it(
    client_for: ClientFor, make: Maker, acting: Acting, give: Callable[..., UUID]
) -> None:
    company = make.company("rep", name="Adler")
    path = f"/acme/companies/{company.id}/history"
    assert "by hand-over" not in client_for("owner").get(path).text
    hand_over_id = give("teammate")
    page = client_for("owner").get(path)
    assert page.text.count("by hand-over") == 1
    assert f'href="/acme/hand-overs/{hand_over_id}">by hand-over</a>' in page.text
    assert statements(page) <= 8
    taker = client_for("teammate").get(path)
    assert f'href="/acme/handed-to-me?hand_over={hand_over_id}">by hand-over</a>' in taker.text
    assert client_for("teammate").get(f"/acme/handed-to-me?hand_over={hand_over_id}").status_code == 200
    other = client_for("viewer").get(path)
    assert (other.text.count("by hand-over"), str(hand_over_id) in other.text) == (1, False)
    with acting("owner") as owner:
        actions.undo(hand_over_id, actor=owner, tenant=current_tenant(), base_url=BASE)
    assert client_for("owner").get(path).text.count("by hand-over</a>") == 2, "there and back"


@pytest.mark.parametrize("kind", ["contact", "deal", "activity"])
def test_of_every_kind(client_for: ClientFor, make: Maker, give: Callable[..., UUID], kind: str) -> None:
    task = {"kind": "task", "subject": "Ring", "due_at": "2030-05-06T09:00"}
    record = getattr(make, kind)("rep", **(task if kind == "activity" else {"name": "Umbau"}))
    give("teammate")
    place = {"contact": "contacts", "deal": "deals", "activity": "activities"}[kind]
    assert "by hand-over</a>" in client_for("owner").get(f"/acme/{place}/{record.id}/history").text
