"""The members' pages: roles, locking out, removing, coming back."""

from __future__ import annotations

from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from flask import Flask

from tests.support.acts import acts
from tests.support.cast import PASSWORD, Cast
from tests.support.clients import Browser, Phone
from tests.support.mailbox import Mailbox
from tests.web.pages import chosen, flashed, heading, summary, value

ClientFor = Callable[..., Browser]


@pytest.fixture
def page_of(cast: Cast) -> Callable[[str], str]:
    return lambda who: f"/acme/settings/members/{cast[who].member_id}"


PageOf = Callable[[str], str]


def test_everybody_sees_who_works_here(client_for: ClientFor, cast: Cast) -> None:
    page = client_for("viewer").get("/acme/settings/members")
    assert page.status_code == 200
    for person in cast.members:
        assert person.email in page.text
    assert "outsider@other.example" not in page.text
    assert "7 people" in page.text


@pytest.mark.newest
def test_a_role_is_changed(client_for: ClientFor, page_of: PageOf, role_ids: dict[str, str]) -> None:
    owner = client_for("owner")
    assert chosen(owner.get(page_of("viewer")), "role_id") == role_ids["viewer"]
    asked = owner.post(f"{page_of('viewer')}/role", data={"role_id": role_ids["admin"]})
    assert heading(asked) == "Before you save"
    told = unescape(asked.text).split("May now")[1].split("</li>")[0]
    assert "Members: Edit" in told
    assert "Companies: Create" in told
    assert "Roles: Create" in told
    assert "Companies: See" not in told, "what is counted is not told twice"
    answer = owner.post(f"{page_of('viewer')}/role", data={"role_id": role_ids["admin"], "confirmed": "1"})
    assert (answer.status_code, answer.location) == (303, page_of("viewer"))
    page = owner.get(page_of("viewer"))
    assert chosen(page, "role_id") == role_ids["admin"]
    assert flashed(page) == "Vera Viewer has another role now."
    assert client_for("viewer").get("/acme/settings/workspace").status_code == 200


@pytest.mark.parametrize("role", ["", "nonsense", "00000000-0000-0000-0000-000000000000"])
def test_a_role_nobody_has_is_refused(client_for: ClientFor, page_of: PageOf, role: str) -> None:
    answer = client_for("owner").post(f"{page_of('viewer')}/role", data={"role_id": role})
    assert answer.status_code == 422
    assert "Choose" in summary(answer)


@pytest.mark.parametrize("who", ["manager", "rep", "viewer"])
@pytest.mark.parametrize("what", ["role", "freezing", "thawing", "removal"])
def test_others_change_nobody(
    client_for: ClientFor, page_of: PageOf, role_ids: dict[str, str], who: str, what: str
) -> None:
    answer = client_for(who).post(f"{page_of('colleague')}/{what}", data={"role_id": role_ids["owner"]})
    assert answer.status_code == 403
    assert client_for("colleague").get("/acme/").status_code == 200
    page = client_for(who).get(page_of("colleague"))
    assert page.status_code == 200
    assert '<form method="post" action="/acme/settings/members' not in page.text


@pytest.mark.parametrize("what", ["role", "freezing", "removal"])
def test_an_admin_does_not_touch_an_owner(
    client_for: ClientFor, page_of: PageOf, role_ids: dict[str, str], what: str
) -> None:
    admin = client_for("admin")
    assert admin.post(f"{page_of('owner')}/{what}", data={"role_id": role_ids["rep"]}).status_code == 403
    assert "Lock out" not in admin.get(page_of("owner")).text
    assert admin.post(f"{page_of('rep')}/role", data={"role_id": role_ids["owner"]}).status_code == 403


@pytest.mark.newest
def test_the_last_owner_stays(client_for: ClientFor, page_of: PageOf, role_ids: dict[str, str]) -> None:
    owner = client_for("owner")
    answer = owner.post(f"{page_of('owner')}/role", data={"role_id": role_ids["rep"]})
    assert answer.status_code == 422
    assert "at least one active owner" in summary(answer)
    owner.post(f"{page_of('admin')}/role", data={"role_id": role_ids["owner"], "confirmed": "1"})
    less = {"role_id": role_ids["rep"]}
    asked = owner.post(f"{page_of('owner')}/role", data=less)
    assert "Roles: Edit" in asked.text.split("May no longer")[1].split("</li>")[0]
    assert owner.post(f"{page_of('owner')}/role", data={**less, "confirmed": "1"}).status_code == 303


@pytest.mark.parametrize("what", ["freezing", "removal"])
def test_nobody_locks_themselves_out(client_for: ClientFor, page_of: PageOf, what: str) -> None:
    answer = client_for("admin").post(f"{page_of('admin')}/{what}")
    assert answer.status_code == 422
    assert "cannot lock yourself out" in summary(answer)
    assert client_for("admin").get("/acme/").status_code == 200


def test_locking_out_and_letting_in_again(
    client_for: ClientFor, page_of: PageOf, api_for: Callable[..., Phone]
) -> None:
    owner = client_for("owner")
    answer = owner.post(f"{page_of('rep')}/freezing")
    assert answer.status_code == 303
    page = owner.get(page_of("rep"))
    assert "is locked out and cannot open this workspace" in page.text
    assert f"{page_of('rep')}/thawing" in page.text
    rep = client_for("rep")
    locked = rep.get("/acme/companies")
    assert (locked.status_code, heading(locked)) == (403, "Your access is paused")
    assert "Acme Instruments" in locked.text
    assert api_for("rep").get("/me").status_code == 401
    assert rep.get("/profile").status_code == 200
    assert "Locked out" in owner.get("/acme/settings/members").text
    owner.post(f"{page_of('rep')}/thawing")
    assert rep.get("/acme/companies").status_code == 200


def test_removing_and_coming_back(
    client_for: ClientFor, page_of: PageOf, api_for: Callable[..., Phone], role_ids: dict[str, str],
    mailbox: Mailbox, jobs: Callable[[], list[str]],
) -> None:  # fmt: skip
    owner, rep = client_for("owner"), client_for("rep")
    assert "Their API tokens end for good." in owner.get(page_of("rep")).text
    assert api_for("rep").get("/companies").status_code == 200
    answer = owner.post(f"{page_of('rep')}/removal")
    assert (answer.status_code, answer.location) == (303, "/acme/settings/members")
    assert flashed(owner.get("/acme/settings/members")) == "Rita Rep is no longer a member."
    gone = rep.get("/acme/")
    assert (gone.status_code, heading(gone)) == (403, "You are no longer a member here")
    jobs()
    assert "/acme/" not in rep.get("/workspaces").text
    assert "rep@acme.example" not in owner.get("/acme/settings/members").text
    assert owner.get(page_of("rep")).status_code == 404
    owner.post("/acme/settings/members/invitations", data={"email": "rep@acme.example", "role_id": role_ids["viewer"]})
    assert rep.post(mailbox.link("rep@acme.example", "/invitations/")).status_code == 303
    assert rep.get("/acme/").status_code == 200
    assert rep.get("/acme/companies/new").status_code == 403, "they came back as a viewer"
    assert api_for("rep").get("/companies").status_code == 401, "their tokens ended for good"


@pytest.mark.newest
def test_signing_a_colleague_out_everywhere(
    client_for: ClientFor, page_of: PageOf, api_for: Callable[..., Phone], app: Flask, cast: Cast,
    acting: Callable[..., Any],
) -> None:  # fmt: skip
    """Browsers and devices are out, programs go on, and they may come in again at once."""
    admin, rep, phone = client_for("admin"), client_for("rep"), api_for("rep")
    made = rep.post("/acme/settings/tokens", data={"name": "Till", "kind": "integration", "days": "30"})
    program = api_for(None, "acme")
    program.token = value(made, "made")
    assert "Sign out everywhere" in admin.get(page_of("rep")).text
    answer = admin.post(f"{page_of('rep')}/sign-out")
    assert (answer.status_code, answer.location) == (303, page_of("rep"))
    assert flashed(admin.get(page_of("rep"))) == "Rita Rep is signed out everywhere."
    assert rep.get("/acme/").status_code == 302
    assert phone.get("/me").status_code == 401
    assert program.get("/me").status_code == 200
    assert client_for("teammate").get("/acme/").status_code == 200, "nobody else is"
    again = client_for(None)
    assert again.post("/signin", data={"email": "rep@acme.example", "password": PASSWORD}).status_code == 303
    assert again.get("/acme/").status_code == 200
    [act] = acts(acting, action="signed_out")
    assert (act.member_id, act.record_id) == (cast["admin"].member_id, cast["rep"].member_id)
    assert "Signed out everywhere by an administrator" in client_for("owner").get("/acme/settings/audit").text


@pytest.mark.parametrize(("who", "whom", "status"), [
    ("rep", "viewer", 403), ("manager", "rep", 403), ("viewer", "rep", 403), ("admin", "owner", 403),
    ("admin", "admin", 422), ("owner", "admin", 303), ("outsider", "rep", 404),
])  # fmt: skip
def test_who_may_sign_whom_out(
    client_for: ClientFor, api_for: Callable[..., Phone], page_of: PageOf, cast: Cast, who: str, whom: str, status: int
) -> None:
    program = api_for(who, "acme").post(f"/members/{cast[whom].member_id}/sign-out")
    assert program.status_code == {303: 204, 404: 401}.get(status, status)
    answer = client_for(who).post(f"{page_of(whom)}/sign-out")
    assert answer.status_code == status
    if whom != who:
        assert client_for(whom).get("/acme/").status_code == (302 if status == 303 else 200)


def test_unknown_members_are_404(client_for: ClientFor, cast: Cast) -> None:
    owner = client_for("owner")
    for strange in ("00000000-0000-0000-0000-000000000000", cast["outsider"].member_id):
        assert owner.get(f"/acme/settings/members/{strange}").status_code == 404
        assert owner.post(f"/acme/settings/members/{strange}/removal").status_code == 404


def test_pages_cost_few_statements(client_for: ClientFor, page_of: PageOf) -> None:
    from tests.support.clients import statements

    owner = client_for("owner")
    for address in ("/acme/settings", "/acme/settings/members", page_of("rep"), "/acme/settings/workspace",
                    "/acme/settings/tokens", "/acme/setup"):  # fmt: skip
        assert statements(owner.get(address)) <= 8, address
