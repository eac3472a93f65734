"""Finding a customer by exactly its name, and those at hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from saas_crm.customers.choosing import at_hand, ids_named, name_of
from saas_crm.customers.models import Company, Contact
from tests.support.making import Maker

Acting = Callable[[str], Any]


def test_a_name_is_found_whatever_its_case_and_accents(acting: Acting, make: Maker) -> None:
    company = make.company("rep", name="Österreicher & Söhne")
    make.company("rep", name="Österreicher")
    with acting("rep") as rep:
        assert ids_named(Company, "österreicher & SÖHNE", rep) == [company.id]
        assert ids_named(Company, "nobody", rep) == []
        assert ids_named(Contact, "Österreicher", rep) == []


def test_of_many_with_one_name_two_are_enough_to_know(acting: Acting, make: Maker) -> None:
    for _ in range(3):
        make.company("rep", name="Twin")
    with acting("rep") as rep:
        assert len(ids_named(Company, "Twin", rep)) == 2


def test_only_what_one_sees_has_a_name(acting: Acting, make: Maker) -> None:
    company = make.company("rep", name="Hidden")
    contact = make.contact("rep", company_id=company.id)
    with acting("colleague") as colleague:
        assert name_of(Company, company.id, colleague) == ""
        assert name_of(Contact, contact.id, colleague) == ""
        assert name_of(Company, None, colleague) == ""
        assert ids_named(Company, "Hidden", colleague) == []
        assert at_hand(Company, colleague) == []
        assert at_hand(Contact, colleague, company_id=company.id) == []
    with acting("teammate") as teammate:
        assert name_of(Company, company.id, teammate) == "Hidden"
        assert [row.id for row in at_hand(Contact, teammate, company_id=company.id)] == [contact.id]
