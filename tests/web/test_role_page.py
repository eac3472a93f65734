"""The page of a role: its parts fold, and what differs from the everyday role is marked and counted."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager

from sqlalchemy import update

from saas_crm.access.models import Role
from saas_crm.access.permissions import CurrentMember
from saas_crm.core.clock import now
from tenants.db import db
from tests.support.clients import Browser, statements
from tests.support.field_rules import close_fields
from tests.web.pages import words
from tests.web.roles import form_of, own_role, pages_of

ClientFor = Callable[..., Browser]
Acting = Callable[[str], AbstractContextManager[CurrentMember]]


def marks(page: str) -> int:
    """Return how many fields are marked as different."""
    return page.count('class="small differs"')


def test_a_role_tells_what_differs_from_the_everyday_one(client_for: ClientFor, acting: Acting) -> None:
    admin = client_for("admin")
    copied = admin.get(f"/acme/settings/roles/new?like={pages_of(acting)['rep'].rpartition('/')[2]}")
    assert marks(copied.text) == 0
    page = admin.get(own_role(acting))
    assert marks(page.text) > 0
    assert "Highlighted is what differs from the role “Sales rep”." in words(page)
    assert re.search(r">Contacts\s*<span[^>]*>1 differs<", page.text), "the hidden phone number"
    assert statements(page) <= 8
    assert "role-index" in page.text


def test_the_everyday_role_is_compared_with_how_it_came(client_for: ClientFor, acting: Acting) -> None:
    page, admin = pages_of(acting)["rep"], client_for("admin")
    assert marks(admin.get(page).text) == 0
    sent = form_of(admin, page, rule__company__website="hidden", confirmed="1")
    assert admin.post(page, data=sent).status_code == 303
    changed = admin.get(page)
    assert marks(changed.text) == 1
    assert "Highlighted is what differs from how this role came." in words(changed)


def test_nothing_is_compared_with_owners(client_for: ClientFor, acting: Acting) -> None:
    page = client_for("owner").get(pages_of(acting)["owner"])
    assert page.status_code == 200
    assert marks(page.text) == 0


def test_nothing_is_compared_where_there_is_no_everyday_role(client_for: ClientFor, acting: Acting) -> None:
    page = own_role(acting)
    with acting("owner"):
        db.session.execute(update(Role).where(Role.key == "rep").values(deleted_at=now()))
    shown = client_for("admin").get(page)
    assert shown.status_code == 200
    assert marks(shown.text) == 0
    assert "Highlighted" not in shown.text


def test_what_is_wrong_stands_open(client_for: ClientFor, acting: Acting) -> None:
    page, admin = own_role(acting), client_for("admin")
    sent = form_of(admin, page, member__create="all", member__read="")
    refused = admin.post(page, data=sent)
    assert refused.status_code == 422
    folded = re.findall(r'<details class="card permission-card"( open)?>', refused.text)
    assert folded.count(" open") == 1
    assert set(re.findall(r'<details class="card permission-card"( open)?>', admin.get(page).text)) == {""}


def test_a_form_says_why_a_field_is_not_there(client_for: ClientFor, acting: Acting) -> None:
    hidden = {"contact.phone": "hidden", "contact.mobile": "hidden"}
    close_fields(acting, {**hidden, "contact.email": "masked", "opportunity.amount": "read-only"})
    rep = client_for("rep")
    contact, deal = words(rep.get("/acme/contacts/new")), words(rep.get("/acme/deals/new"))
    assert re.search(r"Your role does not show: (Mobile, Phone|Phone, Mobile)\.", contact)
    assert "afterwards your role does not let you change them: E-mail." in contact
    assert "afterwards your role does not let you change them: Amount." in deal
    assert "Your role does not" not in words(client_for("admin").get("/acme/contacts/new"))


def test_an_edit_form_says_what_stays(client_for: ClientFor, acting: Acting, make: object) -> None:
    deal = make.deal("rep", name="Ovens", amount="10")  # type: ignore[attr-defined]
    close_fields(acting, {"opportunity.amount": "read-only"})
    page = words(client_for("rep").get(f"/acme/deals/{deal.id}/edit"))
    assert "Your role does not let you change: Amount." in page


def test_the_editor_says_what_seeing_only_means_for_new_records(client_for: ClientFor, acting: Acting) -> None:
    page = words(client_for("admin").get(pages_of(acting)["viewer"]))
    assert "What can only be seen can still be filled in on a new record, once; a hidden field is in no form." in page
