"""Who is known already: the reasons, their order, and what may not be seen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from saas_crm.customers.duplicates import company_twins, contact_twins
from saas_crm.customers.names import openings
from tests.support.making import Maker

Acting = Callable[[str], Any]


@pytest.mark.parametrize(("typed", "stored"), [
    ("Mueller Maschinenbau", "Müller Maschinenbau GmbH"), ("Müller Maschinnenbau", "Müller Maschinenbau"),
    ("华为技术", "华为技术有限公司"), ("Nordwind Logistik KG", "Nordwind Logistik"),
    ("bäckerei österreicher", "Baeckerei Oesterreicher"),
])  # fmt: skip
def test_near_same_companies_are_found(acting: Acting, make: Maker, typed: str, stored: str) -> None:
    make.company("rep", name=stored)
    make.company("rep", name="Something Else")
    with acting("rep") as rep:
        assert [(twin.name, twin.reason) for twin in company_twins(rep, name=typed)] == [(stored, "name")]


def test_each_record_is_named_once_by_its_surest_reason(acting: Acting, make: Maker) -> None:
    company = make.company("rep", name="Ada Ltd", email="info@ada.example", phone="+12125550101", website="ada.example")
    with acting("rep") as rep:
        found = company_twins(rep, name="Ada Ltd", email="info@ada.example", phone="+12125550101")
        assert [(twin.id, twin.reason) for twin in found] == [(company.id, "email")]
        assert company_twins(rep, name="Ada Ltd", but=company.id) == []
        assert company_twins(rep) == []


def test_an_address_of_a_mail_provider_says_nothing_of_the_company(acting: Acting, make: Maker) -> None:
    make.company("rep", name="Ada Ltd", email="ada@gmail.com")
    with acting("rep") as rep:
        assert company_twins(rep, email="bob@gmail.com") == []


def test_at_most_five_and_only_what_one_sees(acting: Acting, make: Maker) -> None:
    for _ in range(8):
        make.company("rep", name="Ada Ltd", phone="+12125550101")
    with acting("rep") as rep:
        assert len(company_twins(rep, phone="+12125550101", name="Ada Ltd")) == 5
    with acting("colleague") as colleague:
        assert company_twins(colleague, phone="+12125550101", name="Ada Ltd") == []


def test_contacts_by_either_number_mail_or_name(acting: Acting, make: Maker) -> None:
    make.contact("rep", name="Eva Österreicher", phone="+12125550101", mobile="+16465550199", email="eva@ada.example")
    with acting("rep") as rep:
        assert contact_twins(rep, phones=("+16465550199", ""))[0].reason == "phone"
        assert contact_twins(rep, phones=("", "+12125550101"))[0].reason == "phone"
        assert contact_twins(rep, email="eva@ada.example")[0].reason == "email"
        assert contact_twins(rep, name="Eva Oesterreicher")[0].reason == "name"
        assert contact_twins(rep, name="Eva") == []


def test_the_bin_has_no_twins(acting: Acting, client_for: Callable[..., Any], make: Maker) -> None:
    company = make.company("rep", name="Ada Ltd", phone="+12125550101")
    client_for("rep").post(f"/acme/companies/{company.id}/recycle")
    with acting("rep") as rep:
        assert company_twins(rep, name="Ada Ltd", phone="+12125550101") == []


def test_openings_are_of_the_two_longest_words() -> None:
    assert openings("Müller Maschinenbau GmbH & Co. KG") == ["maschi", "muller"]
    assert openings("AB") == ["ab"]
    assert openings("X") == []
    assert openings("") == []
