"""API tokens: the reader's own, made here, shown once, ended here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Blueprint, g, render_template, request, url_for
from flask.typing import ResponseReturnValue

from saas_crm.access.api_tokens import TokenMay, issue_token, revoke_token
from saas_crm.access.entry_rules import DEVICE
from saas_crm.access.records import TOKEN_ORDERS, shown_tokens
from saas_crm.access.roles import roles_within
from saas_crm.access.schemas import TokenWrite
from saas_crm.core.clock import now
from saas_crm.core.errors import InvalidInput
from saas_crm.core.forms import from_form
from saas_crm.core.i18n import gettext as _
from saas_crm.core.i18n import ngettext
from saas_crm.edge.current import current_member
from saas_crm.edge.declared import requires, while_read_only
from saas_crm.edge.input import input_context
from saas_crm.edge.proof import proven
from tenants.db import AnyRow
from tenants.versions import lacks_tables
from web.forms import saved, shown_again
from web.lists import after_key, next_url
from web.settings.inviting import all_roles
from web.settings.role_names import role_name

READING = "read"
bp = Blueprint("settings_tokens", __name__)


def tokens_page(
    values: Mapping[str, Any] | None = None, errors: Mapping[str, str] | None = None, *, made: str = ""
) -> str:
    """Show the reader's tokens, or everybody's; `made` is the text of a new one, which is never shown again."""
    member, everybody = current_member(), "everybody" in request.args
    page = shown_tokens(member, everybody=everybody, after=after_key("tokens", TOKEN_ORDERS["-created_at"]))
    return render_template(
        "settings/tokens.html", tokens=page.rows, next_url=next_url(page, "tokens"), present=now(), made=made,
        ends={token.id: _ends(token) for token in page.rows},
        may_create=member.can("token:create"), may_end=member.scope("token:delete"), me=member.id,
        sees_others=member.scope("token:read") not in (None, "own"), everybody=everybody,
        api_address=f"{request.host_url.rstrip('/')}{request.script_root}/api/v1/", values=values or {"days": "365"},
        errors=errors or {}, rights=_rights(), role_names=role_name,
        lifetimes=[(days, ngettext("%(num)s day", "%(num)s days", int(days))) for days in ("30", "90", "365")],
    )  # fmt: skip


def _ends(token: AnyRow) -> tuple[datetime | None, bool]:
    """Return when a token ends, and whether later if it is used: a device's does, by our limits or the workspace's."""
    if token.kind not in (None, "device"):
        return token.expires_at, False
    fixed: list[datetime] = [token.expires_at] if token.expires_at else []
    for rules in (DEVICE, current_member().entry):
        by_age = replace(rules, idle=None).ends_at(token.created_at, token.created_at)
        fixed += [by_age] if by_age else []
    used = token.last_used_at or token.created_at
    unused = [end for rules in (DEVICE, current_member().entry) if (end := rules.ends_at(token.created_at, used))]
    return min(unused + fixed), min(unused) < min(fixed)


def _rights() -> list[tuple[str, str]]:
    """Return what a token may be narrowed to: what the reader may, reading, or one of the roles within their own.

    A workspace that is a release behind has no place to keep it.
    """
    if lacks_tables(g.tenant):
        return [("", _("All that I may"))]
    named = all_roles(roles_within(current_member()))
    within = [(value, _("As the role %(role)s", role=name)) for value, name in named]
    return [("", _("All that I may")), (READING, _("Only read")), *within]


@contextmanager
def _told_beside_may() -> Iterator[None]:
    """Tell beside the one field of the form what is wrong with what it stands for."""
    try:
        yield
    except InvalidInput as refused:
        names = {"role_id": "may", "read_only": "may"}
        raise InvalidInput({names.get(name, name): said for name, said in refused.errors.items()}) from None


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
    sent = {name: request.form[name] for name in ("name", "days", "kind") if name in request.form}
    may = request.form.get("may", "")
    narrowing = {"read_only": "1"} if may == READING else {"role_id": may}
    with _told_beside_may():
        data = from_form(TokenWrite, {**sent, **narrowing}, input_context(form=True))
        ends = now() + timedelta(days=int(data.days)) if data.days else None
        behind = lacks_tables(g.tenant) and not may  # a token that is to do less is refused there
        allowed = None if behind else TokenMay(data.kind, data.role_id, data.read_only)
        _token, text = issue_token(current_member(), data.name, expires_at=ends, may=allowed)
    return tokens_page(made=text), 201, {"Cache-Control": "no-store"}


@bp.post("/settings/tokens/<uuid:token_id>/end")
@requires("token:delete")
@while_read_only
def revoke(token_id: UUID) -> ResponseReturnValue:
    """End a token; whatever uses it is refused from now on."""
    revoke_token(token_id, actor=current_member())
    return saved(url_for("settings_tokens.index"), _("The token no longer works."))
