"""API tokens: the reader's own, made here, shown once, ended here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from saas_crm.access.members import issue_token, revoke_token
from saas_crm.access.queries import tokens_of
from saas_crm.access.schemas import TokenWrite
from saas_crm.core.clock import now
from saas_crm.core.forms import from_form
from saas_crm.core.i18n import gettext as _
from saas_crm.core.i18n import ngettext
from saas_crm.edge.current import current_member
from saas_crm.edge.declared import requires, while_read_only
from saas_crm.edge.input import input_context
from saas_crm.edge.proof import proven
from web.forms import saved, shown_again

bp = Blueprint("settings_tokens", __name__)


def tokens_page(
    values: Mapping[str, Any] | None = None, errors: Mapping[str, str] | None = None, *, made: str = ""
) -> str:
    """Show the reader's tokens; `made` is the text of one made a moment ago, which is never shown again."""
    return render_template(
        "settings/tokens.html", tokens=tokens_of(current_member().id), present=now(), made=made,
        may_create=current_member().can("token:create"), may_end=current_member().can("token:delete"),
        api_address=f"{request.host_url.rstrip('/')}{request.script_root}/api/v1/", values=values or {"days": "365"},
        errors=errors or {},
        lifetimes=[(days, ngettext("%(num)s day", "%(num)s days", int(days))) for days in ("30", "90", "365")],
    )  # fmt: skip


@bp.get("/settings/tokens")
@requires("token:read")
def index() -> str:
    """List the reader's tokens."""
    return tokens_page()


@bp.post("/settings/tokens")
@requires("token:create")
@proven
@shown_again(tokens_page)
def create() -> ResponseReturnValue:
    """Make a token and show it, this once: the answer is the page itself, so that no cookie carries it."""
    data = from_form(TokenWrite, request.form, input_context(form=True))
    ends = now() + timedelta(days=int(data.days)) if data.days else None
    _token, text = issue_token(current_member(), data.name, expires_at=ends)
    return tokens_page(made=text), 201, {"Cache-Control": "no-store"}


@bp.post("/settings/tokens/<uuid:token_id>/end")
@requires("token:delete")
@while_read_only
def revoke(token_id: UUID) -> ResponseReturnValue:
    """End a token; whatever uses it is refused from now on."""
    revoke_token(token_id, actor=current_member())
    return saved(url_for("settings_tokens.index"), _("The token no longer works."))
