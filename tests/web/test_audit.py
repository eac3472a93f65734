"""Every change of a record leaves a row: who, when, through what, old and new; through pages and API alike."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from saas_crm.access.permissions import CurrentMember
from saas_crm.core.audit import AuditEntry
from tenants.db import db
from tests.support.cast import Cast
from tests.support.clients import Browser, Phone

ClientFor = Callable[..., Browser]
Api = Callable[..., Phone]
Acting = Callable[[str], AbstractContextManager[CurrentMember]]

# kind: where its pages are and what it is in the API; what is written first, and what is changed
KINDS: dict[str, tuple[str, str, dict[str, str], dict[str, str]]] = {
    "company": ("companies", "companies", {"name": "Ada Ltd", "city": "Köln"}, {"city": "Berlin"}),
    "contact": ("contacts", "contacts", {"name": "Eva", "email": "eva@ada.example"}, {"email": "e@ada.example"}),
    "opportunity": ("deals", "opportunities", {"name": "Ovens"}, {"name": "Two ovens"}),
    "activity": (
        "activities", "activities", {"kind": "note", "body": "Likes tea"}, {"body": "Likes coffee"},
    ),
}  # fmt: skip


def told(acting: Acting, kind: str, record_id: str) -> list[AuditEntry]:
    with acting("owner"):
        query = select(AuditEntry).where(AuditEntry.resource == kind, AuditEntry.record_id == UUID(record_id))
        return list(db.session.scalars(query.order_by(AuditEntry.id)))


def check(entries: list[AuditEntry], first: dict[str, str], change: dict[str, str], who: UUID, through: str) -> None:
    assert [entry.action for entry in entries] == ["create", "update", "recycle", "restore"][: len(entries)]
    for entry in entries:
        assert (entry.member_id, entry.through) == (who, through)
        assert entry.request_id
        assert abs(entry.at - datetime.now(UTC)) < timedelta(minutes=5)
    made, changed, *rest = (entry.changes for entry in entries)
    assert {name: made[name] for name in first} == {name: [None, value] for name, value in first.items()}
    assert changed == {name: [first[name], value] for name, value in change.items()}
    assert [[bool(value) for value in entry["deleted_at"]] for entry in rest] == [[False, True], [True, False]][
        : len(rest)
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_by_pages(kind: str, client_for: ClientFor, acting: Acting, cast: Cast) -> None:
    path, _resource, first, change = KINDS[kind]
    rep = client_for("rep")
    record_id = str(UUID(int=0x019A0000_0000_7000_8000_000000000000 + list(KINDS).index(kind)))
    assert rep.post(f"/acme/{path}", data={**first, "record_id": record_id}).status_code == 303
    here = f"/acme/{path}/{record_id}"
    assert rep.post(here, data={**first, **change, "version": "1"}).status_code == 303
    assert rep.post(f"{here}/recycle").status_code == 303
    assert rep.post(f"/acme/recycle-bin/{kind}/{record_id}/restore").status_code == 303
    check(told(acting, kind, record_id), first, change, cast["rep"].member_id, "web")
    assert len(told(acting, kind, record_id)) == 4


@pytest.mark.parametrize("kind", KINDS)
def test_by_programs(kind: str, api_for: Api, acting: Acting, cast: Cast) -> None:
    _path, resource, first, change = KINDS[kind]
    rep = api_for("rep")
    record_id = rep.post(f"/{resource}", json=first).json["id"]
    assert rep.patch(f"/{resource}/{record_id}", json=change).status_code == 200
    assert rep.delete(f"/{resource}/{record_id}").status_code == 204
    check(told(acting, kind, record_id), first, change, cast["rep"].member_id, "api")
    assert len(told(acting, kind, record_id)) == 3


def test_what_is_refused_or_changes_nothing_leaves_none(client_for: ClientFor, api_for: Api, acting: Acting) -> None:
    rep = api_for("rep")
    made = rep.post("/companies", json={"name": "Ada Ltd"}).json["id"]
    assert rep.patch(f"/companies/{made}", json={"name": "Ada Ltd"}).status_code == 200
    assert rep.patch(f"/companies/{made}", json={"name": ""}).status_code == 422
    assert client_for("viewer").post(f"/acme/companies/{made}", data={"name": "Mine"}).status_code == 403
    assert [entry.action for entry in told(acting, "company", made)] == ["create"]
