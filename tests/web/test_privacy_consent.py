"""Consent on a contact's privacy page: written down in two taps, kept for ever, warned of beside the buttons."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from saas_crm.core.clock import now
from tests.support.clients import Browser, statements
from tests.support.making import Maker
from tests.web.pages import flashed

ClientFor = Callable[..., Browser]


@pytest.fixture
def contact_id(make: Maker) -> str:
    return str(make.contact("rep", name="Eva Tulpe", email="eva@tulpe.example", mobile="+493012345678").id)


def said(contact_id: str, answer: str = "yes", **more: Any) -> tuple[str, dict[str, Any]]:
    form = {"channel": "email", "purpose": ["marketing"], "source": "phone", "answer": answer, **more}
    return f"/acme/contacts/{contact_id}/privacy", {"record_id": str(uuid4()), **form}


def send(browser: Browser, contact_id: str, answer: str = "yes", **more: Any) -> Any:
    path, form = said(contact_id, answer, **more)
    return browser.post(path, data=form)


def test_a_yes_is_written_down_with_who_and_how(client_for: ClientFor, contact_id: str) -> None:
    rep = client_for("rep")
    page = rep.get(f"/acme/contacts/{contact_id}")
    assert f"/acme/contacts/{contact_id}/privacy" in page.text
    answer = send(rep, contact_id, note="at the fair")
    assert answer.status_code == 303
    page = rep.get(answer.location)
    assert flashed(page) == "Saved."
    for word in ("Agreed", "E-mail", "News and advertising", "On the phone", "Rita Rep", "at the fair"):
        assert word in page.text
    assert statements(page) <= 8
    history = rep.get(f"/acme/contacts/{contact_id}/history").text
    assert "Consent written down" in history
    assert "On the phone" in history


def test_a_no_after_a_yes_withdraws_and_is_told_beside_the_buttons(client_for: ClientFor, contact_id: str) -> None:
    rep = client_for("rep")
    send(rep, contact_id)
    assert "not wanted" not in rep.get(f"/acme/contacts/{contact_id}").text
    send(rep, contact_id, "no")
    send(rep, contact_id, "no", channel="phone", purpose=["sales", "marketing"])
    page = rep.get(f"/acme/contacts/{contact_id}")
    assert "E-mail – not wanted: News and advertising" in page.text
    assert "Phone – not wanted: News and advertising, Offers and sales talks" in page.text
    assert statements(page) <= 8
    page = rep.get(f"/acme/contacts/{contact_id}/privacy").text
    assert "Withdrew" in page
    assert "Objected" in page
    assert page.count("consent-said") == 4, "what was said before stays"


def test_sent_twice_it_counts_once(client_for: ClientFor, contact_id: str) -> None:
    rep = client_for("rep")
    path, form = said(contact_id, purpose=["marketing", "survey"])
    assert [rep.post(path, data=form).status_code for _ in range(2)] == [303, 303]
    assert rep.get(path).text.count("consent-said") == 2


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"purpose": []}, "Choose at least one."),
        ({"channel": "pigeon"}, "Choose one of the values offered."),
        ({"source": "rumour"}, "Choose one of the values offered."),
        ({"on": (now() + timedelta(days=3)).date().isoformat()}, "This lies in the future."),
        ({"on": "soon"}, "Write a date."),
        ({"note": "x" * 300}, "At most 200 characters."),
    ],
)
def test_what_is_wrong_is_told_and_kept(
    client_for: ClientFor, contact_id: str, changes: dict[str, Any], words: str
) -> None:
    rep = client_for("rep")
    answer = send(rep, contact_id, **{"note": "keep me", **changes})
    assert answer.status_code == 422
    assert words in answer.text
    if "note" not in changes and "channel" not in changes:
        assert "keep me" in answer.text
    assert "consent-said" not in rep.get(f"/acme/contacts/{contact_id}/privacy").text


def ticked(page: str) -> list[str]:
    """Return the purposes that are chosen on the page, of all channels."""
    return re.findall(r'name="purpose" value="([a-z]+)" checked', page)


def test_nothing_is_agreed_to_beforehand_and_what_was_left_stays_left(client_for: ClientFor, contact_id: str) -> None:
    rep = client_for("rep")
    assert ticked(rep.get(f"/acme/contacts/{contact_id}/privacy").text) == []
    left = send(rep, contact_id, purpose=[])
    assert left.status_code == 422
    assert ticked(left.text) == []
    wrong = send(rep, contact_id, purpose=["survey"], on="soon")
    assert ticked(wrong.text) == ["survey"], "kept where it was chosen, and only there"


def test_a_day_of_the_past_is_kept(client_for: ClientFor, contact_id: str) -> None:
    rep = client_for("rep")
    assert send(rep, contact_id, on="2025-03-04").status_code == 303
    assert "Mar 4, 2025" in rep.get(f"/acme/contacts/{contact_id}/privacy").text


@pytest.mark.parametrize(
    ("who", "reading", "writing"),
    [("teammate", 200, 403), ("manager", 200, 303), ("viewer", 200, 403), ("colleague", 404, 404),
     ("owner", 200, 303), ("outsider", 404, 404), ("stranger", 404, 404)],
)  # fmt: skip
def test_who_may(client_for: ClientFor, contact_id: str, who: str, reading: int, writing: int) -> None:
    browser = client_for(who)
    assert browser.get(f"/acme/contacts/{contact_id}/privacy").status_code == reading
    assert send(browser, contact_id).status_code == writing
    written = client_for("owner").get(f"/acme/contacts/{contact_id}/privacy").text.count("consent-said")
    assert written == (1 if writing == 303 else 0)


def test_who_may_only_look_gets_no_forms(client_for: ClientFor, contact_id: str) -> None:
    page = client_for("viewer").get(f"/acme/contacts/{contact_id}/privacy").text
    assert "They agree" not in page
    assert "Erase this person" not in page
    assert "Erase this person" in client_for("admin").get(f"/acme/contacts/{contact_id}/privacy").text


def test_a_duty_to_keep_stops_deleting(client_for: ClientFor, contact_id: str) -> None:
    admin, rep = client_for("admin"), client_for("rep")
    path = f"/acme/contacts/{contact_id}"
    assert rep.post(f"{path}/hold", data={"reason": "Lawsuit"}).status_code == 403
    assert admin.post(f"{path}/hold", data={"reason": ""}).status_code == 422
    assert admin.post(f"{path}/hold", data={"reason": "Old", "until": "2020-01-01"}).status_code == 422
    assert admin.post(f"{path}/hold", data={"reason": "Lawsuit"}).status_code == 303
    assert rep.post(f"{path}/recycle").location == path
    assert "This must be kept: Lawsuit" in rep.get(path).text
    assert "Lawsuit" in admin.get(f"{path}/privacy").text
    assert admin.post(f"{path}/hold/lift").status_code == 303
    assert rep.post(f"{path}/recycle").status_code == 303
    assert rep.get(path).status_code == 404


def test_every_form_of_the_page_has_its_own_ids(client_for: ClientFor, contact_id: str) -> None:
    page = client_for("rep").get(f"/acme/contacts/{contact_id}/privacy").text
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
