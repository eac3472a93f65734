"""Who can see this record, and why."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from sqlalchemy import update

from saas_crm.access.models import Member
from saas_crm.access.permissions import CurrentMember
from tenants.db import db
from tests.support.cast import Cast
from tests.support.clients import Browser, statements
from tests.support.field_rules import close_fields
from tests.support.making import Maker
from tests.web.pages import heading

ClientFor = Callable[..., Browser]
Acting = Callable[[str], AbstractContextManager[CurrentMember]]


def test_everybody_is_named_with_a_reason(client_for: ClientFor, make: Maker) -> None:
    company = make.company("rep", name="Ada Ltd")
    admin, here = client_for("admin"), f"/acme/settings/access/company/{company.id}"
    record = admin.get(f"/acme/companies/{company.id}")
    assert here in record.text
    assert "Who can see this?" in record.text
    page = admin.get(here)
    assert heading(page) == "Who can see this?"
    assert "Acme Instruments › North" in page.text
    assert "Owns it." in page.text
    assert "Is in the owner&#39;s team, North." in page.text
    assert "The role Owner sees everything." in page.text
    assert "Carl Colleague" not in page.text
    assert statements(page) <= 8
    others = admin.get(f"{here}?part=cannot")
    assert "Carl Colleague" in others.text
    assert "The owner&#39;s team, North, is none they work for." in others.text
    one = admin.get(f"{here}?q=carl")
    assert "Does not see it" in one.text
    assert "Rita Rep</strong>" not in one.text
    assert "No member found" in admin.get(f"{here}?q=nobody").text


def test_it_is_told_through_which_customer(client_for: ClientFor, make: Maker) -> None:
    company = make.company("colleague")
    contact = make.contact("owner", owner="owner", company_id=str(company.id))
    page = client_for("admin").get(f"/acme/settings/access/contact/{contact.id}?q=carl")
    assert "Through the company it belongs to: Owns it." in page.text


def test_every_reason_is_named_with_what_a_share_allows(client_for: ClientFor, make: Maker, cast: Cast) -> None:
    company = make.company("rep", name="Ada Ltd")
    share = {"member_id": str(cast["manager"].member_id), "level": "edit"}
    assert client_for("owner").post(f"/acme/account-team/company/{company.id}", data=share).status_code == 303
    page = client_for("admin").get(f"/acme/settings/access/company/{company.id}?q=manager")
    assert "Leads the owner&#39;s team, North." in page.text or "Is in the owner&#39;s team, North." in page.text
    assert "It is shared with them: may edit." in page.text
    contact = make.contact("rep", company_id=str(company.id))
    through = client_for("admin").get(f"/acme/settings/access/contact/{contact.id}?q=manager")
    assert "Through the company it belongs to: It is shared with them: may edit." in through.text
    assert through.text.count("the owner&#39;s team, North.") == 1, "what holds for itself is not said of a parent"


def test_fields_that_the_role_takes_away_are_named(client_for: ClientFor, acting: Acting, make: Maker) -> None:
    contact = make.contact("rep", phone="+1 650 253 0000")
    close_fields(acting, {"contact.phone": "hidden", "contact.email": "masked", "contact.birthday": "read-only"})
    page = client_for("admin").get(f"/acme/settings/access/contact/{contact.id}?q=rita")
    assert "Hidden from them: Phone" in page.text
    assert "They see only a part of: E-mail" in page.text
    assert "They cannot change: Birthday" in page.text
    assert "Hidden from them" not in client_for("admin").get(f"/acme/settings/access/contact/{contact.id}?q=owner").text


def test_a_list_of_fields_is_written_as_the_language_writes_lists(
    client_for: ClientFor, acting: Acting, make: Maker, cast: Cast
) -> None:
    contact = make.contact("rep", phone="+1 650 253 0000")
    close_fields(acting, {"contact.phone": "hidden", "contact.mobile": "hidden"})
    page = f"/acme/settings/access/contact/{contact.id}?q=rita"
    assert "Mobile, Phone" in client_for("admin").get(page).text
    with acting("owner"):
        mine = update(Member).where(Member.id == cast["admin"].member_id)
        db.session.execute(mine.values(locale="zh_Hans"))
    assert "手机、电话" in client_for("admin").get(page).text


@pytest.mark.parametrize("kind", ["contact", "deal", "activity"])
def test_each_kind_of_record_has_it(client_for: ClientFor, make: Maker, kind: str) -> None:
    record = getattr(make, kind)("rep")
    words = {"deal": "opportunity"}.get(kind, kind)
    places = {"contact": "contacts", "deal": "deals", "activity": "activities"}
    here = f"/acme/settings/access/{words}/{record.id}"
    admin = client_for("admin")
    assert here in admin.get(f"/acme/{places[kind]}/{record.id}").text
    assert "Owns it." in admin.get(here).text
    assert here not in client_for("rep").get(f"/acme/{places[kind]}/{record.id}").text


@pytest.mark.parametrize("who", ["manager", "rep", "viewer"])
def test_others_are_not_told(client_for: ClientFor, make: Maker, who: str) -> None:
    company = make.company("rep")
    assert client_for(who).get(f"/acme/settings/access/company/{company.id}").status_code == 403
    assert "Who can see this?" not in client_for(who).get(f"/acme/companies/{company.id}").text


def test_what_is_not_there(client_for: ClientFor, make: Maker) -> None:
    admin, foreign = client_for("admin"), make.company("outsider")
    assert admin.get(f"/acme/settings/access/company/{foreign.id}").status_code == 404
    assert admin.get(f"/acme/settings/access/nonsense/{foreign.id}").status_code == 404
