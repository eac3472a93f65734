"""Seeing the workspace as another member: their pages, nothing to change, and an end."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from sqlalchemy import func, select

from saas_crm.access.models import Member, Role
from saas_crm.access.permissions import CurrentMember
from saas_crm.core.audit import AuditEntry
from tenants.db import db
from tests.support.cast import Cast
from tests.support.clients import Browser, Phone
from tests.support.making import Maker
from tests.web.pages import flashed, heading

ClientFor = Callable[..., Browser]
Acting = Callable[[str], AbstractContextManager[CurrentMember]]


def look_as(browser: Browser, cast: Cast, who: str) -> Any:
    return browser.post(f"/acme/settings/members/{cast[who].member_id}/viewing")


def noted(acting: Acting) -> list[tuple[str, str, dict[str, Any]]]:
    """Return what the audit says of looking: by whom, what, and how it ended."""
    with acting("owner"):
        found = db.session.scalars(
            select(AuditEntry).where(AuditEntry.action.in_(["view_as", "view_as_end"])).order_by(AuditEntry.id)
        )
        return [(str(entry.member_id), entry.action, entry.changes) for entry in found]


def test_an_admin_sees_what_a_rep_sees(client_for: ClientFor, cast: Cast, acting: Acting, make: Maker) -> None:
    mine, theirs = make.company("rep", name="Seen by Rita"), make.company("colleague", name="Hidden from Rita")
    admin = client_for("admin")
    assert admin.get(f"/acme/companies/{theirs.id}").status_code == 200
    assert look_as(admin, cast, "rep").location == "/acme/"
    page = admin.get("/acme/companies")
    assert "Seen by Rita" in page.text
    assert "Hidden from Rita" not in page.text
    assert "You see this as Rita Rep." in page.text
    assert "Adam" not in page.text
    assert admin.get(f"/acme/companies/{mine.id}").status_code == 200
    lost = admin.get(f"/acme/companies/{theirs.id}")
    assert lost.status_code == 404
    assert "You see this as Rita Rep." in lost.text
    nowhere = admin.get("/acme/no-such-page")
    assert nowhere.status_code == 404
    assert "You see this as Rita Rep." in nowhere.text
    assert admin.get("/acme/settings/workspace").status_code == 403
    left = admin.post("/acme/viewing/end")
    assert left.status_code == 303
    back = admin.get(left.location)
    assert flashed(back) == "You are yourself again."
    assert "You see this as" not in back.text
    assert admin.get(f"/acme/companies/{theirs.id}").status_code == 200
    by = str(cast["admin"].member_id)
    assert [(who, act) for who, act, _ in noted(acting)] == [(by, "view_as"), (by, "view_as_end")]
    assert noted(acting)[1][2] == {"why": [None, "left"]}


def test_the_pages_are_in_the_members_language_and_the_way_out_in_ones_own(
    client_for: ClientFor, cast: Cast, acting: Acting
) -> None:
    with acting("owner"):
        db.session.get_one(Member, cast["rep"].member_id).locale = "zh_Hans"
    admin = client_for("admin")
    look_as(admin, cast, "rep")
    page = admin.get("/acme/companies")
    assert '<html lang="zh-Hans"' in page.text
    assert 'lang="en"' in page.text
    assert "You see this as Rita Rep." in page.text
    assert heading(page) == "公司"


def test_nothing_is_changed_meanwhile(client_for: ClientFor, cast: Cast, acting: Acting, make: Maker) -> None:
    company, admin = make.company("rep", name="Before"), client_for("admin")
    look_as(admin, cast, "rep")
    with acting("owner"):
        before = db.session.scalar(select(func.count()).select_from(AuditEntry))
    for path in (
        f"/acme/companies/{company.id}", f"/acme/companies/{company.id}/recycle", "/acme/companies",
        "/acme/settings/tokens", f"/acme/settings/members/{cast['viewer'].member_id}/viewing", "/acme/no-such-page",
    ):  # fmt: skip
        answer = admin.post(path, data={"name": "After"})
        assert answer.status_code in (403, 404, 405), path
        assert "Rita Rep" in answer.text
    refused = admin.post(f"/acme/companies/{company.id}", data={"name": "After"})
    assert heading(refused) == "You are only looking"
    part = admin.post(f"/acme/companies/{company.id}", data={"name": "After"}, headers={"HX-Request": "true"})
    assert part.status_code == 403
    assert "only looking" in part.headers["HX-Trigger"]
    assert "Before" in admin.get(f"/acme/companies/{company.id}").text
    with acting("owner"):
        assert db.session.scalar(select(func.count()).select_from(AuditEntry)) == before
        assert db.session.get_one(Member, cast["rep"].member_id).last_seen_at is None


def test_it_ends_by_itself(client_for: ClientFor, cast: Cast, acting: Acting) -> None:
    admin = client_for("admin")
    look_as(admin, cast, "rep")
    content = admin.read_session()
    content["view_as"]["until"] -= 31 * 60
    admin.write_session(content)
    assert "You see this as" not in admin.get("/acme/settings/workspace").text
    assert "view_as" not in admin.read_session()
    assert [act for _who, act, _ in noted(acting)] == ["view_as", "view_as_end"]
    assert noted(acting)[1][2] == {"why": [None, "time"]}


@pytest.mark.parametrize("what", ["frozen", "owner", "right taken"])
def test_it_ends_when_either_loses_the_right(client_for: ClientFor, cast: Cast, acting: Acting, what: str) -> None:
    admin = client_for("admin")
    look_as(admin, cast, "rep")
    with acting("owner"):
        roles = {role.key: role for role in db.session.scalars(select(Role))}
        seen = db.session.get_one(Member, cast["rep"].member_id)
        if what == "frozen":
            seen.status = "frozen"
        elif what == "owner":
            seen.role_id = roles["owner"].id
        else:
            kept = {key: scope for key, scope in roles["admin"].permissions.items() if key != "member:view_as"}
            roles["admin"].permissions = kept
    assert "You see this as" not in admin.get("/acme/").text
    assert noted(acting)[1][2] == {"why": [None, "rights"]}


def test_nobody_looks_as_an_owner_but_an_owner(client_for: ClientFor, cast: Cast, acting: Acting) -> None:
    admin = client_for("admin")
    assert look_as(admin, cast, "owner").status_code == 403
    assert "View as Olivia" not in admin.get(f"/acme/settings/members/{cast['owner'].member_id}").text
    with acting("owner"):
        roles = {role.key: role for role in db.session.scalars(select(Role))}
        db.session.get_one(Member, cast["viewer"].member_id).role_id = roles["owner"].id
    owner = client_for("owner")
    assert look_as(owner, cast, "viewer").status_code == 303
    assert "You see this as Vera Viewer." in owner.get("/acme/").text


def test_nobody_looks_as_themselves_or_as_who_is_not_there(client_for: ClientFor, cast: Cast, acting: Acting) -> None:
    admin = client_for("admin")
    assert look_as(admin, cast, "admin").status_code == 303
    assert "You see this as" not in admin.get("/acme/").text
    assert look_as(admin, cast, "outsider").status_code == 404
    assert noted(acting) == []


@pytest.mark.parametrize("who", ["manager", "rep", "viewer"])
def test_others_look_as_nobody(client_for: ClientFor, cast: Cast, who: str) -> None:
    assert look_as(client_for(who), cast, "teammate").status_code == 403
    assert "View as" not in client_for(who).get(f"/acme/settings/members/{cast['teammate'].member_id}").text


def test_a_session_of_somebody_else_or_another_workspace_shows_nothing(
    client_for: ClientFor, cast: Cast, api_for: Callable[..., Phone]
) -> None:
    admin = client_for("admin")
    look_as(admin, cast, "rep")
    kept = admin.read_session()["view_as"]
    colleague = client_for("colleague")
    colleague.write_session({**colleague.read_session(), "view_as": kept})
    assert "You see this as" not in colleague.get("/acme/").text
    outsider = client_for("outsider")
    outsider.write_session({**outsider.read_session(), "view_as": kept})
    assert "Rita" not in outsider.get("/other/").text
    assert api_for("admin").get("/me").json["name"] == "Adam Admin"
    assert admin.post("/signout").status_code in (302, 303)


def test_leaving_twice_does_nothing(client_for: ClientFor, cast: Cast, acting: Acting) -> None:
    admin = client_for("admin")
    assert admin.post("/acme/viewing/end").status_code == 303
    assert noted(acting) == []
    assert admin.get("/acme/settings/workspace").status_code == 200


@pytest.mark.parametrize("path", ["/acme/companies/export", "/acme/settings/audit/export"])
def test_no_data_is_taken_out_in_another_members_name(path: str, client_for: ClientFor, cast: Cast) -> None:
    owner = client_for("owner")
    assert owner.get(path).status_code == 200
    look_as(owner, cast, "admin")
    refused = owner.get(path)
    assert refused.status_code == 403
    assert "You see this as Adam Admin." in refused.text


def test_signing_out_ends_it_and_says_so(
    client_for: ClientFor, cast: Cast, acting: Acting, jobs: Callable[[], list[str]]
) -> None:
    admin = client_for("admin")
    look_as(admin, cast, "rep")
    assert admin.post("/signout").status_code == 303
    assert "access.note_view_as_end" in jobs()
    assert noted(acting)[-1] == (str(cast["admin"].member_id), "view_as_end", {"why": [None, "signed_out"]})
    log = client_for("owner").get("/acme/settings/audit").text
    assert "Stopped looking as this member" in log
    assert "signing out" in log


def test_what_would_make_or_change_something_is_locked_on_the_page(
    client_for: ClientFor, cast: Cast, make: Maker
) -> None:
    company, browser = make.company("rep", name="Seen by Rita"), client_for("admin")
    company_page = f"/acme/companies/{company.id}"
    pages = {"/acme/companies": "New company", "/acme/contacts": "New contact", company_page: "Edit"}
    own = {address: browser.get(address).text for address in pages}
    look_as(browser, cast, "rep")
    for address, label in pages.items():
        locked = r'<button type="button"[^>]*title="You are only looking: [^>]*disabled>'
        button = re.compile(rf"{locked}(<svg.*?</svg>)?<span>{label}</span>")
        seen = browser.get(address).text
        assert not button.search(own[address])
        assert button.search(seen), address
        assert 'href="/acme/companies/new"' not in seen


def test_log_and_the_pencils_of_a_story_are_locked_too(client_for: ClientFor, cast: Cast, make: Maker) -> None:
    company, browser = make.company("rep", name="Seen by Rita"), client_for("admin")
    make.activity("rep", kind="task", subject="Ring", due_at="2030-12-01T09:00", company_id=str(company.id))
    page = f"/acme/companies/{company.id}"
    leads = (r'<a class="[^"]*sidebar-log" href=', r'<a class="[^"]*bar-log" href=',
             r'href="/acme/activities/[^"]*/edit"',
             r"data-call-outcome", r'data-log-url="/acme/log"')  # fmt: skip
    seen = browser.get(page).text
    assert [lead for lead in leads if not re.search(lead, seen)] == []
    look_as(browser, cast, "rep")
    seen = browser.get(page).text
    assert [lead for lead in leads if re.search(lead, seen)] == []
    assert "Ring" in seen
    only = 'title="You are only looking: nothing can be saved here."'
    for locked in (rf'sidebar-log" {only} disabled', rf'aria-disabled="true" {only}><span class="plus">',
                   rf'button-icon" {only} disabled', rf'button-secondary" {only} disabled'):  # fmt: skip
        assert re.search(locked, seen), locked
