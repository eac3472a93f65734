"""What a revision must not do: rules of docs/architecture.md, checked on the SQL it comes to."""

from __future__ import annotations

import re
from collections.abc import Iterator

from saas_crm.cli.revision_safety import hazards
from tenants.migrations.lines import Step

_EVERYWHERE = {
    r"\bCREATE\s+EXTENSION\b(?!\s+IF\s+NOT\s+EXISTS\s+plpgsql\b)": "makes an extension: any PostgreSQL must do",
    r"(?:\A|;)\s*SET\s+(?!LOCAL\b)": "sets something for longer than its transaction; write SET LOCAL",
    r"\bCONCURRENTLY\b": "cannot run inside its transaction",
    r"\bVACUUM\b": "cannot run inside its transaction",
    r"\bTO\s+PUBLIC\b": "grants something to everybody",
}
_TENANT = {
    r"\bpublic\s*\.": "reaches into the shared tables: a tenant must be movable",
    r"\bCREATE\s+ROLE\b": "makes a role: provisioning does",
    r"\bSECURITY\s+DEFINER\b": "lets a tenant act as the owner",
}
_DEFINER = re.compile(r"SECURITY\s+DEFINER(?!\s+SET\s+search_path)", re.IGNORECASE)


def faults(line: str, step: Step) -> Iterator[str]:
    """Yield what is wrong with one revision of a line, as "0007 …"; nothing for a good one."""
    rules = {**_EVERYWHERE, **_TENANT} if line == "tenant" else _EVERYWHERE
    for pattern, fault in rules.items():
        if re.search(pattern, _without_comments(step.sql), re.IGNORECASE):
            yield f"{step.revision} {fault}"
    if line == "shared" and _DEFINER.search(step.sql):
        yield f"{step.revision} has a SECURITY DEFINER function without a fixed search_path"
    yield from hazards(line, step)


def _without_comments(sql: str) -> str:
    return re.sub(r"--[^\n]*", "", sql)
