"""Step-up: what changes who may do what takes the password again, unless it was given a moment ago.

An endpoint says so by `@proven`. The form that was sent is not lost: it comes back with a field for the password, and
is sent again to where it was going (`web.account.proof`). A device's token, which may be a lost phone's, is asked by
the API as well: `POST /tokens/proof` takes password and code, and is enough for as long. What was made for a program is
not: making it took both, it has an end and does no more than its role, and there is nobody to ask.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, current_app, g, request, session

from saas_crm.access.factors.passkeys import PasskeyRefused, take_passkey
from saas_crm.access.narrowing import TokenFacts
from saas_crm.access.sign_in import SignInRefused, authenticate
from saas_crm.access.throttle import TooManyAttempts
from saas_crm.core.clock import now
from saas_crm.edge.challenges import answered
from saas_crm.edge.current import signed_in_user
from saas_crm.edge.declared import PROVEN, takes_proof
from saas_crm.edge.origin import request_origin
from saas_crm.edge.resending import go_on_with
from saas_crm.edge.security import SIGN_IN, note
from tenants.one_at_a_time import let_go
from tenants.versions import lacks_tables

View = TypeVar("View", bound=Callable[..., Any])
FIELD, PASSKEY_FIELD = "proof_password", "proof_passkey"
KEPT = "proved"
ALWAYS, FOR_SOME = "always", "for some"
LASTS = 600
"""Seconds for which one proof is enough."""


class ProofNeeded(Exception):
    """The password, or a passkey, is asked for again.

    `why` is "" at first, "wrong", "passkey" where one was refused, or "wait" with the seconds to wait.
    """

    def __init__(self, why: str = "", seconds: int = 0) -> None:
        super().__init__(why or "asked")
        self.why, self.seconds = why, seconds


class TokenProofNeeded(Exception):
    """A device's token is asked for a proof that is not as old as its last one."""


def proven(view: View) -> View:
    """Only for who has given their password in the last ten minutes."""
    setattr(view, PROVEN, ALWAYS)
    return view


def proven_for_some(view: View) -> View:
    """The same for some of what an endpoint of the API does: it calls `ask_device` then."""
    setattr(view, PROVEN, FOR_SOME)
    return view


def is_needed_for(view: Any) -> bool:
    """Whether an endpoint takes it, always or for some of what it does."""
    return takes_proof(view)


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
    view = request.endpoint and current_app.view_functions.get(request.endpoint)
    if not is_needed_for(view):
        return
    if "token" in g:
        if getattr(view, PROVEN) == ALWAYS:
            ask_device()
        return
    typed, answer = _taken_out()
    if is_proven():
        return
    if typed is None and not answer:
        raise ProofNeeded
    prove(typed or "", answer or "")


def ask_device() -> None:
    """Raise TokenProofNeeded if a device asks whose person has not proven who they are for ten minutes.

    A workspace that is a release behind has no place to note a proof, and asks for none, as the release before.
    """
    token: TokenFacts = g.token
    if token.kind != "device" or lacks_tables(g.tenant):
        return
    if token.proved_at is None or (now() - token.proved_at).total_seconds() >= LASTS:
        raise TokenProofNeeded


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
