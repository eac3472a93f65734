"""What people are told of a workspace that is read-only, closed, or waits to be deleted."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import g, request

from saas_crm.core.i18n import gettext as _
from saas_crm.edge.current import member_or_none
from saas_crm.edge.proof import FIELD
from saas_crm.edge.standing import is_owner
from tenants.standing import BILLING, CLOSED, DELETION, RESTORING, telling
from web.formatting import day as written_day

_NAMES_NO_WORDS = re.compile(r"(.*_id|id|version|csrf_token|next|again|confirmed|.*password.*|code)")
_IS_NO_WORD = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}|[a-z_]{1,20}|")


@dataclass(frozen=True, slots=True)
class Paused:
    """What a page says: a title, why, until when, and whom to ask; and whether the reader may take it back."""

    kind: str
    title: str
    reason: str
    until: str
    ask: str
    revocable: bool = False


def paused_words() -> Paused | None:
    """Return what to tell of the workspace at hand, None where it is open."""
    tenant = g.get("tenant")
    if tenant is None or tenant.is_open:
        return None
    found = telling(tenant.suspensions)
    if found is None:
        return Paused(CLOSED, _title(tenant.access()), "", "", _("The owner of the workspace can say more."))
    if found.cause == DELETION:
        return _of_deletion(found.reason, found.until)
    return Paused(
        found.kind, _title(found.kind), found.reason or _usual(found.cause),
        _("It is meant to be open again on %(date)s.", date=written_day(found.until)) if found.until else "",
        _("Ask %(whom)s.", whom=found.ask) if found.ask else _("The owner of the workspace can say more."),
    )  # fmt: skip


def _title(kind: str) -> str:
    return _("This workspace is closed for now") if kind == CLOSED else _("This workspace can only be read for now")


def _usual(cause: str) -> str:
    if cause == RESTORING:
        return _("Its data is being restored; this takes a few minutes.")
    return _("A payment is due.") if cause == BILLING else ""


def _of_deletion(who: str, day: datetime | None) -> Paused:
    shown = written_day(day) if day else ""
    return Paused(
        DELETION,
        _("This workspace will be deleted on %(date)s", date=shown),
        _("%(name)s asked for it. Until then only its owners can come in, to read and to take data along.", name=who),
        "", _("Its owners can take it back until then."), revocable=is_owner(member_or_none()),
    )  # fmt: skip


def refusal() -> str:
    """Return the line that says that nothing was changed."""
    return _("Nothing was saved: this workspace can only be read for now. What you typed is kept here.")


def what_was_typed() -> dict[str, Any]:
    """Return the form that was sent, to be sent again, and the words in it, to be read and copied."""
    kept = [
        (name, value)
        for name, values in request.form.lists()
        for value in values
        if name not in ("csrf_token", FIELD) and "password" not in name
    ]
    words = [
        value for name, value in kept if not (_NAMES_NO_WORDS.fullmatch(name) or _IS_NO_WORD.fullmatch(value.strip()))
    ]
    again = request.script_root + request.path if kept and not request.files else ""
    return {"kept": kept, "words": "\n".join(words), "again_url": again}
