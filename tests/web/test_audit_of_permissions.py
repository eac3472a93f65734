"""Every change of who may do what is in the log: who, from where, through what, old and new."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from saas_crm.access.models import Invitation, Member, Role
from saas_crm.access.permissions import CurrentMember
from saas_crm.access.schemas import ShareWrite
from saas_crm.access.sharing import share_record
from saas_crm.core.clock import now
from saas_crm.core.jobs import defer
from saas_crm.customers.models import Company
from tenants.db import db
from tests.support.acts import HERE, acts
from tests.support.cast import PASSWORD, Cast
from tests.support.clients import Browser, Phone
from tests.support.mailbox import Mailbox
from tests.support.making import Maker
from tests.web.pages import summary

Acting = Callable[[str], AbstractContextManager[CurrentMember]]
ClientFor = Callable[..., Browser]
SETTINGS = "/acme/settings"
NEW = {"name": "Nina New", "password": "correct horse battery"}
EMAIL = "nina@new.example"


def sign_in(phone: Phone, who: str) -> str:
    """Sign in on a device and return the id of its token."""
    made = phone.post("/tokens", json={"email": f"{who}@acme.example", "password": PASSWORD, "name": "Phone"})
    token_id: str = made.json["id"]
    return token_id


class Office:
    """One admin's hands: each method makes one change and returns what the log should say of it."""

    def __init__(self, admin: Browser, phone: Phone, cast: Cast, roles: dict[str, UUID]) -> None:
        self.admin, self.phone, self.roles = admin, phone, roles
        self.rep, self.colleague, self.teams = cast["rep"].member_id, cast["colleague"].member_id, cast.teams

    def post(self, path: str, **data: Any) -> None:
        answer = self.admin.post(f"{SETTINGS}/{path}", data={**data, "confirmed": "1"})
        assert answer.status_code == 303, summary(answer)

    def team(self, path: str, **data: Any) -> None:
        self.post(f"teams/{self.teams['north']}{path}", **data)


Told = tuple[str, str, str, dict[str, list[Any]]]
"""Resource, action, through, and changes as the log has them; "…" is any value."""


def role(office: Office) -> Told:
    made = office.phone.post("/roles", json={"name": "Partners", "permissions": {"company:read": "own"}}).json["id"]
    answer = office.phone.patch(f"/roles/{made}", json={"permissions": {"company:read": "team"}})
    assert answer.status_code == 200
    return "role", "update", "api", {"permissions": [{"company:read": "own"}, {"company:read": "team"}]}


def role_of_a_member(office: Office) -> Told:
    former, present = office.roles["rep"], office.roles["viewer"]
    office.phone.patch(f"/members/{office.rep}", json={"role_id": str(present)})
    return "member", "update", "api", {"role_id": [str(former), str(present)]}


def team_move(office: Office) -> Told:
    south, root = str(office.teams["south"]), str(office.teams["root"])
    office.post("teams/moves", team_id=str(office.teams["north"]), parent_id=south)
    return "team", "update", "web", {"parent_id": [root, south], "path": ["…", "…"]}


def closing(office: Office) -> Told:
    office.team("/closing")
    return "team", "update", "web", {"closed_at": [None, "…"]}


def helper(office: Office) -> Told:
    office.team("/helpers", helper_id=str(office.colleague))
    return "team_helper", "create", "web", {"team_id": [None, "…"], "member_id": [None, str(office.colleague)]}


def guest(office: Office) -> Told:
    office.team("/closing")
    office.team("/guests", guest_id=str(office.colleague))
    return "unit_guest", "create", "web", {"team_id": [None, "…"], "member_id": [None, str(office.colleague)]}


def share(office: Office) -> Told:
    company = office.phone.post("/companies", json={"name": "Ada Ltd"}).json["id"]
    given = {"member_id": str(office.rep), "level": "edit"}
    office.admin.post(f"/acme/account-team/company/{company}", data=given)
    return "company", "share", "web", {"account_team": [None, ["Rita Rep", "edit"]]}


def policy(office: Office) -> Told:
    office.post("sharing", version="0")
    return "policy", "update", "web", {"children_follow": [True, False]}


def invitation(office: Office) -> Told:
    seat = {"email": EMAIL, "role_id": str(office.roles["rep"])}
    office.post("members/invitations", **seat)
    return "invitation", "create", "web", {
        "email": [None, EMAIL], "role_id": [None, seat["role_id"]], "team_id": [None, "…"],
        "invited_by_id": [None, "…"], "expires_at": [None, "…"],
    }  # fmt: skip


def token_ended(office: Office) -> Told:
    made = sign_in(office.phone, "admin")
    assert office.phone.delete(f"/tokens/{made}").status_code == 204
    return "token", "update", "api", {"revoked_at": [None, "…"]}


def team_deleted(office: Office) -> Told:
    office.team("/deletion", move_up="1")
    return "team", "purge", "web", {"name": ["North", None], "parent_id": ["…", None], "path": ["…", None]}


def role_deleted(office: Office) -> Told:
    made = office.phone.post("/roles", json={"name": "Partners", "permissions": {}}).json["id"]
    assert office.phone.delete(f"/roles/{made}").status_code == 204
    return "role", "recycle", "api", {"deleted_at": [None, "…"], "deleted_by_id": [None, "…"]}


CHANGES = (
    role, role_of_a_member, team_move, closing, helper, guest, share, policy, invitation, token_ended, team_deleted,
    role_deleted,
)  # fmt: skip


@pytest.fixture
def office(client_for: ClientFor, api_for: Callable[..., Phone], cast: Cast, acting: Acting) -> Office:
    with acting("owner"):
        roles = {str(key): role_id for key, role_id in db.session.execute(select(Role.key, Role.id))}
    return Office(client_for("admin"), api_for("admin"), cast, roles)


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_says_who_from_where_and_what(
    change: Callable[[Office], Told], office: Office, acting: Acting, cast: Cast
) -> None:
    resource, action, through, told = change(office)
    entry = acts(acting, resource=resource, action=action)[0]
    assert (entry.member_id, entry.through) == (cast["admin"].member_id, through)
    assert entry.origin.get("address") == HERE
    assert "as" not in entry.origin
    assert set(entry.changes) - {"id"} == set(told)
    for name, expected in told.items():
        for value, wanted in zip(entry.changes[name], expected, strict=True):
            assert value == wanted or (wanted == "…" and value), name


def test_who_joins_does_so_by_their_own_act(
    office: Office, client_for: ClientFor, mailbox: Mailbox, acting: Acting, cast: Cast
) -> None:
    invitation(office)
    assert client_for(None).post(mailbox.link(EMAIL, "/invitations/"), data=NEW).status_code == 303
    made = acts(acting, resource="member", action="create")[0]
    (accepted,) = acts(acting, resource="invitation", action="update")
    with acting("owner"):
        member = db.session.scalars(select(Member).where(Member.email == EMAIL)).one()
        member_id, team_id = member.id, member.team_id
    for entry in (made, accepted):
        assert (entry.member_id, entry.through, entry.origin.get("address")) == (member_id, "invitation", HERE)
    assert made.changes == {
        "name": [None, "Nina New"], "email": [None, EMAIL], "role_id": [None, str(office.roles["rep"])],
        "team_id": [None, str(team_id)],
    }  # fmt: skip
    assert set(accepted.changes) == {"accepted_at"}
    assert "Nina New" in client_for("owner").get(f"{SETTINGS}/audit?action=create").text


def test_an_expired_invitation_gives_way_to_a_new_one(
    office: Office, client_for: ClientFor, mailbox: Mailbox, acting: Acting
) -> None:
    invitation(office)
    old = mailbox.link(EMAIL, "/invitations/")
    seat = {"email": EMAIL, "role_id": str(office.roles["viewer"])}
    assert office.admin.post(f"{SETTINGS}/members/invitations", data=seat).status_code == 422, "it is good yet"
    with acting("owner"):
        db.session.execute(update(Invitation).values(expires_at=now()))
    office.post("members/invitations", **seat)
    entry = acts(acting, resource="invitation", action="update")[0]
    assert set(entry.changes) == {"withdrawn_at"}
    link = mailbox.link(EMAIL, "/invitations/")
    assert link != old
    assert client_for(None).post(old, data=NEW).status_code == 410
    assert client_for(None).post(link, data=NEW).status_code == 303
    with acting("owner"):
        held = select(Role.key).join(Member, Member.role_id == Role.id).where(Member.email == EMAIL)
        assert db.session.scalar(held) == "viewer"


def test_a_program_invites_again_too(office: Office, acting: Acting) -> None:
    seat = {"email": EMAIL, "role_id": str(office.roles["rep"])}
    assert office.phone.post("/invitations", json=seat).status_code == 201
    assert office.phone.post("/invitations", json=seat).status_code == 422
    with acting("owner"):
        db.session.execute(update(Invitation).values(expires_at=now()))
    assert office.phone.post("/invitations", json=seat).status_code == 201
    assert len(office.phone.get("/invitations").json["items"]) == 1


def test_another_password_is_in_the_log_with_the_tokens_it_ends(
    client_for: ClientFor, api_for: Callable[..., Phone], acting: Acting, cast: Cast, jobs: Callable[[], Any]
) -> None:
    token = sign_in(api_for("rep"), "rep")
    rep = client_for("rep")
    answer = rep.post("/profile/password", data={"current": PASSWORD, "password": NEW["password"]})
    assert answer.status_code == 303
    jobs()
    rep_id = cast["rep"].member_id
    (changed,) = acts(acting, action="password_change")
    assert (changed.resource, changed.member_id, changed.through) == ("session", rep_id, "web")
    ended = {str(entry.record_id): entry for entry in acts(acting, resource="token", action="update")}
    assert (ended[token].member_id, ended[token].through) == (rep_id, "password")
    assert ended[token].origin.get("address") == changed.origin.get("address") == HERE
    page = client_for("owner").get(f"{SETTINGS}/audit?action=password_change").text
    assert "Password changed" in page


def test_a_password_set_by_a_mailed_link_is_in_the_log(
    client_for: ClientFor, mailbox: Mailbox, acting: Acting, cast: Cast, jobs: Callable[[], Any]
) -> None:
    client_for(None).post("/forgot", data={"email": cast["rep"].email})
    link = mailbox.link(cast["rep"].email, "/reset/")
    assert client_for(None).post(link, data={"password": NEW["password"]}).status_code == 303
    jobs()
    (entry,) = acts(acting, action="password_reset")
    assert (entry.member_id, entry.origin.get("address")) == (cast["rep"].member_id, HERE)


def test_looking_as_somebody_says_as_whom(client_for: ClientFor, acting: Acting, cast: Cast) -> None:
    admin = client_for("admin")
    assert admin.post(f"{SETTINGS}/members/{cast['rep'].member_id}/viewing").status_code == 303
    assert "You see this as Rita Rep." in admin.get("/acme/companies").text
    assert admin.post("/acme/viewing/end").status_code == 303
    entries = [*acts(acting, action="view_as"), *acts(acting, action="view_as_end")]
    assert len(entries) == 2
    for entry in entries:
        assert entry.member_id == cast["admin"].member_id
        assert entry.origin.get("as") == (str(cast["rep"].member_id) if HERE else None)
    assert "(looking as Rita Rep)" in client_for("owner").get(f"{SETTINGS}/audit?action=view_as_end").text


def test_what_is_purged_is_named_one_by_one_with_who_had_a_share_in_it(
    make: Maker, acting: Acting, jobs: Callable[[], Any], client_for: ClientFor, cast: Cast
) -> None:
    first, second = make.company("rep", name="Ada Ltd"), make.company("rep", name="Bob Ltd")
    contact = make.contact("rep", name="Eva", company_id=str(first.id))
    with acting("owner") as owner:
        company = db.session.get_one(Company, first.id)
        for who, level in (("colleague", "edit"), ("teammate", "read")):
            share_record(company, ShareWrite(member_id=cast[who].member_id, level=level), actor=owner)
    with acting("owner"):
        db.session.execute(update(Company).values(deleted_at=now() - timedelta(days=31)))
        defer(db.session(), "recycle_bin.purge")
    jobs()
    gone = {entry.record_id: entry for entry in acts(acting, action="purge", resource="company")}
    assert {key: entry.changes for key, entry in gone.items()} == {
        first.id: {"name": ["Ada Ltd", None]}, second.id: {"name": ["Bob Ltd", None]},
    }  # fmt: skip
    left = acts(acting, action="unshare", resource="company")
    assert {(entry.record_id, entry.through) for entry in left} == {(first.id, "job")}
    assert sorted(entry.changes["account_team"] for entry in left) == [
        [["Carl Colleague", "edit"], None], [["Tom Teammate", "read"], None]
    ]  # fmt: skip
    child = acts(acting, resource="contact", action="update")[0]
    assert (child.record_id, child.changes) == (contact.id, {"company_id": [str(first.id), None]})
    page = client_for("owner").get(f"/acme/contacts/{contact.id}/history").text
    assert "removed for good" in page
    assert "Put this value back" not in page
