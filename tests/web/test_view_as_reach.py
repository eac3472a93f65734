"""Looking as another member shows nobody more than they see themselves, and gives out no file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from uuid import UUID

import pytest
from sqlalchemy import select, update

from saas_crm.access.models import Member, Role, Share, Team
from saas_crm.access.permissions import CurrentMember, Scope
from saas_crm.core.audit import AuditEntry
from saas_crm.core.clock import now
from saas_crm.customers.models import Company
from tenants.db import db, new_id
from tests.support.cast import Cast
from tests.support.clients import Browser, Phone
from tests.support.making import Maker
from tests.web.test_view_as import look_as

ClientFor = Callable[..., Browser]
Acting = Callable[[str], AbstractContextManager[CurrentMember]]
SALES = ("company", "contact", "activity", "opportunity")


@pytest.fixture
def lookers(acting: Acting, make: Maker) -> Callable[[Scope], None]:
    """Give the rep (north), their teammate (north) and the colleague (south) one role that may look as others."""

    def give(scope: Scope) -> None:
        reading: Mapping[str, Scope] = {f"{resource}:read": scope for resource in SALES}
        with acting("owner"):
            role = Role(
                key=None, name="Lookers",
                permissions={**reading, "pipeline:read": "all", "member:read": "all", "member:view_as": "all"},
            )  # fmt: skip
            db.session.add(role)
            db.session.flush()
            for who in ("rep", "teammate", "colleague"):
                db.session.get_one(Member, make.member_id(who)).role_id = role.id

    return give


@pytest.mark.parametrize(
    ("scope", "who", "allowed"),
    [
        ("all", "teammate", True), ("all", "colleague", True),
        ("subtree", "teammate", True), ("subtree", "colleague", False),
        ("team", "teammate", True), ("team", "colleague", False),
        ("own", "teammate", False), ("own", "colleague", False),
    ],
)  # fmt: skip
@pytest.mark.newest
def test_only_as_members_whose_records_one_reaches(
    scope: Scope, who: str, allowed: bool, lookers: Callable[[Scope], None], client_for: ClientFor, cast: Cast
) -> None:
    lookers(scope)
    rep = client_for("rep")
    offered = f"{cast[who].member_id}/viewing" in rep.get(f"/acme/settings/members/{cast[who].member_id}").text
    assert offered is allowed
    assert look_as(rep, cast, who).status_code == (303 if allowed else 403)


def test_what_is_shared_with_them_stays_theirs_behind_a_wall(
    lookers: Callable[[Scope], None], client_for: ClientFor, cast: Cast, acting: Acting, make: Maker
) -> None:
    lookers("all")
    hidden = make.company("owner", name="In the vault")
    with acting("owner"):
        vault = _closed_team(make)
        db.session.get_one(Member, make.member_id("manager")).team_id = vault
        db.session.execute(update(Company).where(Company.id == hidden.id).values(owner_id=make.member_id("manager")))
        mate = make.member_id("teammate")
        db.session.add(Share(resource="company", record_id=hidden.id, member_id=mate, level="read"))
    rep, path = client_for("rep"), f"/acme/companies/{hidden.id}"
    assert client_for("teammate").get(path).status_code == 200
    assert rep.get(path).status_code == 404
    assert look_as(rep, cast, "teammate").status_code == 303
    assert rep.get(path).status_code == 404


def _closed_team(make: Maker) -> UUID:
    key, root = new_id(), make.team_id("root")
    db.session.add(Team(id=key, name="Vault", parent_id=root, path=[root, key], closed_at=now()))
    db.session.flush()
    return key


def test_briefs_are_not_taken_along(
    client_for: ClientFor, api_for: Callable[[str], Phone], cast: Cast, acting: Acting, make: Maker
) -> None:
    make.company("rep", name="Secret Customer")
    places = {"from_id": str(cast["rep"].member_id), "to_ids": [str(cast["teammate"].member_id)]}
    made = api_for("owner").post("/hand-overs", json=places).json["id"]
    admin = client_for("admin")
    assert look_as(admin, cast, "teammate").status_code == 303
    for path in (f"/acme/handed-to-me?hand_over={made}", f"/acme/handed-to-me.pdf?hand_over={made}"):
        refused = admin.get(path)
        assert refused.status_code == 403
        assert "Secret Customer" not in refused.text
    admin.post("/acme/viewing/end")
    assert admin.get(f"/acme/hand-overs/{made}/briefs.pdf?to={cast['teammate'].member_id}").status_code == 200
    with acting("owner"):
        query = select(AuditEntry).where(AuditEntry.action == "export", AuditEntry.resource == "hand_over")
        [noted] = db.session.scalars(query)
        assert str(noted.record_id) == made
        assert noted.changes["filter"] == [None, {"to_id": str(cast["teammate"].member_id)}]
        assert noted.changes["rows"] == [None, 1]
