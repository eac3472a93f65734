"""The account team of a record: who beside its owner may see it, or edit it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select

from saas_crm.access.models import Member, Share
from saas_crm.access.permissions import CurrentMember
from saas_crm.core.audit import AuditEntry
from tenants.db import db
from tests.support.cast import Cast
from tests.support.clients import Browser, Phone, statements
from tests.support.making import Maker
from tests.web.pages import errors, flashed

ClientFor = Callable[..., Browser]
Acting = Callable[[str], AbstractContextManager[CurrentMember]]
PAGES = {"company": "companies", "contact": "contacts", "opportunity": "deals"}


@pytest.fixture(params=list(PAGES))
def record(request: pytest.FixtureRequest, make: Maker) -> tuple[str, UUID]:
    """A company, a contact and a deal of the rep's."""
    makes = {"company": make.company, "contact": make.contact, "opportunity": make.deal}
    return request.param, makes[request.param]("rep", name="Sonnenblume").id


def shares(acting: Acting, record_id: UUID) -> dict[str, str]:
    """Return the account team by name."""
    with acting("owner"):
        query = select(Member.name, Share.level).join(Member, Member.id == Share.member_id)
        return dict(db.session.execute(query.where(Share.record_id == record_id)).all())  # type: ignore[arg-type]


def test_a_record_is_shared_for_reading_then_for_editing_and_no_longer(
    record: tuple[str, UUID], client_for: ClientFor, acting: Acting, cast: Cast
) -> None:
    kind, key = record
    here, team = f"/acme/{PAGES[kind]}/{key}", f"/acme/account-team/{kind}/{key}"
    rep, colleague = client_for("rep"), client_for("colleague")
    assert colleague.get(here).status_code == 404
    answer = rep.post(team, data={"member_id_text": "Carl Colleague", "level": "read"})
    assert (answer.status_code, answer.location) == (303, team)
    assert flashed(rep.get(team)) == "Shared."
    assert "Carl Colleague" in rep.get(team).text
    assert ("Carl Colleague" in rep.get(here).text) is (kind != "opportunity"), "a deal's page only leads there"
    page = colleague.get(here)
    assert page.status_code == 200
    assert statements(page) <= 8
    assert colleague.get(f"{here}/edit").status_code == 403
    assert colleague.get(f"/acme/{PAGES[kind]}?view=list").text.count("Sonnenblume") >= 1
    assert "Sonnenblume" in colleague.get("/acme/search?q=sonnenblume").text

    rep.post(team, data={"member_id": str(cast["colleague"].member_id), "level": "edit"})
    assert shares(acting, key) == {"Carl Colleague": "edit"}
    assert colleague.get(f"{here}/edit").status_code == 200
    assert colleague.post(team, data={"member_id": str(cast["teammate"].member_id)}).status_code == 403

    rep.post(f"{team}/{cast['colleague'].member_id}/removal")
    assert colleague.get(here).status_code == 404
    assert shares(acting, key) == {}
    with acting("owner"):
        acts = db.session.scalars(
            select(AuditEntry.action).where(AuditEntry.record_id == key, AuditEntry.action.like("%share"))
            .order_by(AuditEntry.at, AuditEntry.id)
        ).all()  # fmt: skip
    assert acts == ["share", "share", "unshare"]


def test_who_may_not(record: tuple[str, UUID], client_for: ClientFor, cast: Cast) -> None:
    kind, key = record
    team = f"/acme/account-team/{kind}/{key}"
    said = {who: client_for(who).post(team, data={"member_id": str(cast["viewer"].member_id)}).status_code
            for who in ("viewer", "colleague", "outsider", "teammate")}  # fmt: skip
    assert said == {"viewer": 403, "colleague": 404, "outsider": 404, "teammate": 403}
    assert "Share" not in client_for("viewer").get(team).text.split("data-sheet-content")[1].split("</main>")[0]


@pytest.mark.parametrize(("whom", "said"), [
    ("Nobody Known", "No such name, or more than one. Choose from the list, or leave it empty."),
    ("", "This is needed."),
    ("Rita Rep", "Somebody else has to share it with you."),
])  # fmt: skip
def test_bad_input_stays_in_the_form(whom: str, said: str, client_for: ClientFor, make: Maker) -> None:
    company = make.company("rep", name="Ada")
    answer = client_for("rep").post(f"/acme/account-team/company/{company.id}", data={"member_id_text": whom})
    assert answer.status_code == 422
    assert said in errors(answer).values()


def test_the_owner_needs_no_share_and_nobody_gives_what_they_have_not(
    client_for: ClientFor, make: Maker, cast: Cast, acting: Acting
) -> None:
    company = make.company("rep", name="Ada")
    team, given = f"/acme/account-team/company/{company.id}", {"member_id": str(cast["viewer"].member_id)}
    answer = client_for("manager").post(team, data={"member_id": str(cast["rep"].member_id)})
    assert errors(answer)["member_id"] == "The owner has every right already."
    client_for("rep").post(team, data={"member_id": str(cast["colleague"].member_id), "level": "edit"})
    taken = client_for("colleague").post(
        f"/acme/companies/{company.id}", data={"name": "Ada", "owner_id": str(cast["colleague"].member_id)}
    )
    assert taken.status_code == 422, (taken.status_code, taken.location)
    assert "Only its owner can give it to somebody else." in taken.text
    assert client_for("colleague").post(team, data=given).status_code == 403
    assert set(shares(acting, company.id)) == {"Carl Colleague"}


def test_one_leaves_by_oneself_and_only_oneself(client_for: ClientFor, make: Maker, cast: Cast, acting: Acting) -> None:
    company = make.company("rep", name="Ada")
    team, colleague = f"/acme/account-team/company/{company.id}", client_for("colleague")
    for who in ("colleague", "viewer"):
        client_for("rep").post(team, data={"member_id": str(cast[who].member_id)})
    assert colleague.post(f"{team}/{cast['viewer'].member_id}/removal").status_code == 403
    assert colleague.post(f"{team}/{cast['colleague'].member_id}/removal").status_code == 303
    assert set(shares(acting, company.id)) == {"Vera Viewer"}


def test_what_hangs_on_a_shared_customer_comes_along(make: Maker, client_for: ClientFor, cast: Cast) -> None:
    company = make.company("rep", name="Ada")
    contact = make.contact("rep", name="Eva Tulpe", company_id=str(company.id))
    colleague = client_for("colleague")
    assert colleague.get(f"/acme/contacts/{contact.id}").status_code == 404
    client_for("rep").post(
        f"/acme/account-team/company/{company.id}",
        data={"member_id": str(cast["colleague"].member_id), "level": "edit"},
    )
    assert colleague.get(f"/acme/contacts/{contact.id}/edit").status_code == 200
    assert "Eva Tulpe" in colleague.get("/acme/search?q=tulpe").text


def test_through_the_api(api_for: Callable[..., Phone], make: Maker, cast: Cast, app: Flask) -> None:
    company = make.company("rep", name="Ada")
    rep, colleague, whom = api_for("rep"), api_for("colleague"), cast["colleague"].member_id
    team = f"/companies/{company.id}/account-team"
    assert rep.get(team).json == {"items": [], "next": None}
    made = rep.post(team, json={"member_id": str(whom)})
    assert (made.status_code, made.json["level"]) == (201, "read")
    assert statements(made) <= 8
    assert colleague.get(f"/companies/{company.id}").status_code == 200
    assert colleague.post(team, json={"member_id": str(cast["viewer"].member_id)}).status_code == 403
    assert api_for("viewer").post(team, json={"member_id": str(whom), "level": "edit"}).status_code == 403
    assert rep.post(team, json={"member_id": str(cast["outsider"].member_id)}).status_code == 422
    assert rep.delete(f"{team}/{whom}").status_code == 204
    assert colleague.get(team).status_code == 404
    assert rep.delete(f"{team}/{whom}").status_code == 404
