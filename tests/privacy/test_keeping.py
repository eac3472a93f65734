"""Duties to keep a person hold against deleting, purging and whoever is quick."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm.exc import StaleDataError

from saas_crm.access.permissions import CurrentMember
from saas_crm.core.recycling import purge_batch
from saas_crm.opportunities import closing
from saas_crm.opportunities.queries import get_opportunity
from saas_crm.opportunities.schemas import Closure
from saas_crm.privacy import erasing
from saas_crm.privacy.registry import Person
from saas_crm.privacy.schemas import ErasureWrite
from tenants.db import db
from tests.support.api import problem
from tests.support.clients import Browser, Phone
from tests.support.making import Maker

Acting = Callable[[str], AbstractContextManager[CurrentMember]]


@pytest.mark.newest  # duties to keep come with their tables
def test_who_has_a_won_deal_is_not_deleted(
    api_for: Callable[..., Phone], client_for: Callable[..., Browser], make: Maker
) -> None:
    eva = make.contact("rep", name="Eva Tulpe")
    make.deal("rep", name="Roses", amount="9", contact_id=str(eva.id), outcome="won")
    refused = problem(api_for("rep").delete(f"/contacts/{eva.id}"), 422)
    assert refused["errors"][0]["code"] == "duty"
    rep = client_for("rep")
    answer = rep.post(f"/acme/contacts/{eva.id}/recycle")
    assert "a deal was won with them" in rep.get(answer.location).text
    assert rep.get(f"/acme/contacts/{eva.id}").status_code == 200


@pytest.mark.newest  # duties to keep come with their tables
def test_who_must_be_kept_stays_in_the_bin(acting: Acting, make: Maker) -> None:
    """Somebody who was deleted before the deal was won."""
    eva, other = make.contact("rep", name="Eva Tulpe"), make.contact("rep", name="Other")
    make.deal("rep", name="Roses", amount="9", contact_id=str(eva.id), outcome="won")
    with acting("owner"):
        db.session.execute(text("UPDATE contacts SET deleted_at = now() - interval '40 days'"))
    with acting("owner"):
        assert purge_batch() == 1
    with acting("owner"):
        assert db.session.scalars(text("SELECT id FROM contacts")).all() == [eva.id] != [other.id]
        db.session.execute(text("UPDATE opportunities SET closed_at = now() - interval '11 years'"))
    with acting("owner"):
        assert purge_batch() == 1


@pytest.mark.newest  # the thread that erases lacks its tables, and the other one waits for it
def test_who_wins_a_deal_meanwhile_waits(acting: Acting, make: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    """A deal is read, the erasure asks for duties, and then the deal is won: one of both has to come first."""
    eva = make.contact("rep", name="Eva Tulpe")
    deal = make.deal("rep", name="Roses", amount="9", contact_id=str(eva.id))
    asked, read = Barrier(2), Barrier(2)
    real = erasing.parts_of

    def parts_of(person: Person) -> Any:
        asked.wait(20)
        read.wait(20)
        return real(person)

    monkeypatch.setattr(erasing, "parts_of", parts_of)

    def erase() -> None:
        with acting("owner") as owner:
            erasing.erase(eva.id, ErasureWrite(name="Eva Tulpe"), actor=owner)

    def win() -> None:
        with acting("rep") as rep:
            found = get_opportunity(deal.id, member=rep)
            read.wait(20)
            closing.close(found, Closure(outcome="won", reason="price"), actor=rep)

    with ThreadPoolExecutor(1) as pool:
        erasing_it = pool.submit(erase)
        asked.wait(20)
        with pytest.raises(StaleDataError):
            win()
        erasing_it.result()
    with acting("owner"):
        left = db.session.execute(text("SELECT status, contact_id FROM opportunities")).one()
    assert tuple(left) == ("open", None)
