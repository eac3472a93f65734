"""`saas-crm operators consent` and `visits`: a command names who looks in; password and code prove that it is them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import partial

import pytest
from flask import Flask

from tests.support.cast import Cast
from tests.support.clients import Browser
from tests.support.command import Call
from tests.support.installation import Installation
from tests.support.mailbox import Mailbox, body
from tests.support.operators import PASSWORD, OperatorPerson, make_operator

Client = Callable[..., Browser]
Lines = list[tuple[str, str | None]]
OLGA = "olga@operators.example"


@pytest.fixture
def operator_for(app: Flask, installation: Installation) -> Callable[..., OperatorPerson]:
    """Make an operator, by default signed in to the console."""
    return partial(make_operator, app, installation)


def allow(client_for: Client) -> None:
    form = {"hours": "8", "note": "The board is empty"}
    assert client_for("admin").post("/acme/settings/support", data=form).status_code == 303


def begin(call: Call, cast: Cast, who: str = "rep", operator: str = OLGA) -> str:
    """Begin by command; returns the link's path."""
    made = call("operators", "visits", "begin", "acme", "--member", cast[who].email, "--operator", operator)
    assert made.exit_code == 0, made.output
    found = re.search(r"http://localhost(/operator/visits/\S+)", made.output)
    assert found is not None
    return found[1]


def look(olga: OperatorPerson, link: str) -> None:
    """Open a link as the operator it is for."""
    ticket = olga.browser.post(link).location
    assert ticket.startswith("/acme/support/"), ticket
    assert olga.browser.get(ticket).location == "/acme/"


def audit(installation: Installation, cast: Cast) -> Lines:
    schema = cast.tenants["acme"].schema_name
    with installation.place.owner() as connection:
        return connection.execute(
            f"SELECT action, origin ->> 'operator' FROM {schema}.audit_log WHERE action LIKE 'support%' ORDER BY at, id"
        ).fetchall()


def acts(installation: Installation) -> list[tuple[str, str, str | None]]:
    with installation.place.owner() as connection:
        return connection.execute(
            "SELECT act, actor, details ->> 'why' FROM public.operator_acts"
            " WHERE act LIKE 'look_in%' OR act LIKE 'consent%' ORDER BY id"
        ).fetchall()


@pytest.mark.newest  # consents have a table of their own; tests/rollout/test_commands.py asks before
def test_whether_it_is_allowed_is_told_and_can_be_asked_for(
    call: Call, operator_for: Callable[..., OperatorPerson], client_for: Client, cast: Cast, mailbox: Mailbox,
    installation: Installation,
) -> None:  # fmt: skip
    operator_for(signed_in=False)
    refused = call("operators", "consent", "acme")
    assert (refused.exit_code, "does not let operators look in now" in refused.output) == (1, True)
    asked = call("operators", "consent", "acme", "--ask", "The board  is empty", "--operator", OLGA)
    assert asked.exit_code == 0, asked.output
    assert "a mail goes to 1 owner of acme" in asked.output
    letter = body(mailbox.arrived(cast["owner"].email)[-1])
    assert "Olga Operator, who helps to run this service, asks to look into" in letter
    assert "The board is empty" in letter
    assert "/acme/settings/support" in letter
    assert audit(installation, cast) == [("support_ask", "Olga Operator")]
    assert acts(installation) == [("consent_ask", "Olga Operator", None)]
    assert "Support asked to look in" in client_for("owner").get("/acme/settings/audit").text
    assert call("operators", "consent", "acme").exit_code == 1, "asking opens nothing"
    allow(client_for)
    told = call("operators", "consent", "acme")
    assert (told.exit_code, "The board is empty" in told.output) == (0, True)


def test_the_link_looks_in_as_the_page_does(
    call: Call, operator_for: Callable[..., OperatorPerson], client_for: Client, cast: Cast, mailbox: Mailbox,
    installation: Installation,
) -> None:  # fmt: skip
    olga = operator_for()
    allow(client_for)
    link = begin(call, cast)
    page = olga.browser.get(link)
    assert page.status_code == 200
    assert cast["rep"].name in page.text
    assert olga.browser.get(link).status_code == 200, "looking at it does not use it up"
    look(olga, link)
    assert "Olga Operator, operator, looks in as Rita Rep until" in olga.browser.get("/acme/companies").text
    assert any("Olga Operator" in body(letter) for letter in mailbox.arrived(cast["owner"].email))
    assert olga.browser.get(link).status_code == 404
    assert olga.browser.post(link).status_code == 404
    listed = json.loads(call("operators", "visits", "--json").output)
    assert [(each["slug"], each["operator"], each["state"]) for each in listed] == [
        ("acme", "Olga Operator", "looks in")
    ]  # fmt: skip
    assert call("operators", "visits", "end", listed[0]["id"]).exit_code == 0
    assert olga.browser.get("/acme/companies").status_code == 302, "from the next request on"
    name = "Olga Operator"
    assert audit(installation, cast) == [("support_allow", None), ("support_begin", name), ("support_end", name)]
    assert acts(installation) == [
        ("look_in_offer", name, None), ("look_in", name, None), ("look_in_end", name, "command")
    ]  # fmt: skip
    assert "ended (command)" in call("operators", "visits", "--tenant", "acme").output
    assert "has ended already" in call("operators", "visits", "end", listed[0]["id"]).output


def test_it_opens_nothing_for_who_is_not_signed_in_or_somebody_else(
    call: Call, operator_for: Callable[..., OperatorPerson], client_for: Client, cast: Cast, installation: Installation
) -> None:
    olga, otto = operator_for(signed_in=False), operator_for("otto@operators.example", "Otto")
    allow(client_for)
    link = begin(call, cast)
    ticket = link.rpartition("/")[2]
    assert olga.browser.get(link).location == "/operator/signin"
    assert client_for("owner").get(link).location == "/operator/signin"
    assert olga.browser.get(f"/acme/support/{ticket}").status_code == 404
    for path in (link, f"/acme/support/{ticket}"):
        assert otto.browser.get(path).status_code == 404
    assert otto.browser.post(link).status_code == 404
    olga.password_given()
    assert olga.browser.get(link).location == "/operator/signin/code", "the password alone is half of it"
    olga.sign_in()
    assert olga.browser.get(f"/acme/support/{ticket}").status_code == 404, "an offer is no ticket yet"
    look(olga, link)
    assert [act for act, _who, _why in acts(installation)].count("look_in") == 1


def test_after_ten_minutes_it_takes_password_and_code_again(
    call: Call, operator_for: Callable[..., OperatorPerson], client_for: Client, cast: Cast, installation: Installation
) -> None:
    olga = operator_for()
    allow(client_for)
    link = begin(call, cast)
    with installation.place.owner() as connection:
        connection.execute("UPDATE public.operator_sessions SET proven_at = now() - interval '11 minutes'")
    assert olga.browser.post(link).status_code == 403
    wrong = {"proof_password": PASSWORD, "proof_code": "000000"}
    assert olga.browser.post(link, data=wrong).status_code == 422
    right = olga.browser.post(link, data={**wrong, "proof_code": olga.code()})
    assert right.location.startswith("/acme/support/")


@pytest.mark.parametrize("change", [
    "UPDATE public.operator_visits SET asked_at = now() - interval '6 minutes'",
    "UPDATE public.operator_visits SET ended_at = now()",
], ids=["over", "taken back"])  # fmt: skip
def test_a_link_that_is_over_is_not_there(
    call: Call, operator_for: Callable[..., OperatorPerson], client_for: Client, cast: Cast,
    installation: Installation, change: str,
) -> None:  # fmt: skip
    olga = operator_for()
    allow(client_for)
    link = begin(call, cast)
    with installation.place.owner() as connection:
        connection.execute(change)
    assert olga.browser.get(link).status_code == 404
    assert olga.browser.post(link).status_code == 404


def test_a_link_taken_back_or_a_withdrawn_consent_leads_nowhere(
    call: Call, operator_for: Callable[..., OperatorPerson], client_for: Client, cast: Cast, installation: Installation
) -> None:
    olga = operator_for()
    allow(client_for)
    link = begin(call, cast)
    visit = json.loads(call("operators", "visits", "--json").output)[0]
    assert visit["state"] == "offered"
    assert call("operators", "visits", "end", visit["id"]).exit_code == 0
    assert olga.browser.get(link).status_code == 404
    assert audit(installation, cast) == [("support_allow", None)], "nobody has looked in, and nobody is told so"
    link = begin(call, cast)
    client_for("owner").post("/acme/settings/support/withdrawal")
    assert olga.browser.post(link).location == "/operator/workspaces/acme"
    assert acts(installation)[-1] == ("look_in_refused", "Olga Operator", "consent")


@pytest.mark.newest  # the same
def test_who_cannot_is_told_in_a_line(
    call: Call, operator_for: Callable[..., OperatorPerson], client_for: Client, cast: Cast, installation: Installation
) -> None:
    operator_for(signed_in=False)
    operator_for("new@operators.example", "New", set_up=False)
    rep = cast["rep"].email
    start = ("operators", "visits", "begin")
    for expected, arguments in [
        ("does not let operators look in", (*start, "acme", "--member", rep, "--operator", OLGA)),
        ("no workspace 'gone'", (*start, "gone", "--member", rep, "--operator", OLGA)),
        ("Say which operator", (*start, "acme", "--member", rep)),
        ("is no operator", (*start, "acme", "--member", rep, "--operator", "x@operators.example")),
        ("is waiting", (*start, "acme", "--member", rep, "--operator", "new@operators.example")),
        ("no e-mail address", (*start, "acme", "--member", "x", "--operator", OLGA)),
        ("Say why", ("operators", "consent", "acme", "--ask", " ", "--operator", OLGA)),
        ("Say which operator", ("operators", "consent", "acme", "--ask", "Why")),
        ("There is no visit", ("operators", "visits", "end", "01a206b4-09d0-7000-8000-000000000000")),
    ]:
        refused = call(*arguments)
        assert (refused.exit_code in (1, 2), expected in refused.output) == (True, True), refused.output
    assert acts(installation) == [("look_in_refused", "Olga Operator", "consent")]
    allow(client_for)
    strange = call(*start, "acme", "--member", "nobody@acme.example", "--operator", OLGA)
    assert "is no active member of acme" in strange.output
    unserved = call(*start, "acme", "--member", rep, "--operator", OLGA, OPERATOR_CONSOLE="false")
    assert "The console is not served" in unserved.output


def test_a_link_rests_on_the_consent_of_when_it_is_taken(
    call: Call, cast: Cast, client_for: Client, operator_for: Callable[..., OperatorPerson], installation: Installation
) -> None:
    """A new consent ends the former one, by which the link was offered; it opens nothing that was ended."""
    olga = operator_for()
    allow(client_for)
    link = begin(call, cast)
    allow(client_for)
    look(olga, link)
    schema = cast.tenants["acme"].schema_name
    with installation.place.owner() as connection:
        [(taken,)] = connection.execute("SELECT consent_id FROM public.operator_visits").fetchall()
        newest = connection.execute(f"SELECT id FROM {schema}.support_consents ORDER BY id DESC LIMIT 1").fetchone()
    assert (taken,) == newest
    assert olga.browser.get("/acme/companies").status_code == 200
