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
    "idempotency_keys", "opportunities", "opportunity_contacts", "opportunity_sums", "opportunity_totals",
    "search_entries", "shares", "known_browsers", "passkeys", "sign_ins", "spent_challenges", "sso_identities",
    "record_numbers", "stage_changes", "archive_pieces", "memberships", "operator_acts", "sessions", "users",
    "user_photos",
})  # fmt: skip
"""Tables that grow with the work that is done, or with everybody who signs up."""
SMALL = frozenset({
    "api_tokens", "erasures", "hand_overs", "invitations", "members", "pipelines", "policies", "privacy_holds",
    "privacy_settings", "processing_activities", "roles", "stages", "team_helpers", "teams", "unit_guests",
    "number_counts",
    "archives", "authenticator_apps", "deletion_certificates", "former_slugs", "mailed_tokens", "pending_sign_ins",
    "installation_figures", "operator_sessions", "operator_visits", "operator_work", "operators", "tenant_figures",
    "recovery_codes", "identity_providers", "support_consents", "suspensions",
    "tenant_deletions", "tenants", "throttles",
})  # fmt: skip
"""Tables of hundreds or thousands of rows at most, for which a moment is enough for anything."""
ACCEPTED: Mapping[tuple[str, str], frozenset[str]] = {
    ("tenant", "0004"): frozenset({"activities", "search_entries"}),
    ("tenant", "0008"): frozenset({"audit_log"}),
}
"""Revisions older than these rules, and the big tables that they index."""

_TABLE = r"(?:IF\s+EXISTS\s+)?(?:ONLY\s+)?(?:public\.)?\"?(?P<table>\w+)\"?"
_ALTER = rf"\bALTER\s+TABLE\s+{_TABLE}\s+(?:[^;]*?,\s*)?"
_VOLATILE = r"\b(?:gen_random_uuid|uuidv[47]|random|clock_timestamp|timeofday|nextval)\s*\("
_ON_BIG: Mapping[str, str] = {
    rf"{_ALTER}ADD\s+COLUMN\b[^,;]*?(?:{_VOLATILE}|\bSTORED\b|\bSERIAL\b|\bBIGSERIAL\b|\bIDENTITY\b)":
        "rewrites {table}: add the column empty, and let jobs fill it",
    rf"{_ALTER}ALTER\s+COLUMN\s+\S+\s+(?:SET\s+DATA\s+)?TYPE\b": "rewrites {table}: add another column instead",
    rf"{_ALTER}ALTER\s+COLUMN\s+\S+\s+SET\s+NOT\s+NULL\b":
        "reads all of {table} under a lock: add a CHECK that is NOT VALID, and validate it in a later revision",
    rf"{_ALTER}ADD\s+(?:CONSTRAINT\s+\S+\s+)?(?:CHECK|FOREIGN\s+KEY)\b(?![^;]*\bNOT\s+VALID\b)":
        "reads all of {table} under a lock: write NOT VALID, and validate in a later revision",
    rf"{_ALTER}ADD\s+(?:CONSTRAINT\s+\S+\s+)?(?:UNIQUE|PRIMARY\s+KEY|EXCLUDE)\b":
        "builds an index of {table} while nobody can write",
    rf"\bCREATE\s+(?:UNIQUE\s+)?INDEX\s+(?:IF\s+NOT\s+EXISTS\s+)?\S+\s+ON\s+{_TABLE}":
        "builds an index of {table} while nobody can write",
    rf"\bUPDATE\s+{_TABLE}\s+SET\b": "writes rows of {table} while they are locked: let jobs do it, in batches",
    rf"\bDELETE\s+FROM\s+{_TABLE}": "removes rows of {table} while they are locked: let jobs do it, in batches",
    rf"\bLOCK\s+(?:TABLE\s+)?{_TABLE}": "locks {table}",
}  # fmt: skip
_ON_ANY: Mapping[str, str] = {
    rf"{_ALTER}ADD\s+COLUMN\b(?=[^,;]*\bNOT\s+NULL\b)(?![^,;]*\bDEFAULT\b)(?![^,;]*\bGENERATED\b)":
        "adds a column to {table} that is NOT NULL and has no default: the release before writes rows without it",
    rf"{_ALTER}DROP\s+(?:COLUMN\b|(?!CONSTRAINT\b|DEFAULT\b|NOT\b|EXPRESSION\b)\w)":
        "drops a column of {table} that the release before reads: a release later",
    rf"\bDROP\s+TABLE\s+{_TABLE}": "drops {table}, which the release before reads: a release later",
    rf"{_ALTER}RENAME\b": "renames something of {table} that the release before reads",
}  # fmt: skip
_ENDLESS = re.compile(r"\bSET\s+LOCAL\s+(?:lock|statement)_timeout\s*(?:=|TO)\s*'?0", re.IGNORECASE)
_MADE = re.compile(rf"\bCREATE\s+TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?{_TABLE}", re.IGNORECASE)
_QUOTED = re.compile(r"--[^\n]*|\$(\w*)\$.*?\$\1\$", re.DOTALL)


def hazards(line: str, step: Step) -> Iterator[str]:
    """Yield what makes a revision unsafe while people work, as "0007 rewrites contacts: …"; nothing for a safe one.

    Tables that the revision makes itself are empty, and nobody knows them yet; the first one makes all there is.
    """
    if step.revision == "0001" or (line, step.revision) == ("shared", "0002"):
        return
    sql = _QUOTED.sub(" ", step.sql)
    own = {found["table"] for found in _MADE.finditer(sql)} | ACCEPTED.get((line, step.revision), frozenset())
    if _ENDLESS.search(sql):
        yield f"{step.revision} waits without end: the runner's time limits are there to stay"
    for patterns, tables in ((_ON_BIG, BIG), (_ON_ANY, None)):
        for pattern, fault in patterns.items():
            for found in re.finditer(pattern, sql, re.IGNORECASE):
                table = found["table"]
                if table not in own and (tables is None or table in tables):
                    yield f"{step.revision} {fault.format(table=table)}"
