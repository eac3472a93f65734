"""Looking in: by consent alone, for a while, without touching; told in both logs and to the owners; over at once."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from saas_crm.core.jobs import registry
from saas_crm.worker import execute
from tests.support.cast import Cast
from tests.support.clients import Browser, browser_of, statements
from tests.support.installation import Installation
from tests.support.mailbox import Mailbox, body
from tests.support.making import Maker
from tests.support.operators import OperatorPerson

Make = Callable[..., OperatorPerson]
Client = Callable[..., Browser]
NOTE = "The board is empty since Monday"


def allow(client_for: Client, who: str = "admin", **form: str) -> int:
    """Give consent; returns the answer's status."""
    return client_for(who).post("/acme/settings/support", data={"hours": "8", "note": NOTE, **form}).status_code


def ask(olga: OperatorPerson, cast: Cast, who: str = "rep") -> Any:
    """Ask to look in as somebody."""
    return olga.browser.post("/operator/workspaces/acme/visit", data={"member_id": str(cast[who].member_id)})


def look(olga: OperatorPerson, cast: Cast, who: str = "rep") -> None:
    """Begin to look in as somebody."""
    ticket = ask(olga, cast, who).location
    assert ticket.startswith("/acme/support/"), ticket
    assert olga.browser.get(ticket).location == "/acme/"


def audit(installation: Installation, cast: Cast) -> list[tuple[str, str | None]]:
    """Return what the workspace's own log has about support: the act, and which operator."""
    schema = cast.tenants["acme"].schema_name
    with installation.place.owner() as connection:
        return connection.execute(
            f"SELECT action, origin ->> 'operator' FROM {schema}.audit_log WHERE action LIKE 'support%' ORDER BY at, id"
        ).fetchall()


def acts(installation: Installation) -> list[tuple[str, str | None]]:
    """Return what the operators' log has about looking in, and why where it says so."""
    with installation.place.owner() as connection:
        return connection.execute(
            "SELECT act, details ->> 'why' FROM public.operator_acts WHERE act LIKE 'look_in%' ORDER BY id"
        ).fetchall()


def test_without_consent_nobody_looks_in(operator_for: Make, cast: Cast, installation: Installation) -> None:
    olga = operator_for()
    assert "does not allow it now" in olga.browser.get("/operator/workspaces/acme").text
    assert ask(olga, cast).location == "/operator/workspaces/acme"
    assert "The workspace does not allow it" in olga.browser.get("/operator/workspaces/acme").text
    assert olga.browser.get("/acme/").status_code == 302
    assert acts(installation) == [("look_in_refused", "consent")]


def test_by_consent_one_sees_what_the_member_sees_and_everybody_is_told(
    operator_for: Make, client_for: Client, cast: Cast, make: Maker, mailbox: Mailbox, installation: Installation
) -> None:
    make.company("rep", name="Seen Ltd")
    make.company("colleague", name="Hidden Ltd")
    assert allow(client_for) == 303
    olga = operator_for()
    page = olga.browser.get("/operator/workspaces/acme")
    assert NOTE in page.text
    assert statements(page) <= 8
    look(olga, cast)
    seen = olga.browser.get("/acme/companies")
    assert "Seen Ltd" in seen.text
    assert "Hidden Ltd" not in seen.text
    assert "Olga Operator, operator, looks in as Rita Rep until" in seen.text
    assert statements(seen) <= 8
    letters = mailbox.arrived(cast["owner"].email)
    assert any("Olga Operator" in body(letter) for letter in letters)
    assert olga.browser.post("/acme/support/end").location == "/operator/workspaces/acme"
    assert olga.browser.get("/acme/").status_code == 302
    name = "Olga Operator"
    assert audit(installation, cast) == [("support_allow", None), ("support_begin", name), ("support_end", name)]
    assert acts(installation) == [("look_in", None), ("look_in_end", "left")]
    log = client_for("owner").get("/acme/settings/audit").text
    assert name in log
    assert "Support began to look in as this member" in log
    assert NOTE in log


@pytest.mark.parametrize(("method", "path"), [
    ("POST", "companies"), ("GET", "settings/tokens"), ("POST", "settings/support"), ("GET", "exports/contacts.csv"),
    ("POST", "viewing/end"), ("GET", "settings/invitations/new"),
])  # fmt: skip
def test_nothing_is_changed_taken_along_or_ones_own(
    operator_for: Make, client_for: Client, cast: Cast, installation: Installation, method: str, path: str
) -> None:
    allow(client_for)
    olga = operator_for()
    look(olga, cast, "owner")
    answer = olga.browser.open(f"/acme/{path}", method=method, data={"name": "New"} if method == "POST" else None)
    assert answer.status_code in (403, 404)
    if answer.status_code == 403:
        assert f"{method} /{path}" in client_for("owner").get("/acme/settings/audit").text
        assert audit(installation, cast)[-1] == ("support_refused", "Olga Operator")
        assert acts(installation)[-1] == ("look_in_refused", "change")
    assert olga.browser.get("/acme/companies").status_code == 200


def test_outside_the_workspace_it_opens_nothing(operator_for: Make, client_for: Client, cast: Cast) -> None:
    allow(client_for)
    olga = operator_for()
    look(olga, cast, "owner")
    for address in ("/profile", "/workspaces", "/profile/two-factor", "/other/"):
        answer = olga.browser.get(address)
        assert (answer.status_code, answer.location[:7]) == (302, "/signin")
    assert olga.browser.get("/acme/api/v1/me").status_code == 401


def test_a_withdrawal_bites_at_the_next_request(
    operator_for: Make, client_for: Client, cast: Cast, installation: Installation
) -> None:
    allow(client_for)
    olga = operator_for()
    look(olga, cast)
    assert client_for("owner").post("/acme/settings/support/withdrawal").status_code == 303
    assert olga.browser.get("/acme/companies").location == "/operator/workspaces/acme"
    assert "Looking in has ended" in olga.browser.get("/operator/workspaces/acme").text
    assert acts(installation)[-1] == ("look_in_end", "consent")
    assert audit(installation, cast)[-1] == ("support_end", "Olga Operator")
    assert ask(olga, cast).location == "/operator/workspaces/acme"


@pytest.mark.parametrize("change", [
    "UPDATE public.operator_visits SET until = now()",
    "UPDATE public.operator_visits SET begun_at = now() - interval '31 minutes'",
    "UPDATE public.operators SET disabled_at = now()", "DELETE FROM public.operator_sessions",
], ids=["over", "half an hour", "disabled", "signed out"])  # fmt: skip
def test_it_ends_by_itself(
    operator_for: Make, client_for: Client, cast: Cast, installation: Installation, change: str
) -> None:
    allow(client_for)
    olga = operator_for()
    look(olga, cast)
    with installation.place.owner() as connection:
        connection.execute(change)
    assert olga.browser.get("/acme/companies").status_code == 302
    assert acts(installation)[-1] == ("look_in_end", "time")


def test_when_the_consents_time_is_over_it_ends(
    operator_for: Make, client_for: Client, cast: Cast, installation: Installation
) -> None:
    allow(client_for)
    olga = operator_for()
    look(olga, cast)
    with installation.place.owner() as connection:
        connection.execute(f"UPDATE {cast.tenants['acme'].schema_name}.support_consents SET until = now()")
    assert olga.browser.get("/acme/companies").status_code == 302
    assert acts(installation)[-1] == ("look_in_end", "consent")
    assert ask(olga, cast).location == "/operator/workspaces/acme"


def test_what_nobody_came_back_to_is_ended_in_both_logs(
    operator_for: Make, client_for: Client, cast: Cast, app: Flask, installation: Installation
) -> None:
    allow(client_for)
    olga = operator_for()
    look(olga, cast)
    execute(app, registry["operators.end_visits"], {})
    assert acts(installation)[-1] == ("look_in", None)
    olga.browser.post("/operator/signout")
    for _turn in range(2):
        execute(app, registry["operators.end_visits"], {})
    assert acts(installation)[-2:] == [("look_in", None), ("look_in_end", "time")]
    assert audit(installation, cast)[-1] == ("support_end", "Olga Operator")


def test_a_ticket_is_good_once_here_and_in_its_own_browser(
    operator_for: Make, client_for: Client, cast: Cast, app: Flask, installation: Installation
) -> None:
    allow(client_for)
    olga, otto = operator_for(), operator_for("otto@operators.example", "Otto")
    ticket = ask(olga, cast).location
    assert otto.browser.get(ticket).status_code == 404
    assert browser_of(app, None).get(ticket).status_code == 404
    assert client_for("owner").get(ticket).status_code == 404
    assert olga.browser.get(ticket.replace("/acme/", "/other/")).status_code == 404
    assert olga.browser.get(ticket).status_code == 303
    assert olga.browser.get(ticket).status_code == 404
    assert acts(installation).count(("look_in_refused", "ticket")) == 3
    late = ask(olga, cast).location
    with installation.place.owner() as connection:
        connection.execute("UPDATE public.operator_visits SET asked_at = now() - interval '61 seconds'")
    assert olga.browser.get(late).status_code == 404


def test_the_mark_of_a_visit_is_worth_nothing_in_another_browser(
    operator_for: Make, client_for: Client, cast: Cast, app: Flask
) -> None:
    allow(client_for)
    olga = operator_for()
    look(olga, cast)
    thief = browser_of(app, None)
    thief.set_cookie("session", olga.browser.get_cookie("session").value)  # type: ignore[union-attr]
    assert thief.get("/acme/companies").status_code == 302
    assert thief.get("/acme/companies").location.startswith("/signin"), "the mark is taken away"


def test_looking_in_takes_password_and_code_again(
    operator_for: Make, client_for: Client, cast: Cast, installation: Installation
) -> None:
    allow(client_for)
    olga = operator_for()
    with installation.place.owner() as connection:
        connection.execute("UPDATE public.operator_sessions SET proven_at = now() - interval '11 minutes'")
    assert ask(olga, cast).status_code == 403


def test_who_is_gone_cannot_be_looked_as(operator_for: Make, client_for: Client, cast: Cast) -> None:
    allow(client_for)
    olga = operator_for()
    for member in (cast["outsider"].member_id, "00000000-0000-7000-8000-000000000000", "nobody"):
        answer = olga.browser.post("/operator/workspaces/acme/visit", data={"member_id": str(member)})
        assert answer.location == "/operator/workspaces/acme"


def test_a_members_own_pages_take_no_statement_more(client_for: Client) -> None:
    rep = client_for("rep")
    rep.get("/acme/companies")
    assert statements(rep.get("/acme/companies")) <= 4


class TestConsent:
    """Settings > Support access."""

    @pytest.mark.parametrize("who", ["manager", "rep", "viewer"])
    def test_it_is_for_administrators(self, client_for: Client, who: str) -> None:
        assert allow(client_for, who) == 403
        assert client_for(who).get("/acme/settings/support").status_code == 403
        assert client_for(who).post("/acme/settings/support/withdrawal").status_code == 403

    @pytest.mark.parametrize(("form", "field"), [({"hours": "9999"}, "hours"), ({"note": "  "}, "note")])
    def test_what_is_missing_is_told_by_its_field(self, client_for: Client, form: dict[str, str], field: str) -> None:
        answer = client_for("admin").post("/acme/settings/support", data={"hours": "1", "note": "Kept", **form})
        assert answer.status_code == 422
        assert f'href="#field-{field}"' in answer.text

    def test_it_is_shown_with_its_history(self, client_for: Client) -> None:
        assert "Nobody outside this workspace can look in" in client_for("owner").get("/acme/settings/support").text
        allow(client_for)
        page = client_for("owner").get("/acme/settings/support")
        assert NOTE in page.text
        assert "can look in until" in page.text
        assert statements(page) <= 8
        client_for("owner").post("/acme/settings/support/withdrawal")
        assert "withdrawn by Olivia Owner" in client_for("owner").get("/acme/settings/support").text

    def test_sent_twice_it_is_one(self, client_for: Client, installation: Installation, cast: Cast) -> None:
        page = client_for("admin").get("/acme/settings/support").text
        record = re.search(r'name="record_id" value="([^"]+)"', page)
        assert record is not None
        for _turn in range(2):
            assert allow(client_for, record_id=record[1]) == 303
        assert audit(installation, cast) == [("support_allow", None)]

    def test_a_new_one_ends_the_former(self, client_for: Client, installation: Installation, cast: Cast) -> None:
        allow(client_for, hours="168")
        allow(client_for, hours="1")
        schema = cast.tenants["acme"].schema_name
        with installation.place.owner() as connection:
            open_ones = connection.execute(
                f"SELECT until < now() + interval '2 hours' FROM {schema}.support_consents WHERE withdrawn_at IS NULL"
            ).fetchall()
        assert open_ones == [(True,)]

    def test_it_takes_the_password_again(self, client_for: Client) -> None:
        admin = client_for("admin")
        admin.write_session({**admin.read_session(), "proved": 0})
        assert admin.post("/acme/settings/support", data={"hours": "1", "note": "x"}).status_code == 403
        assert "can look in until" not in admin.get("/acme/settings/support").text
