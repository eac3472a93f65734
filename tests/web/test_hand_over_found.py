"""Giving all that was found to one, the mails of a hand-over that is taken back, and the way to what one got."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from saas_crm.customers.models import Company
from tenants.db import new_id
from tests.support.clients import Browser
from tests.support.mailbox import Mailbox, body
from tests.support.making import Maker
from tests.web.test_hand_over import Acting, form, owner_of

ClientFor = Callable[..., Browser]


def picked(page: Any, company: Company, to: Any) -> bool:
    """Whether the plan shown gives a company to somebody."""
    value = f"{company.id}:{to}"
    return f'value="{value}" selected' in page.text or f'name="pick" value="{value}"' in page.text


def test_all_that_was_found_goes_to_one(client_for: ClientFor, acting: Acting, make: Maker) -> None:
    mills = [make.company("rep", name=f"Mill {number}") for number in range(3)]
    other, to = make.company("rep", name="Bakery"), make.member_id("manager")
    owner = client_for("owner")
    plan = form(make, "teammate", record_id=str(new_id()))
    page = owner.post("/acme/hand-overs/preview", data={**plan, "q": "mill", "all": "1", "all_to": str(to)})
    assert page.status_code == 200
    assert [picked(page, mill, to) for mill in mills] == [True] * 3
    assert not picked(page, other, to)
    bad = owner.post("/acme/hand-overs/preview", data={**plan, "all": "1", "all_to": str(new_id())})
    assert bad.status_code == 422
    chosen = [f"{mill.id}:{to}" for mill in mills]
    assert owner.post("/acme/hand-overs", data={**plan, "pick": chosen}).status_code == 303
    assert [owner_of(acting, one) for one in (*mills, other)] == [to] * 3 + [make.member_id("teammate")]


def test_whom_it_concerns_gets_a_mail_when_it_is_taken_back(
    client_for: ClientFor, make: Maker, mailbox: Mailbox
) -> None:
    make.company("rep", name="Ada")
    owner, key = client_for("owner"), str(new_id())
    owner.post("/acme/hand-overs", data=form(make, "teammate", record_id=key))
    mailbox.arrived("teammate@acme.example")
    assert owner.post(f"/acme/hand-overs/{key}/undo").status_code == 303
    theirs = mailbox.arrived("teammate@acme.example")[-1]
    assert theirs["subject"] == "What you took over from Rita Rep has gone back"
    assert "Olivia Owner has taken the hand-over back" in body(theirs)
    assert mailbox.arrived("rep@acme.example")[-1]["subject"] == "Your customers are yours again"


def test_the_menu_leads_to_what_one_got(client_for: ClientFor) -> None:
    assert 'href="/acme/handed-to-me"' in client_for("viewer").get("/acme/").text
