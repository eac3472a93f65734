"""Sheets of an archive, for people: CSV that a spreadsheet opens, names in place of keys. Restoring ignores them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import psycopg

from saas_crm.core.spreadsheets import defused
from tenants.archive.writing import ArchiveWriter

SHEETS = "sheets/"
_COMPANIES = """
    SELECT c.name, c.phone, c.email, c.website, c.industry, c.lifecycle, o.name AS owner, c.tags, c.street, c.postcode,
        c.city, c.region, c.country, c.description, c.created_at, c.updated_at, c.last_activity_at, c.deleted_at, c.id
    FROM companies c LEFT JOIN members o ON o.id = c.owner_id ORDER BY c.sort_name, c.id
"""
_CONTACTS = """
    SELECT c.name, p.name AS company, c.job_title, c.mobile, c.phone, c.email, c.birthday, c.lifecycle,
        o.name AS owner, c.tags, c.street, c.postcode, c.city, c.region, c.country, c.description, c.created_at,
        c.updated_at, c.last_activity_at, c.deleted_at, c.id
    FROM contacts c LEFT JOIN companies p ON p.id = c.company_id LEFT JOIN members o ON o.id = c.owner_id
    ORDER BY c.sort_name, c.id
"""
_DEALS = """
    SELECT d.name, p.name AS company, k.name AS contact, l.name AS pipeline, s.name AS stage, d.status,
        trim_scale(d.amount) AS amount, d.currency, d.expected_close, o.name AS owner, d.closed_at, d.close_reason,
        d.close_note, d.description, d.created_at, d.updated_at, d.last_activity_at, d.deleted_at, d.id
    FROM opportunities d JOIN pipelines l ON l.id = d.pipeline_id JOIN stages s ON s.id = d.stage_id
    LEFT JOIN companies p ON p.id = d.company_id LEFT JOIN contacts k ON k.id = d.contact_id
    LEFT JOIN members o ON o.id = d.owner_id ORDER BY d.created_at, d.id
"""
_ACTIVITIES = """
    SELECT a.kind, a.at, a.subject, a.body, a.outcome, a.location, a.duration_minutes, a.due_at, a.done_at,
        p.name AS company, k.name AS contact, d.name AS deal, o.name AS owner, a.created_at, a.updated_at,
        a.deleted_at, a.id
    FROM activities a LEFT JOIN companies p ON p.id = a.company_id LEFT JOIN contacts k ON k.id = a.contact_id
    LEFT JOIN opportunities d ON d.id = a.opportunity_id LEFT JOIN members o ON o.id = a.owner_id
    ORDER BY a.at, a.id
"""
_MEMBERS = """
    SELECT m.name, m.email, r.name AS role, t.name AS team, m.status, m.last_seen_at, m.created_at, m.id
    FROM members m JOIN roles r ON r.id = m.role_id LEFT JOIN teams t ON t.id = m.team_id ORDER BY m.name, m.id
"""
_SHEETS = {
    "companies": _COMPANIES, "contacts": _CONTACTS, "deals": _DEALS, "activities": _ACTIVITIES, "members": _MEMBERS,
}  # fmt: skip


def add_sheets(connection: psycopg.Connection[Any], writer: ArchiveWriter) -> None:
    """Put the sheets into an archive; the connection's path names the workspace."""
    for name, query in _SHEETS.items():
        writer.add_lines(f"{SHEETS}{name}.csv", _lines(connection, name, query))


def _lines(connection: psycopg.Connection[Any], name: str, query: str) -> Iterator[bytes]:
    with connection.cursor(name=f"sheet_{name}") as cursor:
        cursor.itersize = 2_000
        cursor.execute(query.encode())
        text = io.StringIO(newline="")
        writer = csv.writer(text)
        writer.writerow([column.name for column in cursor.description or ()])
        yield "\ufeff".encode()
        for row in cursor:
            writer.writerow([_cell(value) for value in row])
            if text.tell() > 1 << 18:
                yield _taken(text)
        yield _taken(text)


def _taken(text: io.StringIO) -> bytes:
    content = text.getvalue().encode()
    text.seek(0)
    text.truncate()
    return content


def _cell(value: Any) -> Any:
    if isinstance(value, list):
        return defused("; ".join(map(str, value)))
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    return defused(value) if isinstance(value, str) else value
