"""Everything that goes wrong, as RFC 9457 problem details: one shape for every error of the API."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from flask import has_request_context, request
from pydantic import BaseModel, Field, ValidationError

from saas_crm.core.errors import (
    AlreadyExists,
    BusinessError,
    FeatureNotInPlan,
    Forbidden,
    InvalidInput,
    LimitReached,
    NotFound,
    VersionConflict,
)
from saas_crm.core.forms import explain
from saas_crm.core.i18n import gettext as _
from tenants.marks import N_

TYPE_PREFIX = "urn:saas-crm:problem:"

KINDS: Mapping[str, tuple[int, str]] = {
    "malformed": (400, N_("The request cannot be read")),
    "payment-declined": (402, N_("The payment was declined: nothing was changed")),
    "payment-confirmation-needed": (402, N_("The bank asks whoever pays to confirm: nothing is changed before")),
    "not-signed-in": (401, N_("A valid token is needed")),
    "sign-in-refused": (401, N_("E-mail and password do not fit")),
    "second-factor-needed": (401, N_("A code of the authenticator app is needed besides")),
    "sign-in-over": (401, N_("The workspace asks for a new sign-in")),
    "network-refused": (403, N_("The workspace lets nobody in from this network")),
    "forbidden": (403, N_("This is not allowed")),
    "second-factor-required": (403, N_("The workspace asks for two-factor sign-in: set it up on the website")),
    "proof-required": (403, N_("This takes the password again: send it to /tokens/proof first")),
    "https-needed": (403, N_("The API is spoken to by https alone: end a token that was sent in the clear")),
    "workspace-read-only": (403, N_("The workspace can only be read now: nothing was changed")),
    "workspace-closed": (403, N_("The workspace is closed")),
    "no-seat": (403, N_("The plan has fewer seats than people, and you have none: nothing was changed")),
    "plan-limit": (403, N_("The plan has no room for more")),
    "feature-not-in-plan": (403, N_("The plan does not have this")),
    "not-found": (404, N_("Not found")),
    "method-not-allowed": (405, N_("This path has no such method")),
    "conflict": (409, N_("This contradicts what is there")),
    "in-progress": (409, N_("The same request is being worked on")),
    "already-exists": (409, N_("A record with this id exists already")),
    "seat-needed": (409, N_("More seats are needed than are paid")),
    "payment-not-possible": (409, N_("The payment service does not take this")),
    "changed-meanwhile": (409, N_("Somebody else changed this record first")),
    "workspace-moved": (410, N_("The workspace has another address")),
    "precondition-failed": (412, N_("Somebody else changed this record first")),
    "too-large": (413, N_("The request is too large")),
    "unsupported-media-type": (415, N_("Send JSON")),
    "invalid": (422, N_("Something sent breaks a rule")),
    "key-reused": (422, N_("This Idempotency-Key was used for another request")),
    "precondition-required": (428, N_("Say in If-Match which state you know")),
    "too-many-requests": (429, N_("Too many requests")),
    "unavailable": (503, N_("The workspace cannot be used just now")),
    "payment-service-unavailable": (503, N_("The payment service does not answer just now")),
}
"""The last part of a problem's type → its HTTP status and its title."""


class FieldProblem(BaseModel):
    """What is wrong in one place."""

    pointer: str | None = Field(default=None, description="Where in the body, as a JSON Pointer fragment: `#/name`.")
    parameter: str | None = Field(default=None, description="Which query parameter or header.")
    detail: str = Field(description="What to tell a person, in their language.")
    code: str = Field(description="What a program can rely on, such as `missing`.")


class Problem(BaseModel):
    """Problem details (RFC 9457). Programs look at `type` and `errors[].code`, people read the rest."""

    type: str = Field(description="Which kind of problem; stable.", examples=[f"{TYPE_PREFIX}invalid"])
    title: str
    status: int = Field(ge=400, le=599)
    detail: str | None = None
    errors: list[FieldProblem] | None = None
    current: dict[str, Any] | None = Field(default=None, description="After a lost race: the record as it now is.")
    limit: str | None = Field(default=None, description="`plan-limit`, `too-many-requests`: what the plan limits.")
    feature: str | None = Field(default=None, description="`feature-not-in-plan`: which.")
    most: int | None = Field(default=None, description="With `limit`: the most the plan allows.")
    used: int | None = Field(default=None, description="`plan-limit`: how much there is.")
    plans_url: str | None = Field(
        default=None,
        description="With `limit` or `feature`, for who may change billing: where to choose a plan, in a browser.",
    )
    confirm: dict[str, Any] | None = Field(
        default=None,
        description="`payment-confirmation-needed`: the `url` where a person confirms it, in a browser, and `until` "
        "when. `GET /billing/confirmation` tells it again, `DELETE` takes the change back.",
    )
    seats: dict[str, Any] | None = Field(
        default=None,
        description="`seat-needed`: `paid` and `needed`; `pending` of the paid ones were agreed to before and are not "
        "charged yet. For who may change billing also the `cost`: `now` and `accrued` of this request alone, without "
        "the pending ones, `then` of all seats. Send the same again with `needed` as `confirm_seats`.",
    )

    def body(self) -> dict[str, Any]:
        """Return the members to send; what has nothing to say is left out."""
        return self.model_dump(mode="json", exclude_none=True)


class ApiProblem(Exception):
    """Raised to end a request with a problem and, if need be, further headers."""

    def __init__(self, problem: Problem, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(problem.title)
        self.problem = problem
        self.headers = dict(headers or {})


def problem(
    kind: str,
    detail: str | None = None,
    errors: Sequence[FieldProblem] = (),
    current: dict[str, Any] | None = None,
) -> Problem:
    """Return the problem of a kind in KINDS, its title in the reader's language. Raises KeyError."""
    status, title = KINDS[kind]
    return Problem(
        type=TYPE_PREFIX + kind,
        title=_(title),
        status=status,
        detail=detail,
        errors=list(errors) or None,
        current=current,
    )


def problem_of_status(status: int) -> Problem:
    """Return the problem for a bare HTTP error; a status without a kind of its own is `about:blank`."""
    if status == 403:
        return problem("forbidden")  # the other kinds say why, which a bare status does not
    for kind, (known, _title) in KINDS.items():
        if known == status:
            return problem(kind)
    return Problem(type="about:blank", title=HTTPStatus(status).phrase, status=status)


def problem_of(error: BusinessError, *, conditional: bool = False, current: dict[str, Any] | None = None) -> Problem:
    """Return the problem for an error of the business.

    `conditional`: the request had If-Match, so that a lost race is 412 instead of 409. `current`: the record
    as it now is, for a lost race. Raises the error itself if it is of no known kind.
    """
    match error:
        case NotFound():
            return problem("not-found")
        case Forbidden():
            return problem("forbidden", _("The permission %(permission)s is needed.", permission=error.permission))
        case InvalidInput():
            return problem("invalid", errors=[_invalid(name, text, error.codes) for name, text in error.errors.items()])
        case VersionConflict():
            return problem("precondition-failed" if conditional else "changed-meanwhile", current=current)
        case LimitReached() | FeatureNotInPlan():
            return _of_plan(error)
        case AlreadyExists():
            return problem("already-exists")
        case _:
            raise error


def _of_plan(error: LimitReached | FeatureNotInPlan) -> Problem:
    """Return the problem for what the workspace's plan does not allow."""
    if isinstance(error, FeatureNotInPlan):
        return problem("feature-not-in-plan").model_copy(update={"feature": error.feature})
    limits = {"limit": error.limit, "most": error.most, "used": error.used}
    return problem("plan-limit").model_copy(update=limits)


def invalid_body(failed: ValidationError) -> Problem:
    """Return the problem for a body that Pydantic refuses, with a pointer to each place."""
    return problem(
        "invalid",
        errors=[FieldProblem(pointer=pointer(at), detail=text, code=code) for at, text, code in _found(failed)],
    )


def invalid_query(failed: ValidationError) -> Problem:
    """Return the problem for a query that Pydantic refuses, naming each parameter."""
    return problem(
        "invalid",
        errors=[
            FieldProblem(parameter=str(at[0]) if at else None, detail=text, code=code)
            for at, text, code in _found(failed)
        ],
    )


def pointer(location: Iterable[str | int]) -> str:
    """Return the JSON Pointer (RFC 6901) to a place in the body, as a URI fragment: ("a/b", 0) → #/a~1b/0."""
    parts = (str(part).replace("~", "~0").replace("/", "~1") for part in location)
    return "#" + "".join("/" + quote(part.encode("utf-8", "replace"), safe="~!$&'()*+,;=:@-._") for part in parts)


def _found(failed: ValidationError) -> list[tuple[tuple[str | int, ...], str, str]]:
    """Return place, message and code of each finding, once per place."""
    messages = explain(failed)
    places: dict[str, tuple[str | int, ...]] = {}
    for found in failed.errors(include_url=False, include_input=False, include_context=False):
        place = tuple(part for part in found["loc"] if not _is_inner(part))
        places.setdefault(".".join(map(str, place)), place)
    return [
        (places.get(key, (key,)), text, messages.codes.get(key, "invalid")) for key, text in messages.errors.items()
    ]


def _is_inner(part: str | int) -> bool:
    """Whether Pydantic names a step of its own here, not a part of the input."""
    return str(part).startswith("function-")


def _invalid(name: str, text: str, codes: Mapping[str, str]) -> FieldProblem:
    code = codes.get(name, "invalid")
    if has_request_context() and request.method in ("GET", "HEAD"):
        return FieldProblem(parameter=name or None, detail=text, code=code)
    steps = 1 if name.startswith("fields.") else -1  # the rest is one key, as a role's rules have: contact.phone
    return FieldProblem(pointer=pointer(name.split(".", steps) if name else []), detail=text, code=code)
