"""What people are told of a workspace that is read-only, closed, or waits to be deleted."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import g, request, url_for

from saas_crm.access.ownership import may
from saas_crm.access.permissions import CurrentMember
from saas_crm.core.i18n import gettext as _
from saas_crm.core.records import Record
from saas_crm.edge.current import member_or_none, settings
from saas_crm.edge.proof import FIELD, PASSKEY_FIELD
from saas_crm.edge.standing import WITHHELD, is_owner
from tenants.standing import BILLING, CLOSED, DELETION, RESTORING, telling
from web.billing.who import may_pay
from web.formatting import day as written_day

_CHOSEN = re.compile(r"id|next|again|confirmed|(.*_)?version|.*(?<!client)_ids?|.*_create|.*__.*")
_CODES = frozenset({
    "all", "all_to", "audit_days", "by", "channel", "children_follow", "closed", "country", "currency", "days",
    "down", "enabled", "fiscal_month", "idle_minutes", "keep_years", "kind", "languages", "level", "lifecycle",
    "like", "locale", "mandatory", "may", "members", "move_up", "next_step", "order", "outcome", "owner", "pick",
    "place_of", "purpose", "recent", "session_hours", "skip", "sort", "source", "state", "suggested", "then",
    "timezone", "to_one", "two_factor", "up", "view", "what", "who", "whose", "with",
})  # fmt: skip
"""Fields in which nobody writes: they are chosen from, or the page itself filled them."""
_IDENTIFIER = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}")
_SECRET = re.compile(r".*(password|secret).*|credential|code")


@dataclass(frozen=True, slots=True)
class Paused:
    """What a page says: a title, why, until when, and whom to ask; and whether the reader may take it back."""

    kind: str
    title: str
    reason: str
    until: str
    ask: str
    revocable: bool = False
    pay_url: str = ""
    """Where who looks after billing mends it."""


def paused_words() -> Paused | None:
    """Return what to tell of the workspace at hand, None where it is open.

    Why it is not, until when and whom to ask is told to its members alone.
    """
    tenant = g.get("tenant")
    if tenant is None or tenant.is_open or member_or_none() is None:
        return None
    found = telling(tenant.suspensions)
    if found is None:
        return Paused(CLOSED, _title(tenant.access()), "", "", _who_says_more())
    if found.cause == BILLING and _page_tells_itself():
        return None
    if found.cause == DELETION:
        return _of_deletion(found.reason, found.until)
    return Paused(
        found.kind, _title(found.kind), found.reason or _usual(found.cause, found.kind),
        _("It is meant to be open again on %(date)s.", date=written_day(found.until)) if found.until else "",
        "" if (pays := found.cause == BILLING and _may_pay())
        else _("Ask %(whom)s.", whom=found.ask) if found.ask else _who_says_more(),
        pay_url=url_for("billing.index") if pays and request.blueprint != "billing" else "",
    )  # fmt: skip


def _who_says_more() -> str:
    if is_owner(member_or_none()):
        return _("Those who run this service can say more.")
    return _("The owner of the workspace can say more.")


def _may_pay() -> bool:
    member = member_or_none()
    return settings().bills and member is not None and may_pay(member)


def _page_tells_itself() -> bool:
    """Whether this is the page of billing, which says what is due, or over, with its way to pay."""
    member = member_or_none()
    says = g.tenant.plan.state in ("read_only", "cancelled") and settings().bills
    return says and request.endpoint == "billing.index" and member is not None and member.can("billing:read")


def _title(kind: str) -> str:
    return _("This workspace is closed for now") if kind == CLOSED else _("This workspace can only be read for now")


def _usual(cause: str, kind: str) -> str:
    if cause == RESTORING:
        return _("Its data is being restored; this takes a few minutes.")
    if cause == BILLING and kind == CLOSED:
        return _("The subscription has ended.")
    return _("A payment is due.") if cause == BILLING else ""


def _of_deletion(who: str, day: datetime | None) -> Paused:
    shown = written_day(day.astimezone(ZoneInfo(g.tenant.timezone)).date()) if day else ""
    return Paused(
        DELETION,
        _("This workspace will be deleted on %(date)s", date=shown),
        _("%(name)s asked for it. Until then only its owners can come in, to read and to take data along.", name=who)
        if who != BILLING
        else _("Its subscription is over. Until then only its owners can come in, to read, to take data along, or to "
               "choose a plan."),
        "", _("Its owners can take it back until then."), revocable=is_owner(member_or_none()),
    )  # fmt: skip


def is_withheld(permission: str) -> bool:
    """Whether a page is refused for nothing but that the workspace, or this member, can only read now."""
    member = member_or_none()
    if permission not in WITHHELD or g.get("tenant") is None:
        return False
    return not g.tenant.is_open or (member is not None and not member.seated)


def may_recycle(record: Record, member: CurrentMember) -> bool:
    """Whether a page offers to move a record to the recycle bin: the right alone stays while one can only read."""
    return g.tenant.is_open and member.seated and may(record, "delete", member)


def refusal() -> str:
    """Return the line that says that nothing was changed."""
    return _("Nothing was saved: this workspace can only be read for now. What you typed is kept here.")


def what_was_typed() -> dict[str, Any]:
    """Return the form that was sent, to be sent again, and the words in it, to be read and copied.

    Nothing secret comes back, neither to be read nor in the page; a form that needs it has to be filled in again.
    """
    ours = ("csrf_token", FIELD, PASSKEY_FIELD)
    sent = [(name, value) for name, values in request.form.lists() for value in values if name not in ours]
    kept = [(name, value) for name, value in sent if not _SECRET.fullmatch(name)]
    words = [value for name, value in kept if _is_written(name) and value.strip() and not _IDENTIFIER.fullmatch(value)]
    whole = bool(kept) and len(kept) == len(sent) and not request.files
    again = request.script_root + request.full_path.removesuffix("?") if whole else ""
    return {"kept": kept, "words": "\n".join(words), "again_url": again}


def _is_written(name: str) -> bool:
    """Whether people write in a field of this name."""
    return name not in _CODES and not _CHOSEN.fullmatch(name)
