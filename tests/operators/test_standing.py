"""Suspending and resuming from the console: it bites at once, both logs tell of it, and what was typed is kept."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.clients import Browser
from tests.support.installation import Installation
from tests.support.operators import OperatorPerson

Make = Callable[..., OperatorPerson]
Client = Callable[..., Browser]


def test_a_suspension_bites_at_the_next_request_and_a_resumption_too(
    operator_for: Make, client_for: Client, installation: Installation
) -> None:
    olga, rep = operator_for(), client_for("rep")
    assert rep.get("/acme/companies").status_code == 200
    form = {"kind": "closed", "reason": "Unpaid since May", "ask": "billing@crm.example", "until": ""}
    assert olga.browser.post("/operator/workspaces/acme/suspension", data=form).status_code == 303
    closed = rep.get("/acme/companies")
    assert closed.status_code == 403
    assert "Unpaid since May" in closed.text
    page = olga.browser.get("/operator/workspaces/acme").text
    assert "Unpaid since May" in page
    assert olga.browser.post("/operator/workspaces/acme/resumption").status_code == 303
    assert rep.get("/acme/companies").status_code == 200
    with installation.place.owner() as connection:
        acts = "SELECT actor, act, slug FROM public.operator_acts WHERE slug IS NOT NULL ORDER BY id"
        assert connection.execute(acts).fetchall() == [
            ("Olga Operator", "suspend", "acme"), ("Olga Operator", "resume", "acme")
        ]  # fmt: skip
    log = client_for("owner").get("/acme/settings/audit").text
    assert log.count("Olga Operator") >= 2


def test_read_only_leaves_reading(operator_for: Make, client_for: Client) -> None:
    olga = operator_for()
    olga.browser.post("/operator/workspaces/acme/suspension", data={"kind": "read_only", "reason": "Unpaid"})
    assert client_for("rep").get("/acme/companies").status_code == 200
    assert client_for("rep").post("/acme/companies", data={"name": "New"}).status_code == 403


@pytest.mark.parametrize(("form", "field"), [
    ({"kind": "nothing"}, "kind"), ({"kind": "closed", "until": "2020-01-01T10:00"}, "until"),
    ({"kind": "closed", "reason": "x" * 201}, "reason"), ({"kind": "closed", "reason": " "}, "reason"),
    ({"kind": "read_only"}, "reason"),
])  # fmt: skip
def test_what_does_not_fit_is_told_by_its_field(operator_for: Make, form: dict[str, str], field: str) -> None:
    olga = operator_for()
    answer = olga.browser.post("/operator/workspaces/acme/suspension", data={"ask": "Olga, room 7", **form})
    assert answer.status_code == 422
    assert f'href="#field-{field}"' in answer.text
    assert "Olga, room 7" in answer.text
    assert "The workspace is open" in answer.text


def test_sent_twice_it_is_one_act(operator_for: Make, installation: Installation) -> None:
    olga, form = operator_for(), {"kind": "closed", "reason": "Unpaid"}
    for _turn in range(2):
        assert olga.browser.post("/operator/workspaces/acme/suspension", data=form).status_code == 303
    with installation.place.owner() as connection:
        count = connection.execute("SELECT count(*) FROM public.operator_acts WHERE act = 'suspend'").fetchone()
    assert count == (1,)


def test_what_billing_closed_stays_closed(operator_for: Make, client_for: Client, installation: Installation) -> None:
    from saas_crm.workspaces.standing import suspend
    from tenants.standing import BILLING, Suspension

    suspend(installation.settings.database_url, "acme", Suspension(BILLING, "closed"))
    olga = operator_for()
    olga.browser.post("/operator/workspaces/acme/suspension", data={"kind": "read_only", "reason": "Unpaid"})
    olga.browser.post("/operator/workspaces/acme/resumption")
    assert "others remain" in olga.browser.get("/operator/workspaces/acme").text
    assert client_for("rep").get("/acme/companies").status_code == 403


def test_suspending_takes_password_and_code_again(operator_for: Make, installation: Installation) -> None:
    olga = operator_for()
    with installation.place.owner() as connection:
        connection.execute("UPDATE public.operator_sessions SET proven_at = now() - interval '11 minutes'")
    for address in ("suspension", "resumption"):
        asked = olga.browser.post(f"/operator/workspaces/acme/{address}", data={"kind": "closed"})
        assert asked.status_code == 403
        assert "password and code are asked for again" in asked.text
