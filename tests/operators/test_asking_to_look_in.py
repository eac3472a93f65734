"""Asking a workspace's owners to be let in, from its page: a mail to them, a line in both logs, and nothing is open."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.cast import Cast
from tests.support.clients import Browser
from tests.support.installation import Installation
from tests.support.mailbox import Mailbox, body
from tests.support.operators import OperatorPerson

Make = Callable[..., OperatorPerson]
Client = Callable[..., Browser]
HERE, ASK = "/operator/workspaces/acme", "/operator/workspaces/acme/consent"
WHY = "The board is empty since Monday"


def acts(installation: Installation) -> list[tuple[str, str, str]]:
    with installation.place.owner() as connection:
        return connection.execute(
            "SELECT actor, slug, details ->> 'reason' FROM public.operator_acts WHERE act = 'consent_ask'"
        ).fetchall()


@pytest.mark.newest  # consents have a table of their own
def test_the_owners_are_asked_by_mail_and_say_yes_themselves(
    operator_for: Make, client_for: Client, cast: Cast, mailbox: Mailbox, installation: Installation
) -> None:
    browser = operator_for().browser
    assert f'action="{ASK}"' in browser.get(HERE).text
    assert browser.post(ASK, data={"why": f"  {WHY} "}).status_code == 303
    page = browser.get(HERE).text
    assert "1 owner was asked by mail." in page
    assert "Olga Operator asked its owners on" in page
    assert 'name="member_id"' not in page, "asking opens nothing"
    letter = body(mailbox.arrived(cast["owner"].email)[-1])
    for told in ("Olga Operator, who helps to run this service, asks to look into", WHY, "/acme/settings/support"):
        assert told in letter
    assert acts(installation) == [("Olga Operator", "acme", WHY)]
    assert "Support asked to look in" in client_for("owner").get("/acme/settings/audit").text
    client_for("owner").post("/acme/settings/support", data={"hours": "8", "note": "Please look"})
    allowed = browser.get(HERE).text
    assert 'name="member_id"' in allowed
    assert f'action="{ASK}"' not in allowed


@pytest.mark.newest
def test_asked_twice_within_the_hour_it_is_one_mail(operator_for: Make, installation: Installation) -> None:
    browser = operator_for().browser
    for _turn in range(2):
        assert browser.post(ASK, data={"why": WHY}).status_code == 303
    assert "less than an hour ago" in browser.get(HERE).text
    assert len(acts(installation)) == 1
    with installation.place.owner() as connection:
        connection.execute("UPDATE public.operator_acts SET at = at - interval '61 minutes'")
    browser.post(ASK, data={"why": WHY})
    assert len(acts(installation)) == 2


@pytest.mark.parametrize(("why", "told"), [("  ", "This is needed."), ("x" * 201, "At most 200")])
def test_without_a_reason_nobody_is_asked(operator_for: Make, installation: Installation, why: str, told: str) -> None:
    answer = operator_for().browser.post(ASK, data={"why": why})
    assert answer.status_code == 422
    assert 'href="#field-why"' in answer.text
    assert told in answer.text
    assert '<details class="console-more" open>' in answer.text
    assert acts(installation) == []


def test_who_cannot_agree_is_not_asked(operator_for: Make, installation: Installation) -> None:
    browser = operator_for().browser
    browser.post(f"{HERE}/suspension", data={"kind": "read_only", "reason": "Unpaid"})
    page = browser.get(HERE).text
    assert f'action="{ASK}"' not in page
    assert "nobody in it can agree now" in page
    assert browser.post(ASK, data={"why": WHY}).status_code == 422
    assert acts(installation) == []


def test_nobody_elses_sign_in_asks(client_for: Client, installation: Installation) -> None:
    assert client_for("owner").post(ASK, data={"why": WHY}).location == "/operator/signin"
    assert acts(installation) == []
