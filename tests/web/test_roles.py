"""The role editor: what a role may do, who may change it, and what is shown before it bites."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from html import unescape
from typing import Any

import pytest
from sqlalchemy import select

from saas_crm.access.models import Invitation, Member, Role
from saas_crm.access.permissions import BUILT_IN, CurrentMember
from saas_crm.core.audit import AuditEntry
from saas_crm.core.clock import now
from tenants.db import db, new_id
from tests.support.clients import Browser, Phone, statements
from tests.support.making import Maker
from tests.web.pages import chosen, errors, flashed, heading, summary, value

ClientFor = Callable[..., Browser]
Acting = Callable[[str], AbstractContextManager[CurrentMember]]


@pytest.fixture
def pages(acting: Acting) -> dict[str, str]:
    """The page of each built-in role."""
    with acting("owner"):
        return {role.key or "": f"/acme/settings/roles/{role.id}" for role in db.session.scalars(select(Role))}


def form_of(browser: Browser, page: str, **changes: str) -> dict[str, Any]:
    """Return what the form on a page sends, with some fields changed; a field changed to "-" is not sent."""
    text = browser.get(page).text
    sent: dict[str, Any] = {name: value_of(text, name) for name in ("version", "record_id", "like")}
    sent["name"] = unescape("".join(re.findall(r'name="name"[^>]*value="([^"]*)"', text)[:1]))
    for name, body in re.findall(r'<select[^>]*name="([a-z_]+)"(.*?)</select>', text, re.S):
        found = re.search(r'value="([a-z]*)" selected', body)
        sent[name] = found[1] if found else ""
    for name, rest in re.findall(r'<input type="checkbox"[^>]*name="([a-z_]+)" value="all"([^>]*)>', text):
        sent[name] = "all" if "checked" in rest else ""
    return {name: text for name, text in {**sent, **changes}.items() if text not in (None, "-")}


def value_of(text: str, name: str) -> str | None:
    found = re.search(rf'name="{name}" value="([^"]*)"', text)
    return found[1] if found else None


def stored(acting: Acting, key: str) -> dict[str, str]:
    with acting("owner"):
        return dict(db.session.scalars(select(Role.permissions).where(Role.key == key)).one())


def own_role(acting: Acting, name: str = "Partners", **permissions: str) -> str:
    """Make a role and return the address of its page."""
    with acting("owner"):
        role = Role(
            id=new_id(), name=name, permissions=permissions or {"company:read": "own", "contact.phone": "hidden"}
        )
        db.session.add(role)
        return f"/acme/settings/roles/{role.id}"


def test_everybody_may_read_the_roles(client_for: ClientFor, pages: dict[str, str]) -> None:
    page = client_for("viewer").get("/acme/settings/roles")
    assert heading(page) == "Roles"
    assert page.text.count("Built-in") == 5
    assert "3 members" in page.text
    assert "New role" not in page.text
    assert statements(page) <= 8
    one = client_for("viewer").get(pages["rep"])
    assert heading(one) == "Sales rep"
    assert "Own team" in one.text
    assert "<select" not in one.text
    assert "look at this, not change it" in one.text


def test_a_role_is_changed_and_bites_at_once(
    client_for: ClientFor, pages: dict[str, str], acting: Acting, make: Maker
) -> None:
    theirs = make.company("colleague")
    admin = client_for("admin")
    assert client_for("rep").get(f"/acme/companies/{theirs.id}").status_code == 404
    sent = form_of(admin, pages["rep"], company__read="all", confirmed="1")
    answer = admin.post(pages["rep"], data=sent)
    assert (answer.status_code, answer.location) == (303, pages["rep"])
    assert client_for("rep").get(f"/acme/companies/{theirs.id}").status_code == 200
    assert stored(acting, "rep") == {**BUILT_IN["rep"], "company:read": "all"}
    with acting("owner"):
        entry = db.session.scalars(
            select(AuditEntry).where(AuditEntry.resource == "role", AuditEntry.action == "update")
        ).one()
        assert entry.changes["permissions"][1]["company:read"] == "all"
        assert (entry.member_id, entry.through) == (make.member_id("admin"), "web")


def test_who_gains_and_who_loses_is_shown_first(
    client_for: ClientFor, pages: dict[str, str], acting: Acting, make: Maker
) -> None:
    make.company("teammate")
    make.company("teammate")
    make.company("colleague")
    admin = client_for("admin")
    asked = admin.post(pages["rep"], data=form_of(admin, pages["rep"], company__read="own"))
    assert asked.status_code == 200
    assert heading(asked) == "Before you save"
    assert "Rita Rep" in asked.text
    assert "−2" in asked.text
    assert "Carl Colleague" not in asked.text
    assert "1 member loses access." in asked.text
    assert statements(asked) <= 8
    assert stored(acting, "rep") == BUILT_IN["rep"]
    hidden = dict(re.findall(r'<input type="hidden" name="([a-z_]+)" value="([^"]*)">', asked.text))
    saved = admin.post(pages["rep"], data=hidden)
    assert saved.status_code == 303
    assert stored(acting, "rep") == {**BUILT_IN["rep"], "company:read": "own"}


def test_what_touches_nobody_is_saved_at_once(client_for: ClientFor, pages: dict[str, str], acting: Acting) -> None:
    admin = client_for("admin")
    answer = admin.post(pages["rep"], data=form_of(admin, pages["rep"], company__export="team"))
    assert answer.status_code == 303
    assert stored(acting, "rep")["company:export"] == "team"


def test_what_does_not_fit_is_told_by_the_field(client_for: ClientFor, pages: dict[str, str], acting: Acting) -> None:
    admin = client_for("admin")
    sent = form_of(admin, pages["rep"], company__update="all", contact__assign="nonsense", name=" ")
    answer = admin.post(pages["rep"], data=sent)
    assert answer.status_code == 422
    assert "Choose one of the values offered." in summary(answer)
    sent = form_of(admin, pages["rep"], company__update="all", opportunity__delete="subtree")
    answer = admin.post(pages["rep"], data=sent)
    assert answer.status_code == 422
    assert "This needs “Companies: See”, reaching at least: Everything." in summary(answer)
    assert "This needs “Deals: See”, reaching at least: Team and below." in summary(answer)
    assert chosen(answer, "company__update") == "all"
    assert 'id="field-company__update-error"' in answer.text
    assert stored(acting, "rep") == BUILT_IN["rep"]


def test_a_field_that_a_form_has_not_stays(client_for: ClientFor, pages: dict[str, str], acting: Acting) -> None:
    admin = client_for("admin")
    sent = form_of(admin, pages["manager"], member__read="-", company__share="-", company__export="")
    assert admin.post(pages["manager"], data=sent).status_code == 303
    after = stored(acting, "manager")
    assert "company:export" not in after
    assert (after["member:read"], after["company:share"]) == ("all", "subtree")
    assert after == {key: scope for key, scope in BUILT_IN["manager"].items() if key != "company:export"}


def test_nobody_changes_the_owners_role(client_for: ClientFor, pages: dict[str, str], acting: Acting) -> None:
    for who in ("owner", "admin"):
        browser = client_for(who)
        page = browser.get(pages["owner"])
        assert "Nobody can change this role" in page.text
        assert "<select" not in page.text
        sent = {"name": "Boss", "company__read": "own"}
        assert browser.post(pages["owner"], data=sent).status_code == 422
        assert browser.post(f"{pages['owner']}/restoral").status_code == 422
        assert browser.post(f"{pages['owner']}/deletion").status_code == 422
    assert stored(acting, "owner") == BUILT_IN["owner"]


def test_an_owner_has_everything_whatever_is_stored(
    client_for: ClientFor, api_for: Callable[..., Phone], acting: Acting, make: Maker
) -> None:
    company = make.company("colleague")
    with acting("owner"):
        role = db.session.scalars(select(Role).where(Role.key == "owner")).one()
        role.permissions = {"company:read": "own"}
    assert client_for("owner").get(f"/acme/companies/{company.id}").status_code == 200
    assert api_for("owner").get("/me").json["permissions"] == dict(sorted(BUILT_IN["owner"].items()))


def test_an_admin_gives_no_more_than_they_have(client_for: ClientFor, pages: dict[str, str], acting: Acting) -> None:
    admin = client_for("admin")
    with acting("owner"):
        role = db.session.scalars(select(Role).where(Role.key == "admin")).one()
        less = {f"company:{action}": "own" for action in ("update", "delete", "export", "share", "assign")}
        role.permissions = {**role.permissions, **less, "company:read": "team"}
    sent = form_of(admin, pages["rep"], company__read="subtree", company__export="team")
    answer = admin.post(pages["rep"], data=sent)
    assert answer.status_code == 422
    assert summary(answer).count("You may not give more than you may yourself.") == 2
    assert admin.post(pages["admin"], data=form_of(admin, pages["admin"], company__read="all")).status_code == 422
    assert admin.post(f"{pages['admin']}/restoral", data={"confirmed": "1"}).status_code == 422
    copied = form_of(admin, f"/acme/settings/roles/new?like={pages['viewer'].rsplit('/')[-1]}")
    assert admin.post("/acme/settings/roles", data=copied).status_code == 422
    kept = form_of(admin, pages["viewer"], contact__read="team", confirmed="1")
    assert admin.post(pages["viewer"], data=kept).status_code == 303
    assert stored(acting, "viewer")["company:read"] == "all"


def test_nobody_gives_a_role_beyond_their_own_to_anybody(
    client_for: ClientFor, pages: dict[str, str], acting: Acting, make: Maker
) -> None:
    with acting("owner"):
        role = db.session.scalars(select(Role).where(Role.key == "rep")).one()
        role.permissions = {**role.permissions, "member:read": "all", "member:update": "all", "member:create": "all"}
    rep, ids = client_for("rep"), {key: page.rsplit("/")[-1] for key, page in pages.items()}
    me = f"/acme/settings/members/{make.member_id('rep')}/role"
    assert rep.post(me, data={"role_id": ids["admin"]}).status_code == 422
    invited = {"email": "new@new.example", "role_id": ids["admin"]}
    assert rep.post("/acme/settings/members/invitations", data=invited).status_code == 422
    invited["role_id"] = ids["rep"]
    assert rep.post("/acme/settings/members/invitations", data=invited).status_code == 303


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
    assert admin.post(f"{page}/deletion", data={"replacement_id": viewer}).status_code == 303
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
