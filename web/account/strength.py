"""How good a new password is, said while it is typed. Without scripts the form says it beside the field when sent."""

from __future__ import annotations

from uuid import UUID

from flask import make_response, render_template, request
from flask.typing import ResponseReturnValue

from saas_crm.access.sessions import workspaces_of
from saas_crm.access.strength import MAXIMUM, MINIMUM, level
from saas_crm.core.i18n import gettext as _
from saas_crm.edge.current import user_or_none
from saas_crm.edge.declared import also_on_domains, public
from saas_crm.edge.limiting import count_network
from web.account.blueprint import bp

KNOWN = ("name", "email", "company", "slug", "workspace")
"""What a form says of whose password it is, or marks by `data-known-…` where it has no field for it."""


@bp.post("/signup/strength")
@public("outside")
@also_on_domains
def show_strength() -> ResponseReturnValue:
    """Return the meter for what is typed; nothing of it is kept. Each network may ask so often in a minute."""
    count_network()
    typed = request.form.get("password", "")[: MAXIMUM + 1]
    known = {name: request.form.get(name, "")[:200] for name in KNOWN}
    user = user_or_none()
    if user is not None:
        known |= known_of(user.id, user.name, user.email)
    workspace = f"{known['company']} {known['slug']} {known['workspace']}"
    found = level(typed, email=known["email"], name=known["name"], workspace=workspace) if typed else -1
    response = make_response(render_template("account/_strength.html", level=found, word=_word(found, typed)))
    response.headers["Cache-Control"] = "no-store"
    return response


def _word(found: int, typed: str) -> str:
    if len(typed) < MINIMUM:
        return _("Too short") if typed else ""
    words = (_("Guessed at once"), _("Very easy to guess"), _("Easy to guess"), _("Hard to guess"),
             _("Very hard to guess"))  # fmt: skip
    return words[max(found, 0)]


def known_of(user_id: UUID, name: str, email: str) -> dict[str, str]:
    """Return what a person's password must not be made of."""
    return {"name": name, "email": email, "workspace": " ".join(found.name for found in workspaces_of(user_id))}
