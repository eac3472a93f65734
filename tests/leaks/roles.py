"""The roles of the hunt: those every workspace has, each scope over everything, and those that lack one thing."""

from __future__ import annotations

from collections.abc import Mapping

from saas_crm.access.permissions import BUILT_IN, PERMISSIONS, SALES, SCOPES

Permissions = dict[str, str]
FIELDS: Mapping[str, str] = {
    "contact.phone": "hidden", "contact.email": "masked", "contact.birthday": "read-only",
    "contact.address": "hidden", "contact.job_title": "hidden", "company.phone": "masked", "company.email": "hidden",
    "company.description": "hidden", "company.website": "hidden",
    "opportunity.amount": "hidden", "opportunity.name": "read-only",
}  # fmt: skip
"""The rules of the role that may not see every field."""


def everything(scope: str) -> Permissions:
    """Return every permission, as far as `scope`."""
    return dict.fromkeys(sorted(PERMISSIONS), scope)


def without(*kinds: str) -> Permissions:
    """Return everything but what concerns these kinds of record."""
    return {name: scope for name, scope in everything("all").items() if name.split(":")[0] not in kinds}


def mixed() -> Permissions:
    """Return another scope for each kind of record, and for each thing one does with it."""
    scopes = dict(BUILT_IN["viewer"])
    for at, kind in enumerate(SALES):
        for step, action in enumerate(("read", "export", "update", "assign", "delete", "share")):
            if f"{kind}:{action}" in PERMISSIONS:
                # What one may export reaches less far than what one sees, or farther.
                reach = {"read": 3 - at, "export": at}.get(action, max(0, 3 - at - step))
                scopes[f"{kind}:{action}"] = SCOPES[reach]
        scopes[f"{kind}:create"] = "own"
    scopes |= {"hand_over:read": "own", "hand_over:create": "team", "audit:read": "team", "audit:export": "own"}
    return dict(scopes)


def _near(permission: str, scope: str) -> str:
    """Return "team" for what one does with records, but "own" for taking them away in files."""
    kind, _colon, action = permission.partition(":")
    return scope if kind not in SALES else "own" if action == "export" else "team"


def hunting() -> dict[str, Permissions]:
    """Return the roles whose holders try everything, by name."""
    found = {key: dict(BUILT_IN[key]) for key in ("admin", "manager", "rep", "viewer")}
    found |= {scope: everything(scope) for scope in SCOPES}
    found |= {"mixed": mixed(), "reading": {p: s for p, s in everything("team").items() if p.endswith(":read")}}
    for kind in SALES:
        found[f"no {kind}"] = {name: _near(name, scope) for name, scope in without(kind).items()}
    found["veiled"] = {**everything("subtree"), **FIELDS}
    return found


def lacking() -> dict[str, Permissions]:
    """Return for each permission the role that has everything but that."""
    return {
        f"lacks {one}": {name: scope for name, scope in everything("all").items() if name != one}
        for one in sorted(PERMISSIONS)
    }
