"""The one list of all operations, and what the description says about the API as a whole."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any

from mobile_api.openapi import Info, Registry, describe
from tenants.marks import N_

BASE = "/api/v1"
RESOURCES = (
    "tokens", "proof", "me", "members", "teams", "team_people", "invitations", "companies", "contacts", "activities",
    "opportunities", "opportunity_steps", "pipelines", "roles", "search", "account_teams", "audit", "hand_overs",
    "consents", "erasures", "processing", "security", "sso", "support", "workspace", "domain", "numbers", "billing",
    "billing_confirming", "member_seats",
)  # fmt: skip
"""The modules of this package whose operations make up the API."""

api = Registry()

TAGS = (
    ("tokens", N_("Signing in and out: a bearer token for each device.")),
    ("me", N_("Who the token speaks for: the member, their permissions, their workspace.")),
    ("workspace", N_("What the workspace is called, its languages, currency, time zone and financial year.")),
    ("companies", N_("Business customers and prospects.")),
    ("contacts", N_("People: at a company, or consumers on their own.")),
    ("activities", N_("What happened or is planned with a customer: calls, meetings, visits, tasks, e-mails, notes.")),
    ("opportunities", N_("Possible sales, their way through the stages, and how they end.")),
    ("pipelines", N_("The steps a sale goes through.")),
    ("members", N_("The people of the workspace: who they are, their role, team and status.")),
    ("teams", N_("The team tree: who belongs together, who leads whom, and which branches are closed to the others.")),
    ("invitations", N_("Seats offered by e-mail, each good for seven days.")),
    ("roles", N_("What members may see and do: a named set of permissions, each with how far it reaches.")),
    ("audit", N_("Who did what, when, from where and through what.")),
    ("hand-overs", N_("Giving what a member owns to others, all at once, and taking it back.")),
    (
        "privacy",
        N_("What people agreed to, all about one person, erasing them, and the register of processing."),
    ),
    (
        "security",
        N_("What the workspace asks of those who sign in: for how long, from where, by whom, and who can be invited."),
    ),
    ("billing", N_("Plan, seats, limits and invoices; where the service takes no money, none of it is there.")),
    ("search", N_("One search over companies, contacts and opportunities.")),
)

PARAGRAPHS = (
    N_("Everything in the workspace that this member may see and do, as JSON."),
    N_(
        "**Sign in** with `POST /tokens`; send the token with every further request as `Authorization: Bearer …`. "
        "Cookies mean nothing here."
    ),
    N_(
        '**Times** are in UTC (RFC 3339), dates are dates, money is `{"amount": "1200.00", "currency": "EUR"}` '
        "and never a float, phone numbers are E.164."
    ),
    N_(
        '**Lists** answer `{"items": […], "next": …}`: give `next` as `after` for the next page; null is the end. '
        "`fields` chooses columns; the id always comes."
    ),
    N_(
        "**Fields** may be closed to the member's role (`GET /me/permissions`): what is hidden is empty or null, a "
        "masked number is shown in part, and no list is filtered or sorted by either."
    ),
    N_(
        "**Writes** are JSON; what is not described is refused. `PATCH` is a JSON merge patch (RFC 7396): what is "
        "left out stays, null empties. `DELETE` puts into the recycle bin, for 30 days. A client may make the "
        "`id` of a new record itself, a UUID; a second record with the same id is refused with 409, also when it "
        "says the same."
    ),
    N_(
        "**Once only**: with an `Idempotency-Key` the same key and the same body have the same answer for 24 "
        "hours, and happen once; two at the same moment wait for each other. Only good answers are kept: after an "
        "error nothing has happened, and the key is free. The same key with another body, path or method is 422."
    ),
    N_(
        "**Lost races**: send the `ETag` you know as `If-Match`; when somebody else was quicker nothing is "
        "written, and the answer is 412 with the record as it now is. Without `If-Match` the last writer wins; "
        "should two write in the very same moment, one of them is told by 409."
    ),
    N_(
        "**Errors** are problem details (RFC 9457): programs look at `type` and `errors[].code`, people read the "
        "rest. What a member may not see does not exist: 404."
    ),
    N_(
        "**Proof**: what decides who may do what takes the password again from a device, and the code of who has "
        "two-factor sign-in: `POST /tokens/proof`, good for ten minutes. Else it is 403 of the type `proof-required`. "
        "Tokens that were made for programs are not asked."
    ),
    N_(
        "**Limits** are told in `RateLimit-Policy` and `RateLimit`; over them is 429 with `Retry-After`. A body "
        "of more than 1,000,000 bytes is 413; an address with its query of more than 8,190 is 414, told by the "
        "server without a problem."
    ),
    N_("Nothing changes in v1 but by addition: take no offence at a field you do not know."),
)
"""What is said of the API as a whole, in English; the page for people says it in their language."""


def load() -> Registry:
    """Return the registry with the operations of all resources in it."""
    for name in RESOURCES:
        import_module(f"mobile_api.{name}")
    return api


def server(script_root: str | None = None) -> dict[str, Any]:
    """Return the Server Object of one workspace, or of any; a `script_root` is `/<slug>`, empty at its own domain."""
    if script_root is not None:
        return {"url": script_root + BASE}
    slug = {"default": "demo", "description": "The workspace's address."}
    return {"url": "/{workspace}" + BASE, "variables": {"workspace": slug}}


@cache
def document() -> dict[str, Any]:
    """Return the description of the API in any workspace; whoever changes it copies it first."""
    info = Info("CRM API", "1", server(), "\n\n".join(PARAGRAPHS) + "\n", TAGS)
    return describe(load(), info)
