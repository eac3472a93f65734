"""What an erasure blanks in texts that others share: the person, and nothing else; shown beforehand."""

from __future__ import annotations

from collections.abc import Callable

from tests.support.clients import Browser, Phone, statements
from tests.support.making import Maker

ApiFor = Callable[..., Phone]


def test_common_words_and_foreign_numbers_stay(
    api_for: ApiFor, client_for: Callable[..., Browser], make: Maker
) -> None:
    at = {"company_id": str(make.company("rep", name="Gartenbau").id)}
    will = make.contact("rep", name="Will", mobile="+493012345678", **at)
    body = "Bob said he will sign. Will he? Invoice 4711 2026, ticket 9912345678001, ring 030 12345678"
    note = make.activity("rep", kind="note", subject="They will pay", body=body, **at)
    deal = make.deal("rep", name="Will call back in May", amount="5", **at)
    own = make.deal("rep", name="Kitchen of Will", amount="5", contact_id=str(will.id), **at)
    rep, owner = api_for("rep"), api_for("owner")
    shown = owner.get(f"/contacts/{will.id}/erasure")
    assert statements(shown) <= 8, "one of them to set up a fresh token"
    assert sorted(one["text"] for one in shown.json["passages"]) == [
        "Kitchen of Will", "e 4711 2026, ticket 9912345678001, ring 030 12345678",
    ]  # fmt: skip
    page = client_for("owner").get(f"/acme/contacts/{will.id}/erasure")
    assert statements(page) <= 8
    assert "Kitchen of Will" in page.text
    assert "Will call back" not in page.text
    assert owner.post(f"/contacts/{will.id}/erasure", json={"name": "Will"}).status_code == 201
    left = rep.get(f"/activities/{note.id}").json
    assert (left["subject"], left["body"]) == ("They will pay", body.replace("030 12345678", "(erased)"))
    assert rep.get(f"/opportunities/{deal.id}").json["name"] == "Will call back in May"
    assert rep.get(f"/opportunities/{own.id}").json["name"] == "Kitchen of (erased)"
