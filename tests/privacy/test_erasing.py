"""Erasing a person: nothing of them is left anywhere, the numbers stay, and it is all or nothing."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import replace
from threading import Barrier
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm.exc import StaleDataError

from saas_crm.access.permissions import CurrentMember
from saas_crm.core.errors import AlreadyExists, Forbidden, InvalidInput, NotFound
from saas_crm.customers import actions as customers
from saas_crm.customers.queries import get_contact
from saas_crm.customers.schemas import ContactWrite
from saas_crm.opportunities.models import Opportunity, OpportunityTotal, StageChange
from saas_crm.privacy import erasing, erasures
from saas_crm.privacy.consents import record_consent
from saas_crm.privacy.exporting import personal_data
from saas_crm.privacy.registry import Holding, holdings
from saas_crm.privacy.schemas import ConsentWrite, ErasureWrite
from tenants.db import db
from tests.support.cast import Cast
from tests.support.clients import Browser, Phone
from tests.support.contents import everything
from tests.support.installation import Installation
from tests.support.making import Maker

Acting = Callable[[str], AbstractContextManager[CurrentMember]]
EVA = {
    "name": "Eva Tulpe", "email": "eva@tulpe.example", "mobile": "+493012345678", "job_title": "Zwiebelfrau",
    "street": "Blumenweg 7", "city": "Tulpenstadt", "birthday": "1980-05-03", "tags": "Tulpenfan",
    "description": "Loves Tulpen",
}  # fmt: skip
TRACES = ("tulpe", "12345678", "zwiebelfrau", "blumenweg", "1980-05-03")
ERASE = ErasureWrite(name="eva tulpe")


@pytest.fixture
def eva(make: Maker, acting: Acting, api_for: Callable[..., Phone], client_for: Callable[..., Browser]) -> UUID:
    """A contact of the rep's at a company, with something of her in every room, and long gone as well."""
    company = make.company("rep", name="Gartenbau")
    at = {"company_id": str(company.id)}
    contact = make.contact("rep", **EVA, **at)
    hers = {**at, "contact_id": str(contact.id)}
    deal = make.deal("rep", name="Garden of Eva Tulpe", amount="1200", description="Eva Tulpe wants it", **hers)
    make.deal("rep", name="Other", amount="5", contact_ids=str(contact.id), **at)
    make.deal("rep", name="Fair: Tulpe, Eva", amount="7", **at)
    make.activity("rep", subject="Call with Tulpe", body="asked for tulips, 030 12345678", **hers)
    make.activity("rep", kind="task", subject="Ring Tulpe again", due_at="2030-01-05T09:00", **hers)
    make.activity("rep", kind="note", body="Eva Tulpe is the boss, her number is (030) 1234-5678", **at)
    gone = make.activity("rep", subject="A word of Tulpe", **hers)
    binned = make.contact("rep", **EVA)
    with acting("rep") as rep:
        customers.recycle(get_contact(binned.id, member=rep), actor=rep)
        found = get_contact(contact.id, member=rep)
        record_consent(found, ConsentWrite(channel="email", purpose="marketing", state="given", note="Tulpe said so"),
                       actor=rep)  # fmt: skip
        customers.update_contact(found, ContactWrite.model_construct({"city"}, city="Tulpenau"), actor=rep)
        db.session.execute(text("DELETE FROM activities WHERE id = :id"), {"id": gone.id})
    rep_phone = api_for("rep")
    key = {"Idempotency-Key": "key-of-eva-1", "Content-Type": "application/merge-patch+json"}
    rep_phone.patch(f"/contacts/{contact.id}", data='{"region": "Tulpengau"}', headers=key)
    share = {"member_id": str(make.member_id("colleague"))}
    rep_phone.post(f"/contacts/{contact.id}/account-team", json=share)
    assert deal.contact_id == contact.id
    return contact.id


def traces(installation: Installation, schema: str) -> list[str]:
    return [
        f"{table}: {trace}"
        for table, content in everything(installation, schema).items()
        for trace in TRACES
        if trace in content
    ]


def numbers() -> tuple[Any, ...]:
    totals = select(func.sum(OpportunityTotal.count), func.sum(OpportunityTotal.amount))
    deals = select(func.count(), func.sum(Opportunity.amount)).select_from(Opportunity)
    steps = select(func.count()).select_from(StageChange)
    return tuple(tuple(db.session.execute(query).one()) for query in (totals, deals, steps))


def test_nothing_of_the_person_is_left_and_the_numbers_stay(
    installation: Installation, cast: Cast, acting: Acting, eva: UUID
) -> None:
    schema = cast.tenants["acme"].schema_name
    known = {line.partition(":")[0] for line in traces(installation, schema)}
    assert known >= {"contacts", "activities", "opportunities", "consents", "audit_log", "search_entries", "answers"}
    with acting("owner") as owner:
        before = numbers()
        parts = erasing.parts_of(erasing.person_to_erase(eva, actor=owner))
    with acting("owner") as owner:
        erasure_id = erasing.erase(eva, ERASE, actor=owner)
    assert traces(installation, schema) == []
    with acting("owner") as owner:
        assert numbers() == before
        found = erasures.erasure(erasure_id, member=owner)
        assert [tuple(part) for part in found.parts] == [tuple(part) for part in parts], "the preview said the same"
        assert {(kind, fate): num for kind, fate, num in parts} == {
            ("opportunity_text", "emptied"): 2, ("opportunity", "kept"): 2, ("plan", "removed"): 1,
            ("activity_text", "emptied"): 2, ("activity", "kept"): 1, ("consent", "removed"): 1,
            ("share", "removed"): 1, ("contact", "removed"): 2, ("history", "emptied"): found.parts[-1][2],
        }  # fmt: skip
        assert erasures.is_about(found, "EVA@tulpe.example")
        assert not erasures.is_about(found, "adam@tulpe.example")


def test_the_log_still_tells_who_did_what(installation: Installation, cast: Cast, acting: Acting, eva: UUID) -> None:
    schema = cast.tenants["acme"].schema_name
    said = f"SELECT id, at, member_id, action, resource, record_id FROM {schema}.audit_log ORDER BY id"
    with installation.place.owner() as connection:
        before = connection.execute(said).fetchall()
    with acting("owner") as owner:
        erasing.erase(eva, ERASE, actor=owner)
    with installation.place.owner() as connection:
        assert connection.execute(said).fetchall()[: len(before)] == before
        rows = connection.execute(f"SELECT changes FROM {schema}.audit_log WHERE record_id = %s ORDER BY id", [eva])
        changes = [row[0] for row in rows.fetchall()]
    assert changes[0]["name"] == [None, "***"]
    assert changes[0]["owner_id"] == [None, str(cast["rep"].member_id)]
    assert {"city": ["***", "***"]} in changes


def test_who_may_not_and_who_is_not_there(acting: Acting, eva: UUID, make: Maker) -> None:
    for who in ("rep", "manager", "viewer"):
        with acting(who) as member, pytest.raises(Forbidden):
            erasing.erase(eva, ERASE, actor=member)
    with acting("outsider") as outsider, pytest.raises(NotFound):
        erasing.erase(eva, ERASE, actor=outsider)
    with acting("owner") as owner, pytest.raises(InvalidInput) as refused:
        erasing.erase(eva, ErasureWrite(name="Eva"), actor=owner)
    assert refused.value.codes == {"name": "other_name"}


def test_a_role_that_hides_something_of_people_does_no_half_work(acting: Acting, eva: UUID) -> None:
    with acting("admin") as admin:
        blinded = replace(admin, fields={"contact.phone": "hidden"})
        with pytest.raises(Forbidden):
            erasing.erase(eva, ERASE, actor=blinded)
        with pytest.raises(Forbidden):
            erasing.person_to_erase(eva, actor=blinded)
        with pytest.raises(Forbidden):
            personal_data(eva, actor=blinded, kind="json")
        assert personal_data(eva, actor=admin, kind="json")["contact"][0]["mobile"] == EVA["mobile"]


def test_two_at_once_make_one_certificate(acting: Acting, eva: UUID) -> None:
    start = Barrier(2)

    def erase(who: str) -> tuple[str, str]:
        try:
            with acting(who) as actor:
                start.wait()
                return "erased", str(erasing.erase(eva, ERASE, actor=actor))
        except AlreadyExists as done:
            return "there", str(done)

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(erase, ("owner", "admin")))
    assert sorted(answer[0] for answer in answers) == ["erased", "there"]
    assert answers[0][1] == answers[1][1]


def test_who_edits_meanwhile_brings_nothing_back(
    installation: Installation, cast: Cast, acting: Acting, eva: UUID
) -> None:
    loaded, erased = Barrier(2), Barrier(2)

    def edit() -> str:
        try:
            with acting("rep") as rep:
                contact = get_contact(eva, member=rep)
                loaded.wait()
                erased.wait()
                data = ContactWrite.model_construct({"city"}, city="Tulpenhausen")
                customers.update_contact(contact, data, actor=rep)
        except StaleDataError:
            return "lost"
        return "saved"

    with ThreadPoolExecutor(1) as pool:
        edited = pool.submit(edit)
        loaded.wait()
        with acting("owner") as owner:
            erasing.erase(eva, ERASE, actor=owner)
        erased.wait()
        assert edited.result() == "lost"
    assert traces(installation, cast.tenants["acme"].schema_name) == []


def test_what_breaks_halfway_leaves_everything_as_it_was(
    installation: Installation, cast: Cast, acting: Acting, eva: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A room whose records cannot be erased stops all of it: here one that asks the database for nonsense."""
    schema = cast.tenants["acme"].schema_name
    before = everything(installation, schema)
    breaking = Holding(erases=lambda _person: db.session.execute(text("SELECT 1 / 0")))
    monkeypatch.setitem(holdings, "breaking", breaking)
    with pytest.raises(DBAPIError), acting("owner") as owner:
        erasing.erase(eva, ERASE, actor=owner)
    assert everything(installation, schema) == before


def test_a_won_deal_is_kept_as_long_as_the_workspace_decided(acting: Acting, make: Maker) -> None:
    contact = make.contact("rep", name="Eva Tulpe")
    make.deal("rep", name="Roses", amount="10", contact_id=str(contact.id), outcome="won")
    with acting("owner") as owner, pytest.raises(InvalidInput) as refused:
        erasing.erase(contact.id, ERASE, actor=owner)
    assert refused.value.codes == {"": "duty"}
    with acting("owner"):
        db.session.execute(text("UPDATE opportunities SET closed_at = now() - interval '11 years'"))
    with acting("owner") as owner:
        assert erasing.erase(contact.id, ERASE, actor=owner)


def test_deals_of_a_consumer_lose_their_notes(acting: Acting, make: Maker) -> None:
    contact = make.contact("rep", name="Eva Tulpe")
    deal = make.deal("rep", name="Kitchen", description="She is ill", amount="10", contact_id=str(contact.id))
    with acting("owner") as owner:
        erasing.erase(contact.id, ERASE, actor=owner)
    with acting("owner"):
        row = db.session.execute(
            select(Opportunity.name, Opportunity.description, Opportunity.contact_id, Opportunity.amount)
            .where(Opportunity.id == deal.id)
        ).one()  # fmt: skip
    assert tuple(row) == ("Kitchen", "", None, 10)


@pytest.mark.parametrize(
    "attack",
    [
        "SELECT public.erase_audit(gen_random_uuid())",
        "SELECT public.erase_audit(id) FROM erasures",
        "UPDATE audit_log SET changes = '{}'",
        "DELETE FROM erasures",
        "UPDATE erasures SET parts = '[]'",
        "DELETE FROM consents",
        "UPDATE consents SET state = 'given'",
        "UPDATE erasure_items SET fields = '{role_id}'",
    ],
)
def test_the_workspace_itself_cannot_do_more(acting: Acting, make: Maker, attack: str) -> None:
    contact = make.contact("rep", name="Eva Tulpe")
    with acting("owner") as owner:
        erasing.erase(contact.id, ERASE, actor=owner)
    with acting("owner"), pytest.raises(DBAPIError) as refused:
        db.session.execute(text(attack))
    assert isinstance(refused.value.orig, psycopg.errors.InsufficientPrivilege | psycopg.errors.RaiseException)
