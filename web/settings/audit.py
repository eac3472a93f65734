"""Pages: the audit log of the workspace, its export, and how long it is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from saas_crm.access.audit_log import ORDERS, AuditFilter, entries, is_told
from saas_crm.access.audit_search import FIELD_DAYS, HEAD
from saas_crm.access.permissions import CurrentMember
from saas_crm.access.policy import AUDIT_DAYS, keep_audit, policy
from saas_crm.access.queries import member_names
from saas_crm.core.clock import today_in
from saas_crm.core.errors import InvalidInput
from saas_crm.core.i18n import gettext as _
from saas_crm.core.i18n import ngettext
from saas_crm.edge.current import current_member
from saas_crm.edge.declared import requires
from saas_crm.search.logged import records_of
from tenants.db import AnyRow
from web.exports.audit import export_audit
from web.exports.routes import asked_day, moment_of
from web.forms import form_version, is_htmx, saved, shown_again
from web.history.lines import lines
from web.history.rooms import rooms
from web.history.words import verbs, ways
from web.lists import address, after_key, asked, asked_choice, asked_id, next_url

bp = Blueprint("settings_audit", __name__)
NARROWING = ("q", "member", "action", "resource", "field", "record", "through", "from", "until", "part_of", "after")
FOR_EVER = "0"


@dataclass(frozen=True, slots=True)
class Asked:
    """What is looked for. `since` is the reader's day on which a search for a field begins that named no first one."""

    filter: AuditFilter
    since: date | None = None

    @property
    def earlier(self) -> str:
        """The last day of the time before, as the address has it."""
        return f"{self.since - timedelta(days=1)}" if self.since else ""


def asked_log() -> Asked:
    """Return what the address narrows the log to; days are the reader's, and the last one is in.

    A field is looked for within FIELD_DAYS where no first day is named.
    """
    member, until, words = current_member(), _last_day(), asked("q")
    first, field, since = asked_day("from"), _asked_field(member), None
    if field and first is None:
        first = since = _days_before(until or today_in(member.timezone), FIELD_DAYS)
    return Asked(AuditFilter(
        member_id=asked_id("member"), action=asked_choice("action", verbs()) or _word(asked("action")),
        resource=asked_choice("resource", rooms), record_id=asked_id("record"),
        through=asked_choice("through", ways()), since=moment_of(first),
        before=moment_of(until + timedelta(days=1) if until else None), q=words,
        records=records_of(words, member) if words else None, field=field, part_of=asked_id("part_of"),
    ), since)  # fmt: skip


def _last_day() -> date | None:
    until = asked_day("until")
    return until if until is not None and until < date.max else None


def _days_before(last: date, days: int) -> date | None:
    """Return the first of so many days, None where there are not so many before the last one."""
    return last - timedelta(days=days - 1) if last.toordinal() > days else None


def _asked_field(member: CurrentMember) -> str:
    """Return the field that is searched for, "" for none, and for one that the member's role does not show."""
    key = asked("field")
    kind, _dot, name = key.partition(".")
    known = kind in rooms and bool(rooms[kind].labels().get(name)) and is_told(kind, name, member)
    return key if known else ""


def fields(member: CurrentMember) -> dict[str, str]:
    """Return the fields that can be searched for: those that the member's role shows."""
    return {
        f"{kind}.{name}": _("%(field)s: %(entry)s", field=room.word(), entry=label)
        for kind, room in rooms.items()
        for name, label in room.labels().items()
        if label and is_told(kind, name, member)
    }


def _word(text: str) -> str:
    """Return an act that has no word of ours yet, as another room may have named it."""
    return text if text.replace("_", "").replace("-", "").isalpha() else ""


@bp.get("/settings/audit")
@requires("audit:read")
def index() -> ResponseReturnValue:
    """List what the members within the reader's scope did, newest first."""
    member, looked = current_member(), asked_log()
    wanted = looked.filter
    page = entries(member, wanted, after=after_key("audit", ORDERS["-at"]), folded=True)
    shown = {
        "lines": lines(page.rows, member), "next_url": next_url(page, "audit"), "of_record": False,
        "heads": _heads(page.rows) if wanted.folds else {}, "searched_since": looked.since, "part_of": wanted.part_of,
        "earlier_url": address(until=looked.earlier, after=None) if looked.since else "",
        "clear_url": address(**dict.fromkeys(NARROWING)) if wanted.narrows else "",
        "backwards": bool(wanted.since and wanted.before and wanted.since >= wanted.before),
        "export_url": address(url_for("settings_audit.export"), after=None) if member.can("audit:export") else "",
    }  # fmt: skip
    if is_htmx():
        return render_template("settings/_audit_results.html", **shown)
    decides = member.can("workspace:update")
    return render_template(
        "settings/audit.html", **shown, **_choices(wanted), keep_url=url_for("settings_audit.keep") if decides else "",
        kept=_kept(policy().audit_days) if decides and not wanted.q else "",
    )  # fmt: skip


def _heads(rows: Sequence[AnyRow]) -> dict[UUID, str]:
    """Return, for each entry of a hand-over, the address of what it did to single records."""
    made = (row.id for row in rows if row.resource == HEAD and row.action in ("create", "undo"))
    return {entry_id: address(part_of=str(entry_id), after=None) for entry_id in made}


def _choices(wanted: AuditFilter) -> dict[str, Any]:
    """Return what the filters offer, and what is chosen."""
    values = {name: asked(name) for name in NARROWING}
    return {
        "values": values, "errors": {}, "people": [(str(row.id), row.name) for row in member_names()],
        "acts": list(verbs().items()), "through": list(ways().items()), "record": wanted.record_id,
        "kinds": sorted(((kind, room.word()) for kind, room in rooms.items()), key=lambda pair: pair[1]),
        "set_now": sum(bool(values[name]) for name in NARROWING if name not in ("q", "after")),
        "fields": sorted(fields(current_member()).items(), key=lambda pair: pair[1]),
    }  # fmt: skip


@bp.get("/settings/audit/export")
@requires("audit:export")
def export() -> Response:
    """Give the log out as a file, as far as the filters show it; this leaves a line in the log itself."""
    return export_audit(asked_log().filter)


def _kept(days: int | None) -> str:
    if days is None:
        return _("for ever")
    years, rest = divmod(days, 365)
    if rest:
        return ngettext("%(num)s day", "%(num)s days", days)
    return ngettext("%(num)s year", "%(num)s years", years)


def keep_page(values: Mapping[str, Any] | None = None, errors: Mapping[str, str] | None = None) -> str:
    """Show for how long the log is kept."""
    found = policy()
    stored = {"audit_days": str(found.audit_days or FOR_EVER), "version": found.version}
    return render_template(
        "settings/audit_keep.html", values={**stored, **(values or {})}, errors=errors or {},
        choices=[(FOR_EVER, _("For ever")), *((str(days), _kept(days)) for days in AUDIT_DAYS)],
    )  # fmt: skip


@bp.get("/settings/audit/keep")
@requires("workspace:update")
def keep() -> str:
    """Ask for how long the log is kept."""
    return keep_page()


@bp.post("/settings/audit/keep")
@requires("workspace:update")
@shown_again(keep_page)
def save_keep() -> ResponseReturnValue:
    """Decide for how long the log is kept."""
    text = request.form.get("audit_days", "")
    if not (text.isascii() and text.isdigit() and len(text) < 6):
        raise InvalidInput({"audit_days": _("Choose one of the values offered.")})
    keep_audit(int(text) or None, actor=current_member(), version=form_version())
    return saved(url_for("settings_audit.index"), _("Saved."))
