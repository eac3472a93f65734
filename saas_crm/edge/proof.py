"""Step-up: what changes who may do what takes the password again, unless it was given a moment ago.

An endpoint says so by `@proven`. The form that was sent is not lost: it comes back with a field for the password, and
is sent again to where it was going (`web.account.proof`). The API's tokens are exempt: making one takes the password,
and the code where the person has two-factor sign-in, every time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, current_app, request, session

from saas_crm.access.factors.passkeys import PasskeyRefused, take_passkey
from saas_crm.access.sign_in import SignInRefused, authenticate
from saas_crm.access.throttle import TooManyAttempts
from saas_crm.core.clock import now
from saas_crm.edge.challenges import answered
from saas_crm.edge.current import signed_in_user
from saas_crm.edge.origin import request_origin
from saas_crm.edge.resending import go_on_with
from saas_crm.edge.security import SIGN_IN, note
from tenants.one_at_a_time import let_go

View = TypeVar("View", bound=Callable[..., Any])
ATTRIBUTE = "__proven__"
FIELD, PASSKEY_FIELD = "proof_password", "proof_passkey"
KEPT = "proved"
LASTS = 600
"""Seconds for which one proof is enough."""


class ProofNeeded(Exception):
    """The password, or a passkey, is asked for again.

    `why` is "" at first, "wrong", "passkey" where one was refused, or "wait" with the seconds to wait.
    """

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
    typed, answer = _taken_out()
    if is_proven():
        return
    if typed is None and not answer:
        raise ProofNeeded
    prove(typed or "", answer or "")


def prove(typed: str, answer: str = "") -> None:
    """Take the password of who is signed in, or what their passkey answered; raises ProofNeeded.

    Guesses wait as on the sign-in page.
    """
    let_go()
    if answer:
        _prove_by_passkey(answer)
        return
    try:
        authenticate(signed_in_user().email, typed, request.remote_addr or "")
    except SignInRefused:
        note(SIGN_IN)
        raise ProofNeeded("wrong") from None
    except TooManyAttempts as too_many:
        raise ProofNeeded("wait", too_many.seconds) from None
    note_proof()


def _prove_by_passkey(answer: str) -> None:
    owner = signed_in_user().id
    try:
        take_passkey(answered("proof", answer), origin=request_origin(), owner=owner, verified=True)
    except PasskeyRefused:
        note(SIGN_IN)
        raise ProofNeeded("passkey") from None
    note_proof()


def _taken_out() -> tuple[str | None, str | None]:
    """Return the password and the passkey's answer that came with the form, and leave the view the form as meant."""
    ours = (FIELD, PASSKEY_FIELD)
    found = request.form.get(FIELD), request.form.get(PASSKEY_FIELD)
    if found != (None, None):
        kept = [(name, value) for name, values in request.form.lists() for value in values if name not in ours]
        go_on_with(kept)
    return found
