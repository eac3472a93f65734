"""A browser gets a session, or loses it, and where it goes then."""

from __future__ import annotations

from uuid import UUID

from flask import request, session
from flask_login import login_user, logout_user

from saas_crm.access.sessions import (
    SignedInUser,
    end_session,
    session_user,
    start_session,
    workspaces_of,
)
from saas_crm.edge.current import NotSignedIn, user_or_none
from saas_crm.edge.origin import request_origin
from saas_crm.edge.viewing import kept_viewing

CHOOSE = "/workspaces"


def caller() -> str:
    """Return the address the request comes from."""
    return request.remote_addr or ""


def begin_session(user_id: UUID) -> SignedInUser:
    """Sign this browser in as a user.

    Nothing of the session before survives, neither its content nor its token: one that somebody planted in
    this browser is worth nothing afterwards.
    """
    end_this_session()
    session.permanent = True
    token = start_session(
        user_id, user_agent=request.user_agent.string, address=caller(), origin=request_origin()
    )  # fmt: skip
    user = session_user(token)
    if user is None:
        raise NotSignedIn
    login_user(user)
    return user


def end_this_session() -> None:
    """Sign this browser out, in the database and in its cookie."""
    user = user_or_none()
    if user is not None:
        end_session(user.id, user.session_id, origin=request_origin(), viewing=kept_viewing())
    logout_user()
    session.clear()


def home_of(user_id: UUID) -> str:
    """Return where a person's day begins: their workspace, or the choice among several."""
    open_ones = [found for found in workspaces_of(user_id) if found.status == "active"]
    return f"/{open_ones[0].slug}/" if len(open_ones) == 1 else CHOOSE
