"""Money, people, stages and closure of opportunities."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from tests.support.api import places, problem
from tests.support.clients import Phone, statements
from tests.support.making import Maker

Api = Callable[..., Phone]


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("0", "0.00"), ("0.1", "0.10"), ("12", "12.00"), ("1200.50", "1200.50"), ("0.005", "0.01"), ("0.004", "0.00"),
        ("1.005", "1.01"), ("2.675", "2.68"), ("99999999999999.99", "99999999999999.99"), ("0.30", "0.30"),
    ],
)  # fmt: skip
def test_money_is_exact(sent: str, kept: str, api_for: Api) -> None:
    rep = api_for("rep")
    made = rep.post("/opportunities", json={"name": "x", "amount": {"amount": sent, "currency": "USD"}})
    assert made.json["amount"] == {"amount": kept, "currency": "USD"}
    assert rep.get(f"/opportunities/{made.json['id']}").json["amount"] == made.json["amount"]
    assert rep.get("/opportunities?fields=amount").json["items"][0]["amount"] == made.json["amount"]


@pytest.mark.parametrize(
    "amount",
    [
        5, 5.0, "5", "-5", {"amount": 5, "currency": "USD"}, {"amount": 5.5, "currency": "USD"}, {"amount": "5"},
        {"amount": "-5", "currency": "USD"}, {"amount": "1e3", "currency": "USD"}, {"amount": "1,5", "currency": "USD"},
        {"amount": "", "currency": "USD"}, {"amount": "5.", "currency": "USD"}, {"amount": "５", "currency": "USD"},
        {"amount": "1" * 15, "currency": "USD"}, {"amount": "NaN", "currency": "USD"},
        {"amount": "5", "currency": "EUR"},
        {"amount": "5", "currency": "usd"}, {"amount": "5", "currency": "XYZ"}, {"amount": "5", "currency": None},
        {"amount": "0.0001", "currency": "USD"}, {"amount": "5", "currency": "USD", "x": 1},
    ],
)  # fmt: skip
def test_what_is_no_money_here(amount: Any, api_for: Api) -> None:
    answer = api_for("rep").post("/opportunities", json={"name": "x", "amount": amount})
    assert {place.partition("/amount")[1] for place in places(answer)} == {"/amount"}


@pytest.mark.parametrize(("amount", "said"), [
    (5, "Send an object with amount and currency."),
    ({"amount": 5, "currency": "USD"}, "Send the amount as a string such as 1200.00."),
    ({"amount": "5", "currency": "usd"}, "Send the currency as a code such as EUR."),
])  # fmt: skip
def test_what_is_wrong_with_money_is_said(amount: Any, said: str, api_for: Api) -> None:
    answer = api_for("rep").post("/opportunities", json={"name": "x", "amount": amount})
    assert [error["detail"] for error in answer.json["errors"]] == [said]


def test_a_currency_without_decimals(api_for: Api, make: Maker) -> None:
    answer = api_for("outsider").post(
        "/opportunities", json={"name": "x", "amount": {"amount": "7", "currency": "CNY"}}
    )
    assert answer.json["amount"] == {"amount": "7.00", "currency": "CNY"}


def test_times_are_utc(api_for: Api, make: Maker) -> None:
    rep = api_for("rep")
    rep.patch("/me", json={"timezone": "America/New_York"})
    made = rep.post("/activities", json={"kind": "task", "due_at": "2027-03-01T09:30:00+02:00"}).json
    assert made["due_at"] == "2027-03-01T07:30:00Z"
    record = rep.get(f"/activities/{made['id']}").json
    assert record["due_at"] == "2027-03-01T07:30:00Z"
    assert all(record[name].endswith("Z") for name in ("created_at", "updated_at", "at"))
    for wrong in ("2027-03-01T09:30:00", "2027-03-01", "1700000000", 1700000000, "2027-03-01 09:30:00Z", "now"):
        assert places(rep.post("/activities", json={"kind": "task", "due_at": wrong})) == {"#/due_at"}
    deal = make.deal("rep")
    assert (
        rep.patch(f"/opportunities/{deal.id}", json={"expected_close": "2027-03-01"}).json["expected_close"]
        == "2027-03-01"
    )
    wrong = rep.patch(f"/opportunities/{deal.id}", json={"expected_close": "2027-03-01T00:00:00Z"})
    assert places(wrong) == {"#/expected_close"}


def test_people_and_company(api_for: Api, make: Maker) -> None:
    company, bob, eve = make.company("rep"), make.contact("rep"), make.contact("teammate")
    hidden = make.contact("colleague")
    bob_at = make.contact("rep", company_id=str(company.id))
    rep = api_for("rep")
    made = rep.post(
        "/opportunities", json={"name": "x", "contact_id": str(bob_at.id), "contact_ids": [str(eve.id), str(bob.id)]}
    )
    assert made.json["company_id"] == str(company.id)  # a contact brings their company along
    assert made.json["contact_ids"] == sorted([str(bob.id), str(eve.id)])
    path = f"/opportunities/{made.json['id']}"
    assert rep.get(path).json == made.json
    for body, place in (
        ({"contact_ids": [str(hidden.id)]}, "#/contact_ids"), ({"contact_id": str(hidden.id)}, "#/contact_id"),
        ({"company_id": str(uuid4())}, "#/company_id"), ({"owner_id": str(uuid4())}, "#/owner_id"),
        ({"contact_ids": [str(bob.id)] * 51}, "#/contact_ids"),
    ):  # fmt: skip
        assert places(rep.patch(path, json=body)) == {place}
    assert rep.get(path).json == made.json


def test_people_are_part_of_the_version(api_for: Api, make: Maker) -> None:
    """Two who change only the people of a deal do race."""
    bob, eve = make.contact("rep"), make.contact("rep")
    rep, path = api_for("rep"), f"/opportunities/{make.deal('rep').id}"
    known = {"If-Match": rep.get(path).headers["ETag"]}
    first = rep.patch(path, json={"contact_ids": [str(bob.id)]}, headers=known)
    assert (first.json["version"], first.json["contact_ids"]) == (2, [str(bob.id)])
    problem(rep.patch(path, json={"contact_ids": [str(eve.id)]}, headers=known), 412)
    same = rep.patch(path, json={"contact_ids": [str(bob.id)]})
    assert same.json["version"] == 2
    assert rep.patch(path, json={"contact_ids": None}).json["contact_ids"] == []


def test_moving(api_for: Api, make: Maker) -> None:
    stages, deal = make.stages(), make.deal("rep", amount="10")
    rep, path = api_for("rep"), f"/opportunities/{deal.id}"
    rep.get("/me")
    moved = rep.put(f"{path}/stage", json={"stage_id": str(stages[2].id)})
    assert (moved.status_code, moved.json["stage_id"], moved.json["version"]) == (200, str(stages[2].id), 2)
    assert statements(moved) <= 5
    assert rep.get(path).json == moved.json
    assert rep.put(f"{path}/stage", json={"stage_id": str(stages[2].id)}).json == moved.json
    for wrong in (str(stages[4].id), str(uuid4()), "x", None):
        assert places(rep.put(f"{path}/stage", json={"stage_id": wrong})) == {"#/stage_id"}
    problem(rep.put(f"/opportunities/{uuid4()}/stage", json={"stage_id": str(stages[1].id)}), 404)
    known = {"If-Match": '"v1"'}
    lost = rep.put(f"{path}/stage", json={"stage_id": str(stages[1].id)}, headers=known)
    assert problem(lost, 412)["current"] == moved.json
    assert places(rep.patch(path, json={"stage_id": None})) == {"#/stage_id"}
    assert rep.patch(path, json={"stage_id": str(stages[0].id)}).json["stage_id"] == str(stages[0].id)


@pytest.mark.parametrize(("who", "status"), [("teammate", 403), ("viewer", 403), ("colleague", 404), ("manager", 200)])
def test_who_may_move_and_close(who: str, status: int, api_for: Api, make: Maker) -> None:
    stages, path = make.stages(), f"/opportunities/{make.deal('rep').id}"
    api = api_for(who)
    assert api.put(f"{path}/stage", json={"stage_id": str(stages[1].id)}).status_code == status
    assert api.put(f"{path}/closure", json={"outcome": "won"}).status_code == status
    assert api.delete(f"{path}/closure").status_code == status


def test_closing_and_opening_again(api_for: Api, make: Maker) -> None:
    stages, rep = make.stages(), api_for("rep")
    path = f"/opportunities/{make.deal('rep').id}"
    rep.put(f"{path}/stage", json={"stage_id": str(stages[1].id)})
    assert places(rep.put(f"{path}/closure", json={"outcome": "lost"})) == {"#/reason"}
    assert places(rep.put(f"{path}/closure", json={"outcome": "won", "reason": "competitor"})) == {"#/reason"}
    assert places(rep.put(f"{path}/closure", json={"outcome": "drawn"})) == {"#/outcome"}
    lost = rep.put(f"{path}/closure", json={"outcome": "lost", "reason": "price", "note": "Too dear."}).json
    assert (lost["status"], lost["close_reason"], lost["close_note"]) == ("lost", "price", "Too dear.")
    assert lost["stage_id"] == str(stages[5].id)
    assert lost["closed_at"] is not None
    won = rep.put(f"{path}/closure", json={"outcome": "won"}).json
    assert (won["status"], won["close_reason"], won["stage_id"]) == ("won", "", str(stages[4].id))
    problem(rep.delete(f"{path}/closure", headers={"If-Match": '"v1"'}), 412)
    opened = rep.delete(f"{path}/closure").json
    assert (opened["status"], opened["closed_at"], opened["stage_id"]) == ("open", None, str(stages[1].id))
    assert rep.delete(f"{path}/closure").json == opened
    assert rep.get(path).json == opened


def test_what_happens_with_a_deal_changes_its_tag_but_loses_no_race(api_for: Api, make: Maker) -> None:
    rep, path = api_for("rep"), f"/opportunities/{make.deal('rep').id}"
    before = rep.get(path)
    deal_id = before.json["id"]
    rep.post("/activities", json={"kind": "call", "opportunity_id": deal_id, "done_at": "2099-01-01T00:00:00Z"})
    after = rep.get(path, headers={"If-None-Match": before.headers["ETag"]})
    assert after.status_code == 200
    assert (after.json["version"], after.json["last_activity_at"]) == (1, "2099-01-01T00:00:00Z")
    assert rep.patch(path, json={"name": "y"}, headers={"If-Match": before.headers["ETag"]}).status_code == 200


def test_writers_at_once(api_for: Api, make: Maker) -> None:
    """With If-Match exactly one of several wins, and the others are shown what it wrote."""
    deal = make.deal("rep")
    barrier, answers = threading.Barrier(4), []

    def write(name: str) -> None:
        rep = api_for("rep")
        barrier.wait()
        answers.append(rep.patch(f"/opportunities/{deal.id}", json={"name": name}, headers={"If-Match": '"v1"'}))

    threads = [threading.Thread(target=write, args=(f"name {index}",)) for index in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412]
    (winner,) = (answer.json for answer in answers if answer.status_code == 200)
    assert all(problem(answer, 412)["current"] == winner for answer in answers if answer.status_code == 412)
