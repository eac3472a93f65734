"""Roles that are made, copied, renamed and deleted, and those that stay."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from saas_crm.access.models import Invitation, Member, Role
from saas_crm.access.permissions import BUILT_IN
from saas_crm.core.clock import now
from tenants.db import db, new_id
from tests.support.making import Maker
from tests.web.pages import errors, flashed, heading, summary, value
from tests.web.roles import Acting, ClientFor, form_of, own_role, pages_of, stored


@pytest.fixture
def pages(acting: Acting) -> dict[str, str]:
    """The page of each built-in role."""
    return pages_of(acting)


def test_a_role_is_copied(client_for: ClientFor, pages: dict[str, str], acting: Acting) -> None:
    admin = client_for("admin")
    with acting("owner"):
        role = db.session.scalars(select(Role).where(Role.key == "manager")).one()
        role.permissions = {**role.permissions, "contact.phone": "hidden"}
    new = f"/acme/settings/roles/new?like={pages['manager'].rsplit('/')[-1]}"
    page = admin.get(new)
    assert value(page, "name") == "Copy of Manager"
    action = "/acme/settings/roles"
    sent = form_of(admin, new)
    answer = admin.post(action, data=sent)
    assert answer.status_code == 303
    again = admin.post(action, data=sent)
    assert (again.status_code, again.location) == (303, answer.location)
    taken = admin.post(action, data=form_of(admin, new))
    assert taken.status_code == 422
    assert "There is a role of this name already." in summary(taken)
    with acting("owner"):
        made = db.session.scalars(select(Role).where(Role.name == "Copy of Manager")).one()
        assert made.permissions == {**BUILT_IN["manager"], "contact.phone": "hidden"}
        assert made.key is None
    assert heading(admin.get(answer.location)) == "Copy of Manager"


def test_a_new_role_may_do_nothing_until_told(client_for: ClientFor, acting: Acting) -> None:
    admin = client_for("admin")
    assert admin.post("/acme/settings/roles", data={"name": ""}).status_code == 422
    sent = form_of(admin, "/acme/settings/roles/new", name="Door", company__read="own", company__create="all")
    answer = admin.post("/acme/settings/roles", data=sent)
    assert answer.status_code == 303
    with acting("owner"):
        made = db.session.scalars(select(Role).where(Role.name == "Door")).one()
        assert made.permissions == {"company:read": "own", "company:create": "own"}
    assert client_for("rep").post("/acme/settings/roles", data=sent).status_code == 403


def test_a_built_in_role_is_renamed_and_restored(client_for: ClientFor, pages: dict[str, str], acting: Acting) -> None:
    admin = client_for("admin")
    assert "Restore" not in admin.get(pages["rep"]).text
    sent = form_of(admin, pages["rep"], name="Hunter", company__export="team")
    assert admin.post(pages["rep"], data=sent).status_code == 303
    page = admin.get(pages["rep"])
    assert heading(page) == "Hunter"
    assert "Restore as it came" in page.text
    listed = admin.get("/acme/settings/roles").text
    assert listed.count("Changed here") == 1
    assert "Sees the customers and deals of their team, changes" not in listed
    assert admin.post(f"{pages['rep']}/restoral").status_code == 303
    assert heading(admin.get(pages["rep"])) == "Sales rep"
    assert stored(acting, "rep") == BUILT_IN["rep"]


def test_a_name_that_was_only_shown_is_not_stored(client_for: ClientFor, pages: dict[str, str], acting: Acting) -> None:
    with acting("admin") as admin_member:
        db.session.get_one(Member, admin_member.id).locale = "zh_Hans"
    admin = client_for("admin")
    assert heading(admin.get(pages["viewer"])) != "Viewer"
    sent = form_of(admin, pages["viewer"], company__export="all")
    assert admin.post(pages["viewer"], data=sent).status_code == 303
    assert heading(client_for("owner").get(pages["viewer"])) == "Viewer"


def test_two_who_change_a_role_at_once(client_for: ClientFor, pages: dict[str, str], acting: Acting) -> None:
    admin, owner = client_for("admin"), client_for("owner")
    mine = form_of(admin, pages["rep"], company__export="team", confirmed="1")
    theirs = form_of(owner, pages["rep"], company__export="own", contact__export="own", confirmed="1")
    assert owner.post(pages["rep"], data=theirs).status_code == 303
    answer = admin.post(pages["rep"], data=mine)
    assert answer.status_code == 409
    assert "Companies: Export" in answer.text
    assert "Own team" in answer.text
    assert "Olivia Owner" in answer.text
    assert stored(acting, "rep")["company:export"] == "own"


@pytest.mark.newest
def test_a_role_in_use_can_not_vanish(
    client_for: ClientFor, pages: dict[str, str], acting: Acting, make: Maker
) -> None:
    page = own_role(acting)
    role_id, admin = page.rsplit("/")[-1], client_for("admin")
    with acting("owner") as owner:
        db.session.get_one(Member, make.member_id("rep")).role_id = role_id
        offer = Invitation(
            email="x@y.example", role_id=role_id, invited_by_id=owner.id, token_hash=b"x", expires_at=now()
        )
        db.session.add(offer)
    assert "Delete this role" in admin.get(page).text
    asked = admin.get(f"{page}/deletion")
    assert "1 member has this role" in asked.text
    assert "1 open invitation names it" in asked.text
    for wrong in ("", "x", role_id, str(new_id()), pages["owner"].rsplit("/")[-1]):
        answer = admin.post(f"{page}/deletion", data={"replacement_id": wrong})
        assert answer.status_code == 422
        assert errors(answer)["replacement_id"]
    viewer = pages["viewer"].rsplit("/")[-1]
    asked = admin.post(f"{page}/deletion", data={"replacement_id": viewer})
    assert "May now" in asked.text
    sure = {"replacement_id": viewer, "confirmed": "1"}
    assert admin.post(f"{page}/deletion", data=sure).status_code == 303
    assert admin.get(page).status_code == 404
    with acting("owner"):
        assert str(db.session.get_one(Member, make.member_id("rep")).role_id) == viewer
        assert str(db.session.get_one(Invitation, offer.id).role_id) == viewer
        assert db.session.get_one(Role, role_id).permissions["contact.phone"] == "hidden"


def test_an_unused_role_is_deleted_and_brought_back(client_for: ClientFor, acting: Acting) -> None:
    page, admin = own_role(acting), client_for("admin")
    assert admin.post(f"{page}/deletion", data={"version": "0"}).status_code == 409
    answer = admin.post(f"{page}/deletion")
    assert (answer.status_code, answer.location) == (303, "/acme/settings/roles")
    after = admin.get("/acme/settings/roles")
    assert "“Partners” is deleted." in flashed(after)
    assert f"{page}/undeletion" in after.text
    assert admin.post(f"{page}/undeletion").status_code == 303
    assert heading(admin.get(page)) == "Partners"


@pytest.mark.parametrize("who", ["manager", "rep", "viewer"])
def test_others_change_no_role(client_for: ClientFor, pages: dict[str, str], acting: Acting, who: str) -> None:
    browser, own = client_for(who), own_role(acting)
    for path in (own, f"{own}/deletion", f"{own}/undeletion", f"{pages['rep']}/restoral", "/acme/settings/roles"):
        assert browser.post(path, data={"name": "x"}).status_code == 403
    assert browser.get("/acme/settings/roles/new").status_code == 403
    assert client_for("owner").get(own).status_code == 200


def test_a_built_in_role_stays(client_for: ClientFor, pages: dict[str, str]) -> None:
    admin = client_for("admin")
    assert admin.get(f"{pages['rep']}/deletion").status_code == 303
    assert admin.post(f"{pages['rep']}/deletion").status_code == 422
    assert admin.get(pages["rep"]).status_code == 200
