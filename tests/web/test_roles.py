"""The role editor: what a role may do, who may change it, and what is shown before it bites."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from sqlalchemy import select

from saas_crm.access.models import Role
from saas_crm.access.permissions import BUILT_IN
from saas_crm.core.audit import AuditEntry
from tenants.db import db
from tests.support.clients import Phone, statements
from tests.support.making import Maker
from tests.web.pages import chosen, heading, summary
from tests.web.roles import Acting, ClientFor, form_of, pages_of, stored


@pytest.fixture
def pages(acting: Acting) -> dict[str, str]:
    """The page of each built-in role."""
    return pages_of(acting)


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
