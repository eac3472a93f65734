"""The HTML answer to everything that can go wrong: a whole page, or the piece htmx asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import structlog
from flask import Response, flash, g, make_response, redirect, render_template, request
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from saas_crm.access.factors.standing import factors_of
from saas_crm.access.profile import spread_at_once
from saas_crm.access.throttle import TooManyAttempts
from saas_crm.core.errors import (
    FeatureNotInPlan,
    Forbidden,
    LimitReached,
)
from saas_crm.core.i18n import gettext as _
from saas_crm.core.saving import broken_rule, contradicts
from saas_crm.edge.current import NotSignedIn, current_member, signed_in_user
from saas_crm.edge.domains import AtMainAddress
from saas_crm.edge.entry import NetworkRefused, SecondFactorOwed, SignInOver
from saas_crm.edge.lifecycle import MembershipEnded
from saas_crm.edge.moved import WorkspaceMoved
from saas_crm.edge.operators import VisitOver, note_refused
from saas_crm.edge.proof import ProofNeeded
from saas_crm.edge.shares import BUSY_SECONDS
from saas_crm.edge.standing import SeatMissing, WorkspaceReadOnly, WorkspaceUnavailable
from saas_crm.edge.viewing import OnlyLooking, viewing
from web.account.proof import answer_proof_needed
from web.account.signing import end_this_session
from web.paused import paused_words
from web.refusals import beyond_plan, current_page, page, read_only, toast, upgrading, withheld, without_seat
from web.standing import page_above, recycled_record
from web.statuses import status_of

log = structlog.get_logger("web")
KNOWN = frozenset({400, 403, 404, 405, 409, 410, 413, 415, 422, 429, 500, 503})


def answer(error: Exception) -> Response:
    """Return the page, fragment or redirect that tells a person what happened and what to do."""
    for kind, tell in _TELLERS:
        if isinstance(error, kind) and (told := tell(error)) is not None:
            return told
    status = status_of(error)
    if contradicts(error):
        log.warning("contradicted", request_id=g.get("request_id"), rule=broken_rule(error))
    if status >= 500:
        log.error("request failed", request_id=g.get("request_id"), error=type(error).__name__, exc_info=error)
    found = recycled_record() if status == 404 else None
    if found is not None:
        return page("recycled", 404, **found)
    wait = error.seconds if isinstance(error, TooManyAttempts) else None
    name = "contradiction" if status == 409 else str(status if status in KNOWN else 500)
    response = page(name, status, error=error, retry_after=wait)
    if isinstance(error, TooManyAttempts):
        response.headers["Retry-After"] = str(error.seconds)
    if isinstance(error, HTTPException):
        response.headers.extend((k, v) for k, v in error.get_headers() if k == "Allow")
    return response


def _sign_in() -> Response:
    """Send to the sign-in and back again; an htmx request is told to take the whole page there."""
    if _is_operator():
        return _only_looking()
    address = "/signin?" + urlencode({"next": _back()})
    if request.headers.get("HX-Request"):
        response = make_response("", 401)
        response.headers["HX-Redirect"] = address
        return response
    if request.method != "GET":
        flash(_("You have been signed out. Please sign in again."), "warning")
    return make_response(redirect(address))


def _begin_anew(over: SignInOver) -> Response:
    """Sign this browser out, say why, and send it to the workspace's way in."""
    words = {
        "length": _("Your workspace asks you to sign in again from time to time."),
        "idle": _("You were away for a while. Please sign in again."),
        "sso": _("Your workspace is opened by single sign-on."),
    }
    if over.why != "sso":
        end_this_session()
    flash(words.get(over.why, words["length"]), "warning")
    way = f"{request.script_root}/sso" if over.why == "sso" else "/signin"
    return _led(f"{way}?{urlencode({'next': _back()})}", 401)


def _owed() -> Response:
    """Lead to where two-factor sign-in is set up, and back again; where it has been meanwhile, straight back."""
    back = _back()
    if factors_of(signed_in_user().id).on:
        spread_at_once(signed_in_user().id)
        address = back
    else:
        address = "/profile/two-factor?" + urlencode({"next": back})
    return _led(address, 403)


def _led(address: str, status: int) -> Response:
    """Send to an address; an htmx request is told to take the whole page there."""
    if request.headers.get("HX-Request"):
        response = make_response("", status)
        response.headers["HX-Redirect"] = address
        return response
    return make_response(redirect(address, 302 if request.method == "GET" else 303))


def _elsewhere() -> Response:
    """Tell who comes from a network that is not let in which address that is."""
    return page("network", 403, address=request.remote_addr or "", workspace_name=g.tenant.name)


def _back() -> str:
    """Return the page to come back to: this one, or the one that asked for a part or sent a form."""
    target = request.full_path.rstrip("?") if request.method == "GET" and not request.headers.get("HX-Request") else ""
    return request.script_root + target if target else current_page()


def _stale() -> Response:
    """The form was drawn for another session; htmx leaves the page, and the words in it, as they are."""
    if not request.headers.get("HX-Request"):
        return page("stale", 400, back_url=current_page())
    response = toast(_("This page was open for too long. Load it again."), 400)
    response.headers["HX-Reswap"] = "none"
    return response


def _only_looking() -> Response:
    """Nothing is changed in another member's name; htmx leaves the page as it is and says so."""
    if _is_operator():
        note_refused()
    if not request.headers.get("HX-Request"):
        return page("looking", 403, seen=current_member().name)
    return toast(_("You are only looking. Leave the view to change something."), 403)


def _is_operator() -> bool:
    """Whether who looks is no member and has no sign-in of a person: what takes one is not theirs."""
    return (present := viewing()) is not None and bool(present.operator)


def _visit_over() -> Response:
    """An operator goes back to the console when looking in has come to its end."""
    flash(_("Looking in has ended: the time was over, or the workspace took its consent back."), "warning")
    return _led(f"/operator/workspaces/{g.tenant.slug}", 403)


def _ended(error: MembershipEnded) -> Response:
    return page("removed", 403, workspace_name=g.tenant.name, frozen=error.status == "frozen")


def _proof(error: ProofNeeded) -> Response:
    if _is_operator():
        return _only_looking()
    return answer_proof_needed(error, _back())


def _moved(error: WorkspaceMoved) -> Response:
    """Lead on to today's address, htmx with every word too; not for ever: the former one is somebody's one day."""
    return make_response(redirect(error.location, 302 if request.method in ("GET", "HEAD") else 307))


def _unavailable(error: WorkspaceUnavailable) -> Response:
    """Tell members why their workspace is closed; who came by a page that is everybody's only learns that it is."""
    if error.reason == "busy":
        response = page("503", 503, busy=True)
        response.headers["Retry-After"] = str(BUSY_SECONDS)
        return response
    if error.reason == "upgrading":
        return upgrading()
    told = paused_words()
    return page("suspended", 403, workspace_name=g.tenant.name if told else "", told=told)


def _at_main(error: AtMainAddress) -> Response:
    """Say at a workspace's own domain where the page is. No redirect: after a form the policy would not follow it."""
    response = make_response(render_template("account/at_main.html", location=error.location))
    response.headers["Cache-Control"] = "no-store"
    return response


def _above() -> Response | None:
    """Lead who looked for a page where only forms are taken to the page above; None where there is none."""
    above = page_above()
    return make_response(redirect(above, 303)) if above else None


_TELLERS: tuple[tuple[type[Exception], Callable[[Any], Response | None]], ...] = (
    (WorkspaceUnavailable, _unavailable), (WorkspaceMoved, _moved), (MembershipEnded, _ended), (ProofNeeded, _proof),
    (NotSignedIn, lambda _: _sign_in()), (SecondFactorOwed, lambda _: _owed()), (CSRFError, lambda _: _stale()),
    (OnlyLooking, lambda _: _only_looking()), (WorkspaceReadOnly, lambda _: read_only()), (SignInOver, _begin_anew),
    (NetworkRefused, lambda _: _elsewhere()), (MethodNotAllowed, lambda _: _above()),
    (VisitOver, lambda _: _visit_over()), (AtMainAddress, _at_main),
    (LimitReached, beyond_plan), (FeatureNotInPlan, beyond_plan),
    (SeatMissing, lambda _: without_seat()), (Forbidden, withheld),
)  # fmt: skip
