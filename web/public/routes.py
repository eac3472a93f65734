"""The landing page and the choice of language."""

from __future__ import annotations

from flask import Response, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue

from saas_crm.access.profile import choose_language, spread_at_once
from saas_crm.core.i18n import LANGUAGES
from saas_crm.edge.current import user_or_none
from saas_crm.edge.declared import also_on_domains, public
from web.account.signing import home_of
from web.cookies import remember_language
from web.forms import local_path
from web.public import signup
from web.public.blueprint import bp

__all__ = ["bp", "signup"]


@bp.get("/")
@public("outside")
def index() -> ResponseReturnValue:
    """Say what the product is; whoever is signed in goes to their work."""
    user = user_or_none()
    return redirect(home_of(user.id)) if user else render_template("public/index.html")


@bp.get("/language/<code>")
@public("outside")
@also_on_domains
def language(code: str) -> Response:
    """Speak another language from now on, in this browser and in the reader's profile.

    A link, so that it works without JavaScript and in an error page; the worst that somebody else's link
    can do is a language one does not read.
    """
    if code not in LANGUAGES:
        abort(404)
    user = user_or_none()
    if user is not None and user.locale != code:
        choose_language(user.id, code)
        spread_at_once(user.id)
    answer = redirect(local_path(request.args.get("next")) or "/")
    return remember_language(answer, code)  # type: ignore[arg-type]
