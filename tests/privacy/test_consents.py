"""Which of several answers counts: the one that was written down last, whatever clock or form it came from."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from saas_crm.access.permissions import CurrentMember
from saas_crm.privacy import consents
from tests.support.clients import Browser, Phone
from tests.support.making import Maker

Acting = Callable[[str], AbstractContextManager[CurrentMember]]
ClientFor = Callable[..., Browser]
FORM = {"channel": "email", "purpose": "marketing", "source": "talk"}


def counts(acting: Acting, contact_id: UUID) -> list[str]:
    with acting("rep"):
        return [row.state for row in consents.statements(contact_id)]


def written(acting: Acting, contact_id: UUID) -> list[str]:
    """Return all answers, the latest first, read page by page."""
    with acting("rep"):
        page = consents.history(contact_id, limit=2)
        found = list(page.rows)
        while page.after is not None:
            page = consents.history(contact_id, limit=2, after=page.after)
            found += page.rows
    return [row.state for row in found]


def test_of_two_answers_about_one_past_day_the_later_counts(client_for: ClientFor, acting: Acting, make: Maker) -> None:
    rep, on = client_for("rep"), (datetime.now(UTC) - timedelta(days=3)).date().isoformat()
    people = [make.contact("rep", name=f"Tie {number}").id for number in range(6)]
    for contact_id in people:
        for answer in ("yes", "no", "yes", "no"):
            form = {**FORM, "on": on, "answer": answer, "record_id": str(uuid4())}
            assert rep.post(f"/acme/contacts/{contact_id}/privacy", data=form).status_code == 303
    assert [counts(acting, contact_id) for contact_id in people] == [["withdrawn"]] * 6
    assert [written(acting, contact_id) for contact_id in people] == [["withdrawn", "given"] * 2] * 6


def test_another_answer_with_the_same_form_counts(client_for: ClientFor, acting: Acting, make: Maker) -> None:
    """Going back in the browser brings the form with the id it had."""
    rep, contact_id = client_for("rep"), make.contact("rep", name="Back").id
    form: dict[str, Any] = {**FORM, "record_id": str(uuid4())}
    for answer, said in (("yes", ["given"]), ("no", ["withdrawn"]), ("no", ["withdrawn"]), ("yes", ["given"]),
                         ("yes", ["given"])):  # fmt: skip
        assert rep.post(f"/acme/contacts/{contact_id}/privacy", data={**form, "answer": answer}).status_code == 303
        assert counts(acting, contact_id) == said
    assert written(acting, contact_id) == ["given", "withdrawn", "given"], "sent twice it counts once"


def test_a_clock_that_is_ahead_does_not_outrank_what_comes_later(
    api_for: Callable[..., Phone], acting: Acting, make: Maker
) -> None:
    contact_id, rep = make.contact("rep", name="Ahead").id, api_for("rep")
    at = (datetime.now(UTC) + timedelta(minutes=9)).isoformat()
    said = {"channel": "email", "purpose": "marketing"}
    first = rep.post(f"/contacts/{contact_id}/consents", json={**said, "state": "given", "at": at})
    assert first.status_code == 201
    assert datetime.fromisoformat(first.json["at"]) <= datetime.now(UTC)
    assert rep.post(f"/contacts/{contact_id}/consents", json={**said, "state": "withdrawn"}).status_code == 201
    assert counts(acting, contact_id) == ["withdrawn"]
