"""A canary in every text of every table of a tenant, by the catalog: a new column has one, or its reason stands here.

What the product writes itself comes first (`hammer.prepare`); this puts a row into the tables that are empty then, and
the canary into each text that lacks it. A workspace that is a release behind has fewer tables, and that is fine.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from saas_crm.core.clock import now
from tenants.db import new_id
from tests.support.installation import Place

WORD, MONEY, PLACE = "one of the product's own words", "a code of ISO 4217", "a code of ISO 3166, of a language or zone"
DIGITS, DIGEST = "digits alone", "a checksum of what is kept elsewhere"
KEPT: Mapping[str, str] = {
    **dict.fromkeys((
        "action", "channel", "close_reason", "kind", "level", "lifecycle", "outcome", "resource", "source", "state",
        "status", "through", "consents.purpose", "erasures.parts", "erasures.reason", "erasure_items.fields",
        "number_counts.period", "roles.key", "roles.permissions",
    ), WORD),
    "currency": MONEY,
    **dict.fromkeys(("country", "locale", "timezone", "policies.languages"), PLACE),
    **dict.fromkeys(("phone", "mobile"), DIGITS),
    **dict.fromkeys(("photo_digest", "logo_digest", "erasures.fingerprints"), DIGEST),
    "policies.accent": "a colour",
    "policies.networks": "networks that are let in: with any the hammer would stand outside",
    "api_tokens.address": "a network's address, which each use of the token writes over",
    "members.working_hours": "times of day",
    "search_entries.grams": "pieces of three letters of what stands beside them",
}  # fmt: skip
"""Columns whose texts cannot hold a canary, by table and name or, in all tables, by name; and why."""
_COLUMNS = """
    SELECT c.relname::text, a.attname::text, format_type(a.atttypid, NULL)
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.relnamespace = %s::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
    ORDER BY c.relname, a.attnum
"""
_TEXT, _TEXTS = ("text", "character varying"), ("text[]", "character varying[]")
_ADD_WORD = """
    UPDATE {table} SET {column} = coalesce(nullif({column}, '') || ' ', '') || {word}
    WHERE position({plain} in lower(coalesce({column}, ''))) = 0
"""
_ADD_ENTRY = """
    UPDATE {table} SET {column} = array_append(coalesce({column}, '{{}}'), {word})
    WHERE position({plain} in lower(coalesce({column}, '{{}}')::text)) = 0
"""
_ROWS = "SELECT count(*), count(*) FILTER (WHERE position({plain} in lower({column}::text)) > 0) FROM {table}"


def columns(connection: psycopg.Connection[Any], schema: str) -> dict[tuple[str, str], str]:
    """Return the type of each column of each table of a tenant."""
    return {(table, column): kind for table, column, kind in connection.execute(_COLUMNS, [schema])}


def texts(found: Mapping[tuple[str, str], str]) -> Iterator[tuple[str, str, str]]:
    """Yield table, column and type of the texts, lists of texts and JSON that can hold a canary."""
    for (table, column), kind in found.items():
        if kind in (*_TEXT, *_TEXTS, "jsonb") and not {column, f"{table}.{column}"} & KEPT.keys():
            yield table, column, kind


def fill(place: Place, schema: str, word: str, ids: Mapping[str, UUID]) -> None:
    """Put the canary into all that lacks it; `ids` are of a member, their role, a company and a contact."""
    with place.owner() as connection, connection.transaction():
        connection.execute(sql.SQL("SET LOCAL search_path = {}").format(sql.Identifier(schema)))
        there = columns(connection, schema)
        for table, row in _rows(word, ids):
            known = {name: value for name, value in row.items() if (table, name) in there}
            if known:
                _insert(connection, table, known)
        for table, column, kind in texts(there):
            if kind != "jsonb":
                _complete(connection, table, column, kind, word)


def lacking(place: Place, schema: str, word: str) -> list[str]:
    """Return what holds no canary: of texts and lists each row must, of JSON one."""
    found = []
    with place.owner() as connection:
        connection.execute(sql.SQL("SET search_path = {}").format(sql.Identifier(schema)))
        for table, column, kind in texts(columns(connection, schema)):
            query = sql.SQL(_ROWS).format(table=sql.Identifier(table), column=sql.Identifier(column), plain=word)
            row = connection.execute(query).fetchone()
            assert row is not None
            rows, marked = row
            if not marked or (kind != "jsonb" and marked < rows):
                found.append(f"{table}.{column}: {marked} of {rows}")
    return found


def held(place: Place, schema: str) -> list[tuple[str, str, str]]:
    """Return what must hold a canary: table, column and type."""
    with place.owner() as connection:
        return list(texts(columns(connection, schema)))


def unknown(place: Place, schema: str) -> set[str]:
    """Return what KEPT names that is no column of a tenant."""
    with place.owner() as connection:
        there = columns(connection, schema)
    return KEPT.keys() - {column for _, column in there} - {f"{table}.{column}" for table, column in there}


def _insert(connection: psycopg.Connection[Any], table: str, row: Mapping[str, Any]) -> None:
    put = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
        sql.Identifier(table),
        sql.SQL(", ").join(map(sql.Identifier, row)),
        sql.SQL(", ").join(map(sql.Placeholder, row)),
    )
    connection.execute(put, dict(row))


def _complete(connection: psycopg.Connection[Any], table: str, column: str, kind: str, word: str) -> None:
    said = {"email": f"somebody@{word}.example", "website": f"https://{word}.example"}.get(column, word)
    query = _ADD_WORD if kind in _TEXT else _ADD_ENTRY
    connection.execute(sql.SQL(query).format(
        table=sql.Identifier(table), column=sql.Identifier(column), word=said, plain=word
    ))  # fmt: skip


def _rows(word: str, ids: Mapping[str, UUID]) -> list[tuple[str, dict[str, Any]]]:
    """Return a row for each table that nothing of the product's has filled; their other texts are completed later."""
    member, company, contact = ids["member"], ids["company"], ids["contact"]
    site, given, certified, tomorrow = f"{word}.example", new_id(), new_id(), now() + timedelta(days=1)
    about_company = {"resource": "company", "record_id": company}
    return [
        ("audit_log", {"id": new_id(), "member_id": member, "through": "web", "action": "update", **about_company,
                       "changes": Jsonb({"city": ["", word]}), "origin": Jsonb({"browser": word})}),
        ("consents", {"id": new_id(), "contact_id": contact, "channel": "email", "purpose": "marketing",
                      "state": "given", "at": now(), "source": "talk"}),
        ("erasures", {"id": certified, "number": 1, "contact_id": new_id(), "member_id": member, "reason": "request",
                      "parts": Jsonb([["contact", "erased", 1]]), "salt": b"", "fingerprints": Jsonb([])}),
        ("erasure_items", {"erasure_id": certified, "resource": "contact", "record_id": new_id(), "fields": ["name"]}),
        ("hand_overs", {"id": given, "from_id": member, "made_by_id": member}),
        ("hand_over_items", {"hand_over_id": given, "to_id": member, **about_company}),
        ("idempotency_keys", {"member_id": member, "key": word, "fingerprint": word.encode(), "status": 201,
                              "headers": Jsonb({"Location": f"/{word}"}), "body": word.encode()}),
        ("identity_providers", {"id": new_id(), "issuer": f"https://{site}", "client_id": word, "domains": [site],
                                "client_secret": word.encode(), "enabled": False, "mandatory": False}),
        ("invitations", {"id": new_id(), "email": f"somebody@{site}", "role_id": ids["role"], "expires_at": tomorrow,
                         "invited_by_id": member, "token_hash": given.bytes}),
        ("number_counts", {"resource": "company", "period": "2026", "last": 1}),
        ("policies", {"id": new_id(), "children_follow": True, "email_domains": [site], "numbering": Jsonb({
            "company": {"pattern": f"{word}-{{0000}}", "on": False, "fiscal": False}})}),
        ("privacy_holds", {"id": new_id(), "contact_id": contact, "reason": word}),
        ("privacy_settings", {"id": new_id(), "keep_years": 3, "public_token": word}),
        ("processing_activities", {"id": new_id(), "name": word}),
        ("record_numbers", {"number": f"{word}-0001", **about_company}),
        ("shares", {"id": new_id(), "member_id": member, "level": "read", **about_company}),
        ("sso_identities", {"id": new_id(), "member_id": member, "issuer": f"https://{site}", "subject": word}),
        ("support_consents", {"id": new_id(), "member_id": member, "note": word, "until": now()}),
    ]  # fmt: skip
