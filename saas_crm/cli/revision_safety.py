"""Whether a revision can run while people work: what rewrites or long locks a big table, or pulls away what is in use.

Every revision runs in one transaction with a lock timeout (`tenants.migrate`), so what waits for others gives up soon;
but what others wait for must be short, too. And the release before goes on reading: what it knows stays for one more.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from tenants.migrations.lines import Step

BIG = frozenset({
    "activities", "audit_log", "companies", "consents", "contacts", "erasure_items", "hand_over_items",
    "idempotency_keys", "opportunities", "opportunity_contacts", "opportunity_owner_sums", "opportunity_sums",
    "opportunity_totals", "search_entries", "shares", "known_browsers", "passkeys", "sign_ins", "spent_challenges",
    "sso_identities", "record_numbers", "stage_changes", "archive_pieces", "memberships", "operator_acts", "sessions",
    "operator_upload_pieces", "users", "user_photos", "billing_changes", "stripe_events",
})  # fmt: skip
"""Tables that grow with the work that is done, or with everybody who signs up."""
SMALL = frozenset({
    "api_tokens", "erasures", "hand_overs", "invitations", "members", "pipelines", "policies", "privacy_holds",
    "privacy_settings", "processing_activities", "roles", "stages", "team_helpers", "teams", "unit_guests",
    "number_counts", "usage_sums", "member_seats",
    "archives", "authenticator_apps", "deletion_certificates", "email_changes", "former_slugs",
    "mailed_tokens", "pending_sign_ins",
    "installation_figures", "operator_sessions", "operator_visits", "operator_work", "operators", "tenant_figures",
    "operator_uploads", "recovery_codes", "identity_providers", "support_consents", "suspensions",
    "tenant_deletions", "tenant_domains", "tenants", "throttles",
    "billing_identity", "stripe_prices", "subscriptions",
})  # fmt: skip
"""Tables of hundreds or thousands of rows at most, for which a moment is enough for anything."""
ACCEPTED: Mapping[tuple[str, str], frozenset[str]] = {
    ("tenant", "0004"): frozenset({"activities", "search_entries"}),
    ("tenant", "0008"): frozenset({"audit_log"}),
}
"""Revisions older than these rules, and the big tables that they index."""

_TABLE = r"(?:IF\s+EXISTS\s+)?(?:ONLY\s+)?(?:public\.)?\"?(?P<table>\w+)\"?"
_COLUMN = r"\AADD\s+(?:COLUMN\s+)?(?!(?:CONSTRAINT|CHECK|FOREIGN|UNIQUE|PRIMARY|EXCLUDE)\b)(?:IF\s+NOT\s+EXISTS\s+)?\S"
_VOLATILE = r"\b(?:gen_random_uuid|uuidv[47]|random|clock_timestamp|timeofday|nextval)\s*\("
_CHANGES_OF_BIG: Mapping[str, str] = {
    rf"{_COLUMN}.*(?:{_VOLATILE}|\bSTORED\b|\bSERIAL\b|\bBIGSERIAL\b|\bIDENTITY\b)":
        "rewrites {table}: add the column empty, and let jobs fill it",
    r"\AALTER\s+(?:COLUMN\s+)?\S+\s+(?:SET\s+DATA\s+)?TYPE\b": "rewrites {table}: add another column instead",
    r"\AALTER\s+(?:COLUMN\s+)?\S+\s+SET\s+NOT\s+NULL\b":
        "reads all of {table} under a lock: add a CHECK that is NOT VALID, and validate it in a later revision",
    r"\AADD\s+(?:CONSTRAINT\s+\S+\s+)?(?:CHECK|FOREIGN\s+KEY)\b(?!.*\bNOT\s+VALID\b)":
        "reads all of {table} under a lock: write NOT VALID, and validate in a later revision",
    r"\AADD\s+(?:CONSTRAINT\s+\S+\s+)?(?:UNIQUE|PRIMARY\s+KEY|EXCLUDE)\b":
        "builds an index of {table} while nobody can write",
}  # fmt: skip
"""What ALTER TABLE must not do to big tables: one of its actions, which commas part from each other."""
_CHANGES_OF_ANY: Mapping[str, str] = {
    rf"{_COLUMN}(?=.*\bNOT\s+NULL\b)(?!.*\bDEFAULT\b)(?!.*\bGENERATED\b)":
        "adds a column to {table} that is NOT NULL and has no default: the release before writes rows without it",
    r"\ADROP\s+(?!CONSTRAINT\b)\w": "drops a column of {table} that the release before reads: a release later",
    r"\ARENAME\b": "renames something of {table} that the release before reads",
}  # fmt: skip
_ON_BIG: Mapping[str, str] = {
    rf"\bCREATE\s+(?:UNIQUE\s+)?INDEX\s+(?:IF\s+NOT\s+EXISTS\s+)?(?:(?!ON\s)\S+\s+)?ON\s+{_TABLE}":
        "builds an index of {table} while nobody can write",
    rf"\bUPDATE\s+{_TABLE}\s+(?:(?:AS\s+)?(?!SET\b)\w+\s+)?SET\b":
        "writes rows of {table} while they are locked: let jobs do it, in batches",
    rf"\bDELETE\s+FROM\s+{_TABLE}": "removes rows of {table} while they are locked: let jobs do it, in batches",
    rf"\bINSERT\s+INTO\s+{_TABLE}[^;]*?\bSELECT\b": "writes many rows of {table} at once: let jobs do it, in batches",
    rf"\bMERGE\s+INTO\s+{_TABLE}": "writes many rows of {table} at once: let jobs do it, in batches",
    rf"\bLOCK\s+(?:TABLE\s+)?{_TABLE}": "locks {table}",
}  # fmt: skip
_ON_ANY: Mapping[str, str] = {
    rf"\bDROP\s+TABLE\s+{_TABLE}": "drops {table}, which the release before reads: a release later",
    rf"\bTRUNCATE\s+(?:TABLE\s+)?(?!O[NR]\b){_TABLE}": "empties {table}, which the release before reads",
}  # fmt: skip
_ENDLESS = re.compile(r"\bSET\s+LOCAL\s+(?:lock|statement)_timeout\s*(?:=|TO)\s*'?0", re.IGNORECASE)
_MADE = re.compile(rf"\bCREATE\s+TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?{_TABLE}", re.IGNORECASE)
_ALTER = re.compile(rf"\bALTER\s+TABLE\s+{_TABLE}\s+(?P<actions>[^;]*)", re.IGNORECASE)
_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
_AT_ONCE = re.compile(r"\bDO\s+(?:LANGUAGE\s+\w+\s+)?\$(\w*)\$(.*?)\$\1\$", re.DOTALL | re.IGNORECASE)
_QUOTES = re.compile(r"\$\w*\$|'")
_QUOTED = re.compile(r"\$(\w*)\$.*?\$\1\$|'(?:[^']|'')*'", re.DOTALL)


def hazards(line: str, step: Step) -> Iterator[str]:
    """Yield what makes a revision unsafe while people work, as "0007 rewrites contacts: …"; nothing for a safe one.

    Tables that the revision makes itself are empty, and nobody knows them yet; the first one makes all there is.
    """
    if step.revision == "0001" or (line, step.revision) == ("shared", "0002"):
        return
    told = _COMMENT.sub(" ", step.sql)
    if _ENDLESS.search(told):
        yield f"{step.revision} waits without end: the runner's time limits are there to stay"
    sql = _done(told)
    own = {found["table"] for found in _MADE.finditer(sql)} | ACCEPTED.get((line, step.revision), frozenset())
    for table, fault in (*_statements(sql), *_actions(sql)):
        if table not in own:
            yield f"{step.revision} {fault.format(table=table)}"


def _done(sql: str) -> str:
    """Return what a revision does by itself: with what DO blocks do, without bodies of functions and plain texts."""
    opened = _AT_ONCE.sub(lambda block: f"; {_QUOTES.sub(' ', block[2])} ;", sql)
    return _QUOTED.sub(" '' ", opened)


def _statements(sql: str) -> Iterator[tuple[str, str]]:
    for patterns, tables in ((_ON_BIG, BIG), (_ON_ANY, None)):
        for pattern, fault in patterns.items():
            for found in re.finditer(pattern, sql, re.IGNORECASE):
                if tables is None or found["table"] in tables:
                    yield found["table"], fault


def _actions(sql: str) -> Iterator[tuple[str, str]]:
    for found in _ALTER.finditer(sql):
        table = found["table"]
        rules = {**_CHANGES_OF_ANY, **(_CHANGES_OF_BIG if table in BIG else {})}
        for action in _parted(found["actions"]):
            yield from ((table, fault) for rule, fault in rules.items() if re.search(rule, action, re.I | re.S))


def _parted(actions: str) -> list[str]:
    """Return the actions of ALTER TABLE: commas within brackets part nothing."""
    parts, depth = [""], 0
    for sign in actions:
        depth += (sign == "(") - (sign == ")")
        if sign == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += sign
    return [part.strip() for part in parts]
