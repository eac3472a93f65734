"""The audit log as a file: a line for each act, with all its changes in one cell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from itertools import islice
from zoneinfo import ZoneInfo

from flask import Response

from saas_crm.access.audit_log import ORDERS, AuditFilter, narrowed
from saas_crm.core.audit import AuditEntry
from saas_crm.core.i18n import gettext as _
from saas_crm.core.i18n import pgettext
from saas_crm.core.keyset import in_order
from saas_crm.core.spreadsheets import Cell, Column
from saas_crm.edge.current import current_member
from tenants.db import AnyRow, stream
from web.exports.files import export
from web.history.lines import Line, lines

AT_A_TIME = 500  # entries whose names are looked up together


def export_audit(wanted: AuditFilter) -> Response:
    """Answer with the entries that the member may export and asked for, newest first."""
    member = current_member()
    query = in_order(narrowed(member, wanted, "export"), ORDERS["-at"], AuditEntry.id)
    if member.scope("audit:read") != "all":  # what is exported is never more than what the page shows
        query = query.where(AuditEntry.id.in_(narrowed(member, wanted, "read", (AuditEntry.id,))))
    return export(
        "audit",
        _("Audit log"),
        _columns(),
        lambda: _rows(stream(query, at_a_time=AT_A_TIME)),
        {name: value for name, value in asdict(wanted).items() if name != "records"},
    )


def _columns() -> list[Column]:
    return [
        Column(_("When"), 18), Column(_("Who"), 24), Column(_("Looking as"), 24), Column(_("What"), 24),
        Column(_("Kind of record"), 18), Column(_("Record"), 32), Column(_("Changes"), 60),
        Column(pgettext("audit", "Through"), 16), Column(_("From where"), 32), Column("ID", 36),
    ]  # fmt: skip


def _rows(found: Iterator[AnyRow]) -> Iterable[list[Cell]]:
    member = current_member()
    zone = ZoneInfo(member.timezone)
    while some := list(islice(found, AT_A_TIME)):
        for line in lines(some, member):
            yield _cells(line, zone)


def _cells(line: Line, zone: ZoneInfo) -> list[Cell]:
    changes = "\n".join(f"{one.label}: {one.old or '—'} → {one.new or '—'}" for one in line.changes)
    when = line.at.astimezone(zone).replace(tzinfo=None, microsecond=0)
    return [
        when, line.who, line.as_whom, line.verb, line.word, line.name, changes, line.through, line.origin, str(line.id),
    ]  # fmt: skip
