"""The pages of handing over: the wizard, what was handed over, the briefs, the way from a member's page."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from saas_crm.access.models import Member
from saas_crm.access.permissions import CurrentMember
from saas_crm.customers.models import Company
from saas_crm.hand_over.models import HandOver
from tenants.db import db, new_id
from tests.support.cast import Cast
from tests.support.clients import Browser, statements
from tests.support.installation import Installation
from tests.support.mailbox import Mailbox, body
from tests.support.making import Maker
from tests.web.pages import flashed

ClientFor = Callable[..., Browser]
Acting = Callable[[str], AbstractContextManager[CurrentMember]]


@pytest.fixture
def company(make: Maker) -> Company:
    found = make.company("rep", name="Ada Müller 进出口", phone="+14155550123", tags="key", city="Zürich")
    at = {"company_id": str(found.id)}
    make.contact("rep", name="Grace Hopper", job_title="Buyer", **at)
    make.deal("rep", name="Engine", amount="1200", **at)
    make.activity("rep", kind="task", subject="Send the offer", due_at="2030-05-06T09:00", **at)
    for number in range(7):
        make.activity("rep", subject=f"Call number {number}", **at)
    return found


def form(make: Maker, *to: str, who: str = "rep", by: str = "one", **more: Any) -> dict[str, Any]:
    chosen = {"to_one": str(make.member_id(to[0]))} if by == "one" and to else {}
    several = {"to_ids": [str(make.member_id(one)) for one in to]} if by != "one" else {}
    return {"from_id": str(make.member_id(who)), "by": by, "closed": "1", "then": "keep", **chosen, **several, **more}


def handed(client_for: ClientFor, make: Maker, *to: str, who: str = "owner", **more: Any) -> UUID:
    hand_over_id = new_id()
    answer = client_for(who).post("/acme/hand-overs", data=form(make, *to, record_id=str(hand_over_id), **more))
    assert answer.status_code == 303, answer.text
    return hand_over_id


def owner_of(acting: Acting, record: Any) -> UUID | None:
    with acting("owner"):
        return db.session.scalar(select(type(record).owner_id).where(type(record).id == record.id))


@pytest.mark.usefixtures("company")
def test_the_wizard_shows_what_they_own_and_what_will_happen(client_for: ClientFor, make: Maker) -> None:
    owner = client_for("owner")
    first = owner.get(f"/acme/hand-overs/new?from={make.member_id('rep')}")
    assert first.status_code == 200
    assert "Rita" in first.text or "Hand over for" in first.text
    assert statements(first) <= 8
    second = owner.post("/acme/hand-overs/preview", data=form(make, "teammate"))
    assert second.status_code == 200
    assert "Ada Müller 进出口" in second.text
    assert "Hand over 2 companies and contacts" in second.text
    assert statements(second) <= 8
    whose = owner.get("/acme/hand-overs/new")
    assert "Whose?" in whose.text


@pytest.mark.usefixtures("company")
def test_who_cannot_edit_is_left_out_by_name(client_for: ClientFor, make: Maker) -> None:
    owner, viewer = client_for("owner"), make.member_id("viewer")
    first = owner.get(f"/acme/hand-overs/new?from={make.member_id('rep')}")
    assert f'value="{viewer}"' not in first.text
    assert "their role cannot edit what they would get: Vera Viewer" in first.text
    picked_by_hand = owner.post("/acme/hand-overs/preview", data=form(make, "viewer", note="Be kind"))
    assert picked_by_hand.status_code == 422
    assert "Vera Viewer: their role cannot edit what they would get. Choose others." in picked_by_hand.text
    assert "Be kind" in picked_by_hand.text


@pytest.mark.usefixtures("company")
def test_who_stands_in_is_offered_first(client_for: ClientFor, make: Maker, acting: Acting) -> None:
    owner, page = client_for("owner"), f"/acme/hand-overs/new?from={make.member_id('rep')}"

    def offered(who: str) -> tuple[str, str]:
        with acting("owner"):
            db.session.get_one(Member, make.member_id("rep")).substitute_id = make.member_id(who)
            db.session.commit()
        text = owner.get(page).text
        options = re.findall(r'<option value="[0-9a-f-]{36}"[^>]*>([^<]+)', text)
        takers = re.findall(r'name="to_ids" value="([^"]+)"', text)
        return options[0], takers[0]

    assert offered("teammate") == ("Tom Teammate (Substitute)", str(make.member_id("teammate")))
    assert offered("manager")[0].endswith("(Substitute)")
    assert "(Substitute)" not in offered("viewer")[0], "who cannot take over is not offered, also as a substitute"


def test_handing_over_and_taking_it_back(client_for: ClientFor, acting: Acting, make: Maker, company: Company) -> None:
    owner = client_for("owner")
    hand_over_id = handed(client_for, make, "teammate")
    page = owner.get(f"/acme/hand-overs/{hand_over_id}")
    assert "1 company, 1 contact, 1 deal, 1 planned activity" in page.text
    assert statements(page) <= 8
    assert owner_of(acting, company) == make.member_id("teammate")
    assert owner.post(f"/acme/hand-overs/{hand_over_id}/undo").status_code == 303
    assert flashed(owner.get(f"/acme/hand-overs/{hand_over_id}")).endswith("4 records went back.")
    assert owner_of(acting, company) == make.member_id("rep")
    again = owner.post(f"/acme/hand-overs/{hand_over_id}/undo")
    assert again.status_code == 422
    assert "taken back already" in again.text
    listed = owner.get("/acme/hand-overs")
    assert "Taken back" in listed.text
    assert statements(listed) <= 8


def test_single_customers_go_to_somebody_else(
    client_for: ClientFor, acting: Acting, make: Maker, company: Company
) -> None:
    other = make.company("rep", name="Other Ltd")
    pick = [f"{other.id}:{make.member_id('manager')}", ""]
    shown = client_for("owner").post("/acme/hand-overs/preview", data=form(make, "teammate", pick=pick, q="Ada"))
    assert "Other Ltd" not in shown.text
    assert f'value="{pick[0]}"' in shown.text, "a pick that is not in sight is kept"
    handed(client_for, make, "teammate", pick=pick)
    assert owner_of(acting, other) == make.member_id("manager")
    assert owner_of(acting, company) == make.member_id("teammate")


def test_sent_twice_it_happens_once(client_for: ClientFor, acting: Acting, make: Maker, company: Company) -> None:
    data = form(make, "teammate", record_id=str(new_id()))
    first, second = (client_for("owner").post("/acme/hand-overs", data=data) for _ in range(2))
    assert (first.status_code, second.status_code) == (303, 303)
    assert first.location == second.location
    with acting("owner"):
        assert len(db.session.scalars(select(HandOver.id)).all()) == 1
    assert owner_of(acting, company) == make.member_id("teammate")


@pytest.mark.usefixtures("company")
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"to_one": ""}, "Choose one who gets everything."),
        ({"by": "load"}, "Choose who takes over."),
        ({"by": "sideways"}, "Choose one of the values offered."),
        ({"to_one": "nonsense"}, "Choose one of the values offered."),
    ],
)
def test_what_cannot_be_is_said_by_its_field_and_the_words_are_kept(
    client_for: ClientFor, make: Maker, change: dict[str, str], words: str
) -> None:
    for address in ("/acme/hand-overs/preview", "/acme/hand-overs"):
        answer = client_for("owner").post(address, data={**form(make, "teammate"), "note": "Be kind", **change})
        assert answer.status_code == 422
        assert words in answer.text
        assert "Be kind" in answer.text


def test_locked_out_in_the_same_go(client_for: ClientFor, acting: Acting, make: Maker, company: Company) -> None:
    handed(client_for, make, "teammate", then="freeze")
    with acting("owner"):
        assert db.session.scalar(select(Member.status).where(Member.id == make.member_id("rep"))) == "frozen"
    assert owner_of(acting, company) == make.member_id("teammate")
    assert client_for("rep").get("/acme/companies").status_code == 403


def test_who_left_and_still_owns_something_is_named(client_for: ClientFor, make: Maker, company: Company) -> None:
    owner = client_for("owner")
    owner.post(f"/acme/settings/members/{make.member_id('rep')}/removal")
    page = owner.get("/acme/hand-overs")
    assert f"new?from={make.member_id('rep')}" in page.text
    assert company.name not in page.text


@pytest.mark.usefixtures("company")
@pytest.mark.parametrize(("who", "status"), [("manager", 200), ("admin", 200), ("viewer", 403), ("rep", 403)])
def test_who_may_begin(client_for: ClientFor, make: Maker, who: str, status: int) -> None:
    client = client_for(who)
    assert client.get(f"/acme/hand-overs/new?from={make.member_id('rep')}").status_code == status
    assert client.get("/acme/hand-overs").status_code == status
    assert client.post("/acme/hand-overs/preview", data=form(make, "teammate")).status_code == status


def test_another_teams_member_is_refused(client_for: ClientFor, make: Maker) -> None:
    make.company("colleague", name="Far Ltd")
    manager = client_for("manager")
    assert manager.get(f"/acme/hand-overs/new?from={make.member_id('colleague')}").status_code == 403
    assert manager.get(f"/acme/hand-overs/new?from={make.member_id('outsider')}").status_code == 404
    far = handed(client_for, make, "teammate", who="owner", from_id=str(make.member_id("colleague")))
    for address in (f"/acme/hand-overs/{far}", f"/acme/hand-overs/{far}/briefs", f"/acme/hand-overs/{far}/briefs.pdf"):
        assert manager.get(address).status_code == 404
    assert manager.post(f"/acme/hand-overs/{far}/undo").status_code == 404


def test_a_successor_gets_a_mail_and_reads_the_briefs(
    client_for: ClientFor, make: Maker, mailbox: Mailbox, cast: Cast, company: Company
) -> None:
    hand_over_id = handed(client_for, make, "teammate", note="They like tea")
    (mail,) = mailbox.arrived(cast["teammate"].email)
    assert "1 company, 1 contact, 1 deal, 1 planned activity" in body(mail)
    assert "They like tea" in body(mail)
    page = client_for("teammate").get(mailbox.link(cast["teammate"].email, containing="/handed-to-me"))
    assert page.status_code == 200
    for words in (
        company.name,
        "Grace Hopper",
        "Send the offer",
        "Engine",
        "$1,200",
        "Call number 6",
        "(415) 555-0123",
    ):
        assert words in page.text
    assert 'href="tel:+14155550123">(415) 555-0123</a>' in page.text, "one calls from here"
    assert "Call number 1" not in page.text, "five contacts are enough"
    assert statements(page) <= 8
    assert client_for("teammate").get("/acme/handed-to-me").status_code == 200
    assert client_for("colleague").get(f"/acme/handed-to-me?hand_over={hand_over_id}").status_code == 404
    assert company.name not in client_for("colleague").get("/acme/handed-to-me").text


def test_the_file_has_a_page_for_each(client_for: ClientFor, make: Maker, company: Company) -> None:
    hand_over_id = handed(client_for, make, "teammate")
    for who, address in (
        ("owner", f"/acme/hand-overs/{hand_over_id}/briefs.pdf?to={make.member_id('teammate')}"),
        ("teammate", f"/acme/handed-to-me.pdf?hand_over={hand_over_id}"),
    ):
        answer = client_for(who).get(address)
        assert answer.content_type == "application/pdf"
        assert answer.data.startswith(b"%PDF-")
        assert answer.data.count(b"/Type /Page\n") == 3, "company, contact and deal"
        assert statements(answer) <= 8, "with the line in the audit log"
    assert company.name


@pytest.mark.newest
def test_a_members_page_offers_it(client_for: ClientFor, make: Maker, company: Company) -> None:
    address = f"/acme/settings/members/{make.member_id('rep')}"
    offered = f"/acme/hand-overs/new?from={make.member_id('rep')}"
    page = client_for("owner").get(address)
    assert offered in page.text
    assert statements(page) <= 8
    assert offered not in client_for("viewer").get(address).text
    handed(client_for, make, "teammate")
    assert offered not in client_for("owner").get(address).text, "nothing is left"
    assert company.name


def test_another_workspaces_hand_over_does_not_exist(
    client_for: ClientFor, make: Maker, company: Company, installation: Installation
) -> None:
    hand_over_id = handed(client_for, make, "teammate")
    outsider = client_for("outsider")
    assert outsider.get(f"/other/hand-overs/{hand_over_id}").status_code == 404
    assert outsider.post(f"/other/hand-overs/{hand_over_id}/undo").status_code == 404
    assert installation.place.owner_url
    assert company.name not in outsider.get("/other/hand-overs").text


def test_paper_has_a_font_for_every_letter() -> None:
    """Latin, Simplified, Traditional, Japanese, Korean; what no font has is shown as a square, and lines end well."""
    from web.hand_over.typesetting import runs, wrapped

    text = "Größe Łódź 上海华夏国际 臺灣積體電路 かな 한글 😀"
    set_in = [font for font, _piece in runs(text, bold=False, traditional=False)]
    assert {"Vera", "STSong-Light", "HYSMyeongJo-Medium"} <= set(set_in)
    assert [font for font, _piece in runs("臺灣華", bold=True, traditional=True)] == ["MSung-Light"]
    assert "".join(piece for _font, piece in runs(text, bold=False, traditional=False)).endswith("□")
    lines = wrapped("他们喜欢喝茶，每年春天来一次。" * 5, 10, 200)
    assert len(lines) > 3
    assert not any(line[0] in "，。" for line in lines)
    assert len(wrapped("x" * 300, 10, 100)) > 5
