"""Locking out many members at once: who they are is shown first, and told afterwards, with a way back."""

from __future__ import annotations

from collections.abc import Sequence

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from saas_crm.access.bulk import Outcome
from saas_crm.core.i18n import gettext as _
from saas_crm.core.i18n import ngettext
from tenants.db import db
from web.forms import saved
from web.settings.confirming import sent

NAMED = 5
"""Members whom the message names; of more, only how many there are."""
UNDONE_AT_ONCE = 20
"""Members that an address to undo it may name: it travels in a cookie."""


def asks_to_lock_out(outcome: Outcome) -> bool:
    """Whether members would be locked out by what was done just now, and nobody confirmed it."""
    return request.values.get("what") == "freeze" and "confirmed" not in request.form and bool(outcome.changed)


def lock_out_page(outcome: Outcome, back: str) -> str:
    """Undo it, and ask whether these members are meant."""
    db.session.rollback()
    return render_template(
        "settings/lock_out.html", names=[name for _id, name in outcome.changed], refused=outcome.refused,
        action=url_for("settings_members.change_many"), back_url=back,
        kept=[*(pair for pair in sent() if pair[0] != "next"), ("next", back)],
    )  # fmt: skip


def locked_or_let_in(outcome: Outcome, back: str) -> ResponseReturnValue:
    """Say who was locked out or let in again; who was locked out can be let in at once."""
    if not outcome.changed:
        return saved(back, _("There was nothing to change."))
    names = _named([name for _id, name in outcome.changed])
    if request.values.get("what") == "thaw":
        return saved(back, _("Let in again: %(names)s", names=names))
    undo = ""
    if len(outcome.changed) <= UNDONE_AT_ONCE:
        ids = [str(member_id) for member_id, _name in outcome.changed]
        undo = url_for("settings_members.change_many", what="thaw", members=ids)
    return saved(back, _("Locked out: %(names)s", names=names), undo=undo)


def _named(names: Sequence[str]) -> str:
    told, more = _(", ").join(names[:NAMED]), len(names) - NAMED
    return f"{told} {ngettext('and %(num)s more', 'and %(num)s more', more)}" if more > 0 else told
