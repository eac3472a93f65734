"""Schemathesis over the whole description, against a real server, with every check there is."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import strategies as st
from pydantic import SecretStr
from schemathesis.engine import events, from_schema

from mobile_api.registry import load
from saas_crm.access.entry_rules import IDLE_MINUTES, SESSION_HOURS
from saas_crm.core.cursors import encode_cursor
from tests.mobile_api.paying import Payer
from tests.stripe import KEY, Double
from tests.support.billing import selling
from tests.support.cast import Cast
from tests.support.clients import Browser, Phone
from tests.support.installation import Installation
from tests.support.making import Maker
from tests.support.selling import offer
from tests.support.server import LiveServer, live_server

EXAMPLES = 10
"""Of each operation in each phase: some 2,000 requests and 50,000 checks, a minute on two quiet cores."""
NOT_HERE = {
    "choose_seats": "takes a plan with fewer seats than people: test_member_seats.py",
    "take_back_change": "takes a change whose bank asks: test_billing.py",
}
"""What no request of a fuzzer's comes to here: tried in the file that is named."""

# What a schema cannot say, by the code of the error: that a record named is there and may be named, that a text
# has more to it than blanks, that nobody is born in the future, that a lost deal needs a reason, that an e-mail
# address is one, which permissions of a role fit together and which role may go.
OF_MEANING = {
    "unknown", "owner", "currency", "closed", "pipeline", "cursor", "missing", "enum", "string_too_short",
    "website", "country", "timezone", "moment", "future", "invalid", "no_at_sign", "key-reused",
    "needs", "beyond", "taken", "in_use", "built_in", "owner_role", "too_many",
    "duty", "other_name", "field_rule", "masked", "default", "wrong",
}  # fmt: skip
# A record that is not there, a lost race or a broken rule is no judgement of the data's form; which rules may say
# no is looked at by the check below. That a token is unknown or a permission missing would be wrong here.
ACCEPTED = ["2xx", "304", "404", "409", "412", "422"]

schemathesis.openapi.format(
    "e-mail", st.sampled_from(["", "ann@example.com", "Bob.Ray@firma.example", "张三@例子.中国"])
)
schemathesis.openapi.format("phone", st.sampled_from(["", "+49 30 12345678", "(212) 555-0143", "+86 138 1234 5678"]))
schemathesis.openapi.format("website", st.sampled_from(["", "www.example.com", "https://例子.中国/路?q=1#x"]))
schemathesis.openapi.format("domain", st.sampled_from(["crm.firma.example", "https://销售.例子.中国/"]))
schemathesis.openapi.format("country", st.sampled_from(["", "DE", "cn", "US"]))
schemathesis.openapi.format("words", st.sampled_from(["", "acme", "华东", "0143", "a%_\\"]) | st.text(max_size=20))
schemathesis.openapi.format("cursor", st.builds(
    encode_cursor, st.sampled_from(["companies:name", "contacts:-name", "members:name"]),
    st.tuples(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20), st.uuids()),
))  # fmt: skip


@pytest.fixture
def payer(
    app: Flask, stripe: Double, cast: Cast, api_for: Callable[..., Phone], client_for: Callable[..., Browser]
) -> Iterator[Payer]:
    """The owner, where money is taken at a double of Stripe."""
    with selling(app, stripe_secret_key=SecretStr(KEY), stripe_api_base=stripe.url):
        offer(app)
        yield Payer(client_for("owner"), api_for("owner"), stripe, cast.tenants["acme"])


@pytest.fixture
def selling_server(payer: Payer, app: Flask, installation: Installation) -> Iterator[LiveServer]:
    """A server that takes money there, too."""
    with live_server(app.extensions["settings"], installation.folder) as server:
        yield server


@schemathesis.check
def refused_for_what_no_schema_can_say(ctx: Any, response: Any, case: Any) -> None:
    """Data that fits the description is refused only for its meaning."""
    if response.status_code == 422 and case.meta is not None and case.meta.generation.mode.is_positive:
        codes = {error["code"] for error in json.loads(response.content).get("errors", [{"code": "key-reused"}])}
        assert codes <= OF_MEANING, f"refused for {codes - OF_MEANING}: {response.content.decode()}"


@pytest.fixture
def schema(
    selling_server: LiveServer, cast: Cast, api_for: Callable[..., Phone], make: Maker, payer: Payer
) -> Any:  # fmt: skip
    """The description as the server gives it, to be asked in the name of the owner, who may do everything."""
    config = schemathesis.Config.from_dict(
        {
            "seed": 7,
            "headers": {"Authorization": f"Bearer {cast['owner'].token}"},
            "generation": {"mode": "all", "max-examples": EXAMPLES, "database": "none"},
            "checks": {"positive_data_acceptance": {"expected-statuses": ACCEPTED}},
            "operations": [
                {
                    # Nobody has the passwords that are made up here, and after many one has to wait.
                    "include-operation-id": "sign_in",
                    "checks": {"positive_data_acceptance": {"expected-statuses": [*ACCEPTED, "401", "429"]}},
                },
                {
                    "include-operation-id": "prove_token",
                    "checks": {"positive_data_acceptance": {"expected-statuses": [*ACCEPTED, "429"]}},
                },
            ],
        }
    )
    found = schemathesis.openapi.from_url(f"{selling_server.url}/acme/api/v1/openapi.json", config=config)
    mine = api_for("owner").get("/me").json["token_id"]

    @found.hook
    def filter_case(context: Any, case: Any) -> bool:
        """Nobody takes back the token that asks."""
        return operation_of(case) != "sign_out" or case.path_parameters.get("token_id") != mine

    closed = [str(make.deal("owner", outcome="won").id) for _ in range(EXAMPLES)]
    rep = f"{make.member_id('rep')}"
    role = api_for("owner").get(f"/members/{rep}").json["role_id"]
    offers = [{"email": f"n{number}@new.example", "role_id": role} for number in range(2 * EXAMPLES)]
    open_offers = [api_for("owner").post("/invitations", json=offers.pop()).json["id"] for _ in range(EXAMPLES)]

    shared = {
        "share_company": make.company("rep", name="Shared").id, "share_contact": make.contact("rep", name="Shared").id,
        "share_opportunity": make.deal("rep", name="Shared").id,
    }  # fmt: skip
    whom = f"{make.member_id('viewer')}"
    known, doomed = make.contact("owner").id, [make.contact("owner", name="Doomed").id for _ in range(EXAMPLES)]
    gone, owner = make.contact("owner", name="Doomed").id, api_for("owner")
    erasure = owner.post(f"/contacts/{gone}/erasure", json={"name": "Doomed"}).json["id"]
    entries = [owner.post("/processing-activities", json={"name": "Cameras"}).json["id"] for _ in range(EXAMPLES + 1)]
    of_known = {"list_consents", "record_consent", "export_personal_data", "preview_erasure"}
    of_entry = {"show_processing_activity", "change_processing_activity"}
    south, leaving = f"{make.team_id('south')}", f"{make.member_id('teammate')}"
    for beside in ("helpers", "guests"):
        api_for("owner").post(f"/teams/{south}/{beside}", json={"member_id": leaving})
    owner.patch("/numbering/company", json={"on": True, "pattern": "C-{0000}"})
    # Not more often: after very many mails a workspace has to wait.
    waiting = [api_for("owner").post("/invitations", json=offers.pop()).json["id"]] * EXAMPLES

    @found.hook
    def map_case(context: Any, case: Any) -> Any:
        """Some records are there to be opened again, withdrawn and changed: the answers rarely lead to one."""
        operation = operation_of(case)
        if not case.meta.generation.mode.is_positive:
            return case
        payer.help(case, operation)
        if closed and operation == "reopen_opportunity":
            case.path_parameters["opportunity_id"] = closed.pop()
        if open_offers and operation == "withdraw_invitation":
            case.path_parameters["invitation_id"] = open_offers.pop()
        if offers and operation == "invite":
            case.body = offers.pop()
        if operation in shared and isinstance(case.body, dict):
            case.path_parameters["record_id"] = str(shared[operation])
            case.body["member_id"] = whom
        if operation == "sign_member_out":
            case.path_parameters["member_id"] = whom
        if operation in of_known:
            case.path_parameters["contact_id"] = str(known)
        if doomed and operation == "erase_contact" and isinstance(case.body, dict):
            case.path_parameters["contact_id"], case.body["name"] = str(doomed.pop()), "Doomed"
        if operation == "show_erasure":
            case.path_parameters["erasure_id"] = erasure
        if operation in of_entry:
            case.path_parameters["processing_id"] = entries[0]
        if len(entries) > 1 and operation == "remove_processing_activity":
            case.path_parameters["processing_id"] = entries.pop()
        if waiting and operation == "mail_invitation":
            case.path_parameters["invitation_id"] = waiting.pop()
        if operation.endswith(("_team_helper", "_team_guest")):
            case.path_parameters["team_id"] = south
            if operation.startswith("end_"):
                case.path_parameters["member_id"] = leaving
            elif isinstance(case.body, dict):
                case.body["member_id"] = rep
        if operation == "change_security" and isinstance(case.body, dict):
            case.body = said_of_sign_ins(case.body)
        if operation == "change_sso" and isinstance(case.body, dict):
            case.body = {"issuer": "https://login.acme.example", "client_id": "crm", "client_secret": "of both"}
        if operation == "change_numbering" and isinstance(case.body, dict):
            case.path_parameters["kind"], case.body = "opportunity", {"on": True, "pattern": "D-{0000}"}
        if operation == "number_existing_records":
            case.path_parameters["kind"] = "company"
        if operation == "change_member" and isinstance(case.body, dict):
            case.path_parameters["member_id"] = rep
            case.body = {key: value for key, value in case.body.items() if not key.endswith("_id")}
        return case

    return found


@pytest.mark.fuzz
@pytest.mark.timeout(900)
def test_every_check_passes(schema: Any) -> None:
    """All phases: examples, coverage, fuzzing and stateful, in which answers lead to further requests."""
    failures: list[str] = []
    statuses: dict[str, set[int]] = defaultdict(set)
    checked = 0
    for event in from_schema(schema).execute():
        if isinstance(event, events.NonFatalError):
            failures.append(f"{event.label}: {event.value!r}")
        if isinstance(event, events.FatalError):
            raise event.exception
        if isinstance(event, events.ScenarioFinished | events.FuzzScenarioFinished):
            for case_id, sent in event.recorder.interactions.items():
                operation = operation_of(event.recorder.cases[case_id].value)
                statuses[operation].add(sent.response.status_code if sent.response else 0)
            for checks in event.recorder.checks.values():
                checked += len(checks)
                failures += [told(one) for one in checks if one.failure_info]
    assert not failures, "\n\n".join(failures)
    assert checked > 20_000
    seldom = {operation for operation, seen in statuses.items() if not seen & {200, 201, 202, 204}}
    assert seldom <= {"sign_in", "sign_out", "prove_token", *NOT_HERE}, "it never got past the refusals"
    assert len(statuses) == len(load().operations())


def said_of_sign_ins(body: dict[str, Any]) -> dict[str, Any]:
    """Return what is said of sign-ins with times that are offered and networks from which one asks; of domains none.

    Else hardly any would be taken, one would shut oneself out, and others could not be invited any more.
    """
    meant: dict[str, Callable[[Any], Any]] = {
        "session_hours": lambda hours: SESSION_HOURS[hours % len(SESSION_HOURS)],
        "idle_minutes": lambda minutes: IDLE_MINUTES[minutes % len(IDLE_MINUTES)],
        "networks": lambda networks: ["127.0.0.0/8", "::1/128", "203.0.113.0/24"][: len(networks)],
        "email_domains": lambda _domains: [],
    }
    return {name: value if value is None or name not in meant else meant[name](value) for name, value in body.items()}


def operation_of(case: Any) -> str:
    return str(case.operation.definition.raw["operationId"])


def told(check: Any) -> str:
    return f"{check.name}: {check.failure_info.failure}\n{check.failure_info.code_sample}"
