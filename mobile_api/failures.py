"""The JSON answer to everything that can go wrong: never a 500 for anything a client sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
import structlog
from flask import Response, g, request
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException

from billing.declines import why_declined
from billing.errors import (
    BillingError,
    BillingOff,
    CardDeclined,
    ConfirmationNeeded,
    DeletionPending,
    StripeUnreachable,
)
from mobile_api.openapi.answers import PROBLEM_TYPE
from mobile_api.plan_limits import beyond_plan
from mobile_api.problems import ApiProblem, Problem, problem, problem_of, problem_of_status
from saas_crm.access.factors.checking import SecondStepNeeded
from saas_crm.access.sign_in import SignInRefused
from saas_crm.access.throttle import TooManyAttempts
from saas_crm.core.errors import BusinessError, FeatureNotInPlan, LimitReached, NamesGone, NotFound, VersionConflict
from saas_crm.core.i18n import gettext as _
from saas_crm.core.saving import broken_rule, contradicts
from saas_crm.edge.current import NotSignedIn, member_or_none
from saas_crm.edge.entry import NetworkRefused, SecondFactorOwed, SignInOver
from saas_crm.edge.moved import WorkspaceMoved
from saas_crm.edge.plain_http import PlainHttp
from saas_crm.edge.proof import TokenProofNeeded
from saas_crm.edge.shares import BUSY_SECONDS
from saas_crm.edge.standing import SeatMissing, WorkspaceReadOnly, WorkspaceUnavailable
from tenants.standing import DELETION, telling

log = structlog.get_logger("api")
Headers = dict[str, str]
UPGRADING_SECONDS = 5


def answer(error: Exception) -> Response:
    """Return the problem (RFC 9457) that tells a program what happened; the transaction is over already."""
    told, headers = _told(error)
    if told.status >= 500 and not isinstance(error, WorkspaceUnavailable):
        log.error("request failed", request_id=g.get("request_id"), error=type(error).__name__, exc_info=error)
    headers.setdefault("Cache-Control", "no-store")
    body = {**told.body(), "current": told.current} if told.current is not None else told.body()
    content = orjson.dumps(body, option=orjson.OPT_UTC_Z)
    return Response(content, told.status, headers, content_type=PROBLEM_TYPE)


def _told(error: Exception) -> tuple[Problem, Headers]:
    for kind, tell in _TELLERS:
        if isinstance(error, kind):
            return tell(error)
    return _of_database(error)


def _of_api(error: ApiProblem) -> tuple[Problem, Headers]:
    return error.problem, error.headers


def _nobody(_error: NotSignedIn) -> tuple[Problem, Headers]:
    """RFC 6750, 3: no error code for who sent no token at all."""
    challenge = 'Bearer error="invalid_token"' if "Authorization" in request.headers else "Bearer"
    return problem("not-signed-in"), {"WWW-Authenticate": challenge}


def _refused(_error: SignInRefused) -> tuple[Problem, Headers]:
    return problem("sign-in-refused"), {"WWW-Authenticate": "Bearer"}


def _second_step(_error: SecondStepNeeded) -> tuple[Problem, Headers]:
    return problem("second-factor-needed"), {"WWW-Authenticate": "Bearer"}


def _owes_second_factor(_error: SecondFactorOwed) -> tuple[Problem, Headers]:
    return problem("second-factor-required"), {}


def _unproven(_error: TokenProofNeeded) -> tuple[Problem, Headers]:
    return problem("proof-required"), {}


def _from_elsewhere(_error: NetworkRefused) -> tuple[Problem, Headers]:
    return problem("network-refused"), {}


def _in_the_clear(_error: PlainHttp) -> tuple[Problem, Headers]:
    return problem("https-needed"), {}


def _over(_error: SignInOver) -> tuple[Problem, Headers]:
    return problem("sign-in-over"), {"WWW-Authenticate": 'Bearer error="invalid_token"'}


def _too_many(error: TooManyAttempts) -> tuple[Problem, Headers]:
    return problem("too-many-requests"), {"Retry-After": str(error.seconds)}


def _closed(error: WorkspaceUnavailable) -> tuple[Problem, Headers]:
    """A moment later it can be used again, or it is closed until somebody opens it: waiting does not help."""
    if error.reason == "busy":
        detail = _("The workspace has a lot to do just now; several of its requests are running.")
        return problem("unavailable", detail), {"Retry-After": str(BUSY_SECONDS)}
    if error.reason == "upgrading":
        detail = _("The workspace is being upgraded; this takes a moment.")
        return problem("unavailable", detail), {"Retry-After": str(UPGRADING_SECONDS)}
    return problem("workspace-closed", _why()), {}


def _moved(error: WorkspaceMoved) -> tuple[Problem, Headers]:
    """Programs are not led on by themselves: a token is sent to an address that somebody has put in."""
    return problem("workspace-moved", _("It is at %(address)s now.", address=error.location)), {
        "Location": error.location
    }


def _read_only(_error: WorkspaceReadOnly) -> tuple[Problem, Headers]:
    return problem("workspace-read-only", _why()), {}


def _without_seat(_error: SeatMissing) -> tuple[Problem, Headers]:
    return problem("no-seat", _("Owners choose who keeps a seat, and can choose a larger plan.")), {}


def _why() -> str | None:
    """Return why a workspace is closed or read-only: members are told, not who only asks for a token."""
    if member_or_none() is None:
        return None
    found = telling(g.tenant.suspensions)
    return (found.reason or None) if found and found.cause != DELETION else None


def _of_plan(error: LimitReached | FeatureNotInPlan) -> tuple[Problem, Headers]:
    return beyond_plan(error), {}


def _of_business(error: BusinessError) -> tuple[Problem, Headers]:
    return problem_of(error), {}


def _of_billing(error: BillingError) -> tuple[Problem, Headers]:
    """What Stripe says is for logs: programs get the kind, and people why in words of ours."""
    if isinstance(error, BillingOff):
        return problem("not-found"), {}
    if isinstance(error, CardDeclined):
        return problem("payment-declined", why_declined(error)), {}
    if isinstance(error, ConfirmationNeeded):
        asks = problem("payment-confirmation-needed")
        asks.confirm = {"url": error.url, "until": error.until}
        return asks, {}
    if isinstance(error, DeletionPending):
        detail = _("The workspace is to be deleted. Keep it first, then choose a plan.")
        return problem("payment-not-possible", detail), {}
    if isinstance(error, StripeUnreachable):
        return problem("payment-service-unavailable"), {"Retry-After": "30"}
    return problem("payment-not-possible"), {}


def _gone(error: NamesGone) -> tuple[Problem, Headers]:
    """What the address names is not found; what the body names breaks a rule there."""
    if error.errors.keys() & (request.view_args or {}).keys():
        return problem("not-found"), {}
    return problem_of(error), {}


def _lost_race(_error: Exception) -> tuple[Problem, Headers]:
    """412 for a request with If-Match, else 409; with the record as it now is, if the member still sees it."""
    current, tag = _current()
    conflict = problem_of(VersionConflict(None), conditional="If-Match" in request.headers, current=current)
    return conflict, {"ETag": tag} if tag else {}


def _current() -> tuple[dict[str, Any] | None, str | None]:
    show = g.get("show_current")
    if show is None:
        return None, None
    try:
        current: tuple[dict[str, Any], str] = show()
    except NotFound:
        return None, None
    return current


def _of_http(error: HTTPException) -> tuple[Problem, Headers]:
    headers = {name: value for name, value in error.get_headers() if name in ("Allow", "Retry-After")}
    return problem_of_status(error.code or 500), headers


def _of_database(error: Exception) -> tuple[Problem, Headers]:
    if contradicts(error):
        log.warning("contradicted", request_id=g.get("request_id"), rule=broken_rule(error))
        return problem("conflict"), {}
    lost = isinstance(error, DBAPIError) and error.connection_invalidated
    if lost or isinstance(error, PoolTimeout | OperationalError | InterfaceError):
        return problem("unavailable", _("The database does not answer just now.")), {"Retry-After": "5"}
    return problem_of_status(500), {}


_TELLERS: tuple[tuple[type[Exception], Callable[[Any], tuple[Problem, Headers]]], ...] = (
    (ApiProblem, _of_api),
    (NotSignedIn, _nobody),
    (SecondFactorOwed, _owes_second_factor),
    (TokenProofNeeded, _unproven),
    (NetworkRefused, _from_elsewhere),
    (PlainHttp, _in_the_clear),
    (SignInOver, _over),
    (SecondStepNeeded, _second_step),
    (SignInRefused, _refused),
    (TooManyAttempts, _too_many),
    (WorkspaceUnavailable, _closed),
    (WorkspaceReadOnly, _read_only),
    (SeatMissing, _without_seat),
    (WorkspaceMoved, _moved),
    (VersionConflict, _lost_race),
    (StaleDataError, _lost_race),
    (NamesGone, _gone),
    (LimitReached, _of_plan),
    (FeatureNotInPlan, _of_plan),
    (BillingError, _of_billing),
    (BusinessError, _of_business),
    (HTTPException, _of_http),
)
"""How each kind of error is told; the first that fits."""
