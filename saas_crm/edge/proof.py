"""Step-up: what changes who may do what takes the password again, unless it was given a moment ago.

An endpoint says so by `@proven`. The form that was sent is not lost: it comes back with a field for the password, and
is sent again to where it was going (`web.account.proof`). The API's tokens are exempt: making one takes the password,
and the code where the person has two-factor sign-in, every time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, current_app, request, session
from werkzeug.datastructures import ImmutableMultiDict

from saas_crm.access.sign_in import SignInRefused, authenticate
from saas_crm.access.throttle import TooManyAttempts
from saas_crm.core.clock import now
from saas_crm.edge.current import signed_in_user

View = TypeVar("View", bound=Callable[..., Any])
ATTRIBUTE = "__proven__"
FIELD = "proof_password"
KEPT = "proved"
LASTS = 600
"""Seconds for which one proof is enough."""


class ProofNeeded(Exception):
    """The password is asked for again; `why` is "" at first, "wrong", or "wait" with the seconds to wait."""

    def __init__(self, why: str = "", seconds: int = 0) -> None:
        super().__init__(why or "asked")
        self.why, self.seconds = why, seconds


def proven(view: View) -> View:
    """Only for who has given their password in the last ten minutes."""
    setattr(view, ATTRIBUTE, True)
    return view


def is_needed_for(view: Any) -> bool:
    """Whether an endpoint takes it."""
    return bool(getattr(view, ATTRIBUTE, False))


def note_proof() -> None:
    """Note that whoever uses this browser has just proven who they are: at the sign-in, or again."""
    session[KEPT] = int(now().timestamp())


def is_proven() -> bool:
    """Whether that was a moment ago."""
    at = session.get(KEPT)
    return isinstance(at, int) and 0 <= now().timestamp() - at < LASTS


def init_app(app: Flask) -> None:
    """Ask before such an endpoint is called; after the form's token was checked, so that nobody plants a form."""
    app.before_request(_check)


def _check() -> None:
    if not is_needed_for(request.endpoint and current_app.view_functions.get(request.endpoint)):
        return
    typed = _taken_out()
    if is_proven():
        return
    if typed is None:
        raise ProofNeeded
    prove(typed)


def prove(typed: str) -> None:
    """Take the password of who is signed in; raises ProofNeeded. Guesses wait as on the sign-in page."""
    try:
        authenticate(signed_in_user().email, typed, request.remote_addr or "")
    except SignInRefused:
        raise ProofNeeded("wrong") from None
    except TooManyAttempts as too_many:
        raise ProofNeeded("wait", too_many.seconds) from None
    note_proof()


def _taken_out() -> str | None:
    """Return the password that came with the form, and leave the view the form as it was meant."""
    typed = request.form.get(FIELD)
    if typed is not None:
        kept = [(name, value) for name, values in request.form.lists() for value in values if name != FIELD]
        request.form = ImmutableMultiDict(kept)
    return typed
