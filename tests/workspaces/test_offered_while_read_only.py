"""What pages offer while a workspace can only be read: what can be done, and no form that is refused once filled."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.clients import Browser, Phone
from tests.support.making import Maker
from tests.workspaces.test_standing import Pause

ClientFor = Callable[..., Browser]


def test_nothing_is_offered_that_cannot_be_saved(client_for: ClientFor, make: Maker, pause: Pause) -> None:
    company = make.company(name="Adler AG")
    rep, shown = client_for("owner"), f"/acme/companies/{company.id}"
    offers = {"/acme/companies": "/acme/companies/new", shown: f"{shown}/edit", "/acme/": "/acme/log"}
    for page, offer in offers.items():
        assert f'"{offer}' in rep.get(page).text, page
    pause()
    for page, offer in offers.items():
        answer = rep.get(page)
        assert answer.status_code == 200
        assert f'"{offer}' not in answer.text, page
    assert "Adler AG" in rep.get("/acme/companies").text


@pytest.mark.parametrize("path", ["companies/new", "contacts/new", "deals/new", "log"])
def test_a_form_says_so_before_it_is_filled(client_for: ClientFor, pause: Pause, path: str) -> None:
    pause(reason="The invoice of May is open.")
    answer = client_for("owner").get(f"/acme/{path}")
    assert answer.status_code == 403
    assert "The invoice of May is open." in answer.text
    assert "Your role" not in answer.text


def test_exports_and_the_bin_stay(client_for: ClientFor, pause: Pause) -> None:
    owner = client_for("owner")
    pause()
    for path in ("companies", "recycle-bin", "settings", "settings/archives", "settings/deletion", "search?q=a"):
        assert owner.get(f"/acme/{path}").status_code == 200, path
    assert owner.get("/acme/companies/export").status_code == 200


def test_what_a_role_does_not_allow_is_told_as_that(client_for: ClientFor, pause: Pause) -> None:
    pause(reason="The invoice of May is open.")
    answer = client_for("rep").get("/acme/settings/audit")
    assert answer.status_code in (403, 404)


def test_programs_are_told_their_rights_as_they_are(api_for: Callable[..., Phone], pause: Pause) -> None:
    before = api_for("rep").get("/me").json
    pause()
    assert api_for("rep").get("/me").json.get("permissions") == before.get("permissions")


def test_the_line_above_is_a_sentence_of_its_language(client_for: ClientFor, pause: Pause) -> None:
    pause()
    assert "<strong>This workspace can only be read for now.</strong>" in client_for("owner").get("/acme/").text


def test_nothing_is_offered_to_be_deleted_or_brought_back(client_for: ClientFor, make: Maker, pause: Pause) -> None:
    company, contact, gone = make.company(name="Adler AG"), make.contact(name="Ada"), make.company(name="Gone Ltd")
    deal, task = make.deal(name="Deal"), make.activity(subject="Said", company_id=str(company.id))
    owner = client_for("owner")
    owner.post(f"/acme/companies/{gone.id}/recycle")
    offers = {
        f"/acme/companies/{company.id}": "/recycle", f"/acme/contacts/{contact.id}": "/recycle",
        f"/acme/deals/{deal.id}": "/recycle", f"/acme/activities/{task.id}": "/recycle",
        "/acme/recycle-bin": f"/{gone.id}/restore",
    }  # fmt: skip
    for page, offer in offers.items():
        assert f'{offer}"' in owner.get(page).text, page
    pause()
    for page, offer in offers.items():
        seen = owner.get(page)
        assert (seen.status_code, f'{offer}"' in seen.text) == (200, False), page
    assert "Gone Ltd" in owner.get("/acme/recycle-bin").text
