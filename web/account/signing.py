"""A browser gets a session, or loses it, and where it goes then."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode
from uuid import UUID

from flask import Response, after_this_request, make_response, redirect, request, session
from flask_login import login_user, logout_user

from saas_crm.access.factors.pending import begin_pending, end_pending, pending_user
from saas_crm.access.factors.standing import factors_of
from saas_crm.access.known_browsers import FORGOTTEN, greet_browser
from saas_crm.access.sessions import (
    SignedInUser,
    end_session,
    end_session_of,
    only_in,
    session_user,
    start_session,
    workspaces_of,
)
from saas_crm.edge.current import NotSignedIn, settings, user_or_none
from saas_crm.edge.domains import domain_tenant
from saas_crm.edge.origin import request_origin
from saas_crm.edge.proof import note_proof
from saas_crm.edge.viewing import kept_viewing

CHOOSE = "/workspaces"
PENDING = "pending"
"""Where the session cookie keeps the token of a sign-in that still owes its second step."""


def caller() -> str:
    """Return the address the request comes from."""
    return request.remote_addr or ""


def begin_session(
    user_id: UUID, how: str = "password", *, tenant_id: UUID | None = None, proof: bool = True
) -> SignedInUser:  # fmt: skip
    """Sign this browser in as a user; `how` is one of `web.history.words.hows`.

    With a `tenant_id`, whose identity provider said who it is, only there; at a workspace's own domain only in that.

    It is a `proof` of who they are, unless nobody knows whether they were asked just now.

    Nothing of the session before survives, neither its content nor its token: one that somebody planted in
    this browser is worth nothing afterwards. Who signs in here for the first time is told by mail.
    """
    end_this_session()
    session.permanent = True
    origin = {**request_origin(), "how": how}
    at_home = domain_tenant()
    only = tenant_id or (at_home.id if at_home else None)
    token = start_session(
        user_id, user_agent=request.user_agent.string, address=caller(), origin=origin, tenant_id=only,
        by_sso=tenant_id is not None,
    )  # fmt: skip
    user = session_user(token)
    if user is None:
        raise NotSignedIn
    login_user(user)
    if proof:
        note_proof()
    _greet(user_id, origin, only)
    return user


def _greet(user_id: UUID, origin: Mapping[str, str], tenant_id: UUID | None) -> None:
    """Let the browser keep the token by which it is known when somebody signs in again."""
    known = request.cookies.get(browser_cookie(), "")[:100]
    token = greet_browser(user_id, known or None, origin, only=tenant_id)

    @after_this_request
    def keep(response: Response) -> Response:
        response.set_cookie(
            browser_cookie(), token, max_age=FORGOTTEN, path="/", secure=settings().secure, httponly=True,
            samesite="Lax",
        )  # fmt: skip
        return response


def browser_cookie() -> str:
    """Return the name of the cookie by which a browser is known again; it opens nothing."""
    return "__Host-browser" if settings().secure else "browser"


def let_in(user_id: UUID, after: str = "", how: str = "password") -> Response:
    """Sign this browser in and send it where it wanted to go (a path of this site, or home).

    Whoever has two-factor sign-in is asked for the second step first, and has no session before.
    """
    if factors_of(user_id).on:
        ask_second_step(user_id)
        query = urlencode({"next": after}) if after else ""
        return make_response(redirect("/signin/code" + (f"?{query}" if query else ""), 303))
    begin_session(user_id, how)
    return make_response(redirect(after or home_of(user_id), 303))


def ask_second_step(user_id: UUID) -> None:
    """Note in this browser alone that the password was right. Nothing but the form token of before survives.

    That one does, so that a sign-in form in another tab can still be sent; a full sign-in replaces it.
    """
    form_token = session.get("csrf_token")
    end_this_session()
    session[PENDING] = begin_pending(user_id, request.user_agent.string)
    if form_token:
        session["csrf_token"] = form_token


def owes_second_step() -> UUID | None:
    """Return who has given their password in this browser and still owes the second step."""
    token = session.get(PENDING)
    return pending_user(token, request.user_agent.string) if isinstance(token, str) else None


def settle_second_step() -> bool:
    """Use up that the second step was owed; returns whether it still was."""
    token = session.pop(PENDING, None)
    return isinstance(token, str) and end_pending(token)


def end_this_session() -> None:
    """Sign this browser out, in the database and in its cookie."""
    user = user_or_none()
    if user is not None:
        end_session(
            user.id, user.session_id, origin=request_origin(), viewing=kept_viewing(), only=only_in(user.token)
        )  # fmt: skip
    elif isinstance(kept := session.get("_user_id"), str):  # good elsewhere
        end_session_of(kept, origin=request_origin())
    logout_user()
    session.clear()


def home_of(user_id: UUID) -> str:
    """Return where a person's day begins: their workspace, or the choice among several; at a domain the one there."""
    if domain_tenant() is not None:
        return "/"
    open_ones = [found for found in workspaces_of(user_id) if found.status in ("active", "read_only")]
    return f"/{open_ones[0].slug}/" if len(open_ones) == 1 else CHOOSE
