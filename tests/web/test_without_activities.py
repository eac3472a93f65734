"""Whose role does not see activities sees companies, contacts and deals all the same, without their story."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from uuid import UUID

from saas_crm.access.models import Member
from saas_crm.access.permissions import CurrentMember
from tenants.db import db
from tests.support.clients import Browser
from tests.support.making import Maker

PAGES = {"company:read": "own", "contact:read": "own", "opportunity:read": "own", "pipeline:read": "all"}


def test_the_pages_open_without_a_story(
    client_for: Callable[[str], Browser], make: Maker, acting: Callable[[str], AbstractContextManager[CurrentMember]]
) -> None:
    company = make.company("rep")
    contact, deal = make.contact("rep"), make.deal("rep", company_id=str(company.id), amount="1")
    make.activity("rep", subject="Said in confidence", company_id=str(company.id))
    role = make.own_role(**{name.replace(":", "__"): scope for name, scope in PAGES.items()})
    with acting("owner"):
        db.session.get_one(Member, make.member_id("rep")).role_id = UUID(role)
    rep = client_for("rep")
    for path in (f"companies/{company.id}", f"contacts/{contact.id}", f"deals/{deal.id}"):
        page = rep.get(f"/acme/{path}")
        assert page.status_code == 200, path
        assert "Your role does not see activities." in page.text
        assert "Said in confidence" not in page.text
        assert 'name="body"' not in page.text
