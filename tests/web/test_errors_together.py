"""Everything that is wrong with a form is said at once, and everything typed is kept."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.clients import Browser
from tests.support.making import Maker
from tests.web.pages import errors, summary, value

ClientFor = Callable[..., Browser]
UNKNOWN = "No such name, or more than one. Choose from the list, or leave it empty."
UNKNOWN_CUSTOMER = "No such name, or more than one. Choose one from the list, or add it there."
NOBODY = {"owner_id": "", "owner_id_text": "Nobody Known"}
NO_FIRM = {"company_id": "", "company_id_text": "No Such Firm"}


@pytest.mark.parametrize(
    ("to", "sent", "wrong"),
    [
        ("/acme/companies", {"name": "", "email": "nonsense", **NOBODY}, ["name", "email", "owner_id"]),
        ("/acme/contacts", {"name": "", "birthday": "x", **NO_FIRM, **NOBODY},
         ["name", "company_id", "birthday", "owner_id"]),
        ("/acme/deals", {"name": "", "amount": "a lot", **NO_FIRM, "contact_id": "", "contact_id_text": "No One",
                         **NOBODY}, ["name", "company_id", "contact_id", "amount", "owner_id"]),
        ("/acme/activities", {"kind": "task", "state": "planned", "due_at": "", "subject": "x" * 300, "customer": "",
                              "customer_text": "No One"}, ["subject", "customer", "due_at"]),
        ("/acme/log", {"kind": "note", "body": "", "customer": "", "customer_text": "No One", "next_step": "pick",
                       "next_due_at": ""}, ["customer", "body", "next_due_at"]),
    ],
)  # fmt: skip
def test_an_unknown_name_hides_no_other_error(
    client_for: ClientFor, to: str, sent: dict[str, str], wrong: list[str]
) -> None:
    answer = client_for("owner").post(to, data=sent)
    assert answer.status_code == 422
    found = errors(answer)
    assert sorted(found) == sorted(wrong)
    for name in ("company_id", "contact_id", "owner_id", "customer"):
        if f"{name}_text" in sent:
            assert found[name] == (UNKNOWN_CUSTOMER if to == "/acme/log" else UNKNOWN)
            assert value(answer, f"{name}_text") == sent[f"{name}_text"]
    for name, typed in sent.items():
        if not name.endswith("_id") and name not in ("kind", "state", "body", "next_step", "owner_id", "customer"):
            assert value(answer, name) == typed, name
    places = [answer.text.index(f'href="#field-{name}"') for name in wrong]
    assert places == sorted(places), "the summary follows the form"
    assert summary(answer).startswith("Not saved yet.")


@pytest.mark.parametrize("to", ["/acme/contacts", "/acme/deals"])
def test_a_company_to_be_added_survives_a_refusal(client_for: ClientFor, to: str) -> None:
    sent = {"name": "", "company_id": "", "company_id_text": "New Ltd", "company_id_create": "1"}
    answer = client_for("rep").post(to, data=sent)
    assert answer.status_code == 422
    assert list(errors(answer)) == ["name"]
    assert value(answer, "company_id_text") == "New Ltd"
    assert value(answer, "company_id_create") == "1"


def test_a_name_too_long_for_a_new_company_is_said_beside_the_picker(client_for: ClientFor) -> None:
    sent = {"name": "Ovens", "company_id": "", "company_id_text": "x" * 500, "company_id_create": "1"}
    answer = client_for("rep").post("/acme/deals", data=sent)
    assert errors(answer) == {"company_id": "At most 200 characters."}


def test_an_unknown_owner_hides_nothing_when_a_record_is_changed(client_for: ClientFor, make: Maker) -> None:
    company = make.company("owner", name="Ada Ltd")
    answer = client_for("owner").post(f"/acme/companies/{company.id}", data={"name": "", "version": "1", **NOBODY})
    assert sorted(errors(answer)) == ["name", "owner_id"]
    assert value(answer, "owner_id_text") == "Nobody Known"
