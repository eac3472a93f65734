"""The same battery for each kind of record: who may do what, and what everybody else is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest

from tests.support.api import places, problem
from tests.support.clients import Browser, Phone, statements
from tests.support.making import Maker

Api = Callable[..., Phone]


@dataclass(frozen=True)
class Kind:
    """One kind of record: where it lives, what makes one, and what changes it."""

    path: str
    maker: str
    new: dict[str, Any]
    change: dict[str, Any]
    bad: dict[str, Any]
    bad_places: set[str]


KINDS = [
    Kind(
        "companies", "company",
        {"name": "Ada Ltd", "phone": "+493012345678", "tags": ["vip"], "country": "DE"}, {"city": "Ulm"},
        {"name": "", "email": "nobody", "website": "x", "country": "XX", "lifecycle": "dead", "tags": "a", "nme": 1},
        {"#/name", "#/email", "#/website", "#/country", "#/lifecycle", "#/nme"},
    ),
    Kind(
        "contacts", "contact",
        {"name": "Bob Ray", "mobile": "+4915112345678", "birthday": "1990-02-28"}, {"job_title": "Buyer"},
        {"name": "x" * 201, "birthday": "2190-02-28", "phone": "abc", "company_id": 5},
        {"#/name", "#/birthday", "#/phone", "#/company_id"},
    ),
    Kind(
        "activities", "activity",
        {"kind": "visit", "body": "Saw the plant.\nGood talk.", "duration_minutes": 45}, {"outcome": "interested"},
        {"kind": "dance", "due_at": "tomorrow", "duration_minutes": -1, "done_at": "1600-01-01T00:00:00Z"},
        {"#/kind", "#/due_at", "#/duration_minutes", "#/done_at"},
    ),
    Kind(
        "opportunities", "deal",
        {"name": "Big one", "amount": {"amount": "1200.50", "currency": "USD"}, "expected_close": "2027-01-31"},
        {"description": "Rather big"},
        {"name": None, "amount": {"amount": 5, "currency": "USD"}, "stage_id": "x", "contact_ids": ["y"]},
        {"#/name", "#/amount", "#/stage_id", "#/contact_ids/0"},
    ),
]  # fmt: skip
each_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.path)


@each_kind
def test_a_life(kind: Kind, api_for: Api, cast: Any) -> None:
    rep = api_for("rep")
    made = rep.post(f"/{kind.path}", json=kind.new)
    assert made.status_code == 201, made.text
    record = made.json
    assert made.headers["Location"] == f"/acme/api/v1/{kind.path}/{record['id']}"
    assert kind.new.items() <= record.items()
    assert record["owner_id"] == str(cast["rep"].member_id)
    assert record["version"] == 1

    shown = rep.get(f"/{kind.path}/{record['id']}")
    assert (shown.json, shown.headers["ETag"]) == (record, made.headers["ETag"])
    assert record in rep.get(f"/{kind.path}").json["items"]

    changed = rep.patch(f"/{kind.path}/{record['id']}", json=kind.change)
    assert changed.status_code == 200
    assert changed.json["version"] == 2
    touched = {"version", "updated_at", *kind.change}
    assert changed.json == {**record, **kind.change, **{name: changed.json[name] for name in touched}}
    assert rep.get(f"/{kind.path}/{record['id']}").json == changed.json

    gone = rep.delete(f"/{kind.path}/{record['id']}")
    assert (gone.status_code, gone.data) == (204, b"")
    problem(rep.get(f"/{kind.path}/{record['id']}"), 404, "not-found")
    problem(rep.delete(f"/{kind.path}/{record['id']}"), 404, "not-found")
    assert rep.get(f"/{kind.path}").json["items"] == []


@each_kind
@pytest.mark.parametrize("who", ["owner", "admin", "manager", "rep"])
def test_those_who_may_change_it(kind: Kind, who: str, api_for: Api, make: Maker) -> None:
    record = getattr(make, kind.maker)("rep")
    api = api_for(who)
    assert api.get(f"/{kind.path}/{record.id}").status_code == 200
    assert api.patch(f"/{kind.path}/{record.id}", json=kind.change).status_code == 200
    assert api.post(f"/{kind.path}", json=kind.new).status_code == 201
    assert api.delete(f"/{kind.path}/{record.id}").status_code == 204


@each_kind
def test_a_teammates_may_be_read_only(kind: Kind, api_for: Api, make: Maker) -> None:
    path = f"/{kind.path}/{getattr(make, kind.maker)('teammate').id}"
    rep = api_for("rep")
    assert rep.get(path).status_code == 200
    assert problem(rep.patch(path, json=kind.change), 403, "forbidden")["detail"]
    problem(rep.delete(path), 403, "forbidden")


@each_kind
@pytest.mark.parametrize("who", ["rep", "manager"])
def test_a_colleagues_does_not_exist(kind: Kind, who: str, api_for: Api, make: Maker) -> None:
    record = getattr(make, kind.maker)("colleague")
    api, path = api_for(who), f"/{kind.path}/{record.id}"
    problem(api.get(path), 404)
    problem(api.patch(path, json=kind.change), 404)
    problem(api.delete(path), 404)
    assert api.get(f"/{kind.path}").json["items"] == []


@each_kind
def test_a_viewer_only_looks(kind: Kind, api_for: Api, make: Maker) -> None:
    record = getattr(make, kind.maker)("colleague")
    viewer, path = api_for("viewer"), f"/{kind.path}/{record.id}"
    assert viewer.get(path).status_code == 200
    assert [row["id"] for row in viewer.get(f"/{kind.path}").json["items"]] == [str(record.id)]
    problem(viewer.patch(path, json=kind.change), 403)
    problem(viewer.delete(path), 403)
    problem(viewer.post(f"/{kind.path}", json=kind.new), 403)


@each_kind
def test_another_tenant_finds_nothing(kind: Kind, api_for: Api, make: Maker) -> None:
    record = getattr(make, kind.maker)("rep")
    path = f"/{kind.path}/{record.id}"
    outsider, intruder = api_for("outsider"), api_for("outsider", slug="acme")
    for method in ("get", "patch", "delete"):
        body = {"json": kind.change} if method == "patch" else {}
        problem(getattr(outsider, method)(path, **body), 404)
        told = getattr(intruder, method)(path, **body)
        problem(told, 401, "not-signed-in")
        assert told.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'
    assert outsider.get(f"/{kind.path}").json["items"] == []


@each_kind
def test_a_cookie_opens_nothing(kind: Kind, client_for: Callable[..., Browser], make: Maker) -> None:
    browser = client_for("owner")
    path = f"/acme/api/v1/{kind.path}"
    for answer in (browser.get(path), browser.post(path, json=kind.new), browser.post(path, json=kind.new, csrf=False)):
        problem(answer, 401, "not-signed-in")
        assert answer.headers["WWW-Authenticate"] == "Bearer"


@each_kind
def test_bad_input_names_every_place(kind: Kind, api_for: Api, make: Maker) -> None:
    rep = api_for("rep")
    assert places(rep.post(f"/{kind.path}", json=kind.bad)) >= kind.bad_places
    assert places(rep.post(f"/{kind.path}", json={})) == {"#/kind" if kind.path == "activities" else "#/name"}
    record = getattr(make, kind.maker)("rep")
    assert places(rep.patch(f"/{kind.path}/{record.id}", json=kind.bad)) >= kind.bad_places
    assert places(rep.patch(f"/{kind.path}/{record.id}", json={"id": str(uuid4()), "version": 7})) == {
        "#/id", "#/version",
    }  # fmt: skip
    assert rep.get(f"/{kind.path}/{record.id}").json["version"] == 1


@each_kind
def test_a_client_makes_the_id(kind: Kind, api_for: Api) -> None:
    rep, mine = api_for("rep"), str(uuid4())
    made = rep.post(f"/{kind.path}", json={**kind.new, "id": mine})
    assert (made.status_code, made.json["id"]) == (201, mine)
    problem(rep.post(f"/{kind.path}", json={**kind.new, "id": mine}), 409, "already-exists")
    problem(api_for("colleague").post(f"/{kind.path}", json={**kind.new, "id": mine}), 409, "already-exists")
    assert len(rep.get(f"/{kind.path}").json["items"]) == 1
    assert rep.post(f"/{kind.path}", json={**kind.new, "id": None}).status_code == 201
    assert places(rep.post(f"/{kind.path}", json={**kind.new, "id": "7"})) == {"#/id"}
    rep.delete(f"/{kind.path}/{mine}")
    problem(rep.post(f"/{kind.path}", json={**kind.new, "id": mine}), 409)


@each_kind
def test_a_lost_race(kind: Kind, api_for: Api, make: Maker) -> None:
    rep, path = api_for("rep"), f"/{kind.path}/{getattr(make, kind.maker)('rep').id}"
    known = {"If-Match": rep.get(path).headers["ETag"]}
    first = rep.patch(path, json=kind.change, headers=known)
    assert first.status_code == 200
    lost = rep.patch(path, json=kind.change, headers=known)
    assert problem(lost, 412, "precondition-failed")["current"] == first.json
    assert lost.headers["ETag"] == first.headers["ETag"]
    assert problem(rep.delete(path, headers=known), 412)["current"] == first.json
    for header in ('W/"v2"', '"v1", "v3"', "v2", "", "nonsense", "é"):
        problem(rep.patch(path, json=kind.change, headers={"If-Match": header}), 412)
    assert rep.get(path).json == first.json
    assert rep.patch(path, json={}, headers={"If-Match": '"v1", "v2"'}).json == first.json
    assert rep.delete(path, headers={"If-Match": "*"}).status_code == 204


@each_kind
def test_not_modified(kind: Kind, api_for: Api, make: Maker) -> None:
    rep, path = api_for("rep"), f"/{kind.path}/{getattr(make, kind.maker)('rep').id}"
    tag = rep.get(path).headers["ETag"]
    for header in (tag, f'"x", W/{tag}', "*"):
        same = rep.get(path, headers={"If-None-Match": header})
        assert (same.status_code, same.data, same.headers["ETag"]) == (304, b"", tag)
    assert rep.get(path, headers={"If-None-Match": '"v99"'}).status_code == 200
    rep.patch(path, json=kind.change)
    assert rep.get(path, headers={"If-None-Match": tag}).status_code == 200


@each_kind
def test_null_empties_and_absence_keeps(kind: Kind, api_for: Api) -> None:
    rep = api_for("rep")
    record = rep.post(f"/{kind.path}", json=kind.new).json
    path = f"/{kind.path}/{record['id']}"
    optional = next(name for name in kind.new if name not in ("name", "kind"))
    needed = "kind" if kind.path == "activities" else "name"
    emptied = rep.patch(path, json={optional: None}, content_type="application/merge-patch+json").json
    assert emptied[optional] in ("", None, {"amount": "0.00", "currency": "USD"})
    assert emptied[needed] == record[needed]
    assert places(rep.patch(path, json={needed: None})) == {f"#/{needed}"}


@each_kind
def test_reads_cost_few_statements(kind: Kind, api_for: Api, make: Maker) -> None:
    records = [getattr(make, kind.maker)(who) for who in ("rep", "teammate", "rep", "manager", "rep")]
    for who in ("rep", "manager", "viewer"):
        api = api_for(who)
        api.get("/me")  # notes now and then that the token is in use
        assert statements(api.get(f"/{kind.path}/{records[0].id}")) <= 2
        api.get(f"/{kind.path}?limit=1")  # how much a member sees is counted by the first list, and remembered
        assert statements(api.get(f"/{kind.path}?limit=200")) <= 2
        assert statements(api.get(f"/{kind.path}?limit=1&fields=id")) <= 2


@each_kind
def test_changes_cost_few_statements(kind: Kind, api_for: Api, make: Maker) -> None:
    path = f"/{kind.path}/{getattr(make, kind.maker)('rep').id}"
    rep = api_for("rep")
    rep.get("/me")
    limit = 6 if kind.path == "activities" else 5  # an activity is noted on the records it belongs to
    assert statements(rep.patch(path, json=kind.change)) <= limit
    # Of a contact is asked whether there is a duty to keep them.
    assert statements(rep.delete(path)) <= 5


STRANGE = [
    "\x00", "a\x00b", "👩\u200d🚀" * 40, "שלום \u202e עולם",
    "'; DROP TABLE companies; --", "<script>x</script>", "%_\\",
]  # fmt: skip


@each_kind
@pytest.mark.parametrize("text", STRANGE)
def test_strange_text(kind: Kind, text: str, api_for: Api) -> None:
    rep = api_for("rep")
    field = "subject" if kind.path == "activities" else "name"
    made = rep.post(f"/{kind.path}", json={**kind.new, field: text})
    if text == "\x00" and field == "name":
        assert places(made) == {"#/name"}
        return
    assert made.status_code == 201
    assert made.json[field] == " ".join(text.replace("\x00", " ").replace("\u202e", "").split())
    assert rep.get(f"/{kind.path}/{made.json['id']}").json == made.json
