"""Values for whatever an endpoint takes, by its name and kind: in the path, the query, a form or a body."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from saas_crm.core.clock import now
from tests.leaks.world import NOBODY, OUTSIDER, Estate

ID_OF: Mapping[str, str] = {
    "company": "company_id", "contact": "contact_id", "opportunity": "opportunity_id", "deal": "opportunity_id",
    "activity": "activity_id", "owner": "member_id", "member": "member_id", "manager": "member_id",
    "substitute": "member_id", "from": "member_id", "to": "member_id", "team": "team_id", "parent": "team_id",
    "role": "role_id", "stage": "stage_id", "pipeline": "pipeline_id", "customer": "company_id",
    "record": "company_id", "token": "token_id", "user": "user_id", "who": "member_id", "by": "member_id",
    "people": "member_id", "guest": "member_id", "invitation": "invitation_id",
    "hand_over": "hand_over_id", "ids": "member_id", "members": "member_id", "pick": "company_id",
    "replacement": "role_id", "person": "member_id", "to_one": "member_id", "helper": "member_id",
}  # fmt: skip
BARE = {
    "owner",
    "member",
    "team",
    "role",
    "record",
    "ids",
    "members",
    "who",
    "customer",
    "company",
    "contact",
    "stage",
    "pick",
    "to_one",
}
"""Names of ids that do not end as ids do."""
TYPED: Mapping[str, Any] = {
    **dict.fromkeys(("name", "subject", "body", "note"), "Typed by a hunter"),
    "email": "typed@hunt.example", "addresses": "typed@hunt.example",
    "amount": "10", "probability": "50", "days": "30", "outcome": "won", "reason": "price", "level": "read",
    "kind": "call", "what": "team", "locale": "en", "country": "US", "timezone": "UTC", "status": "active",
    "position": "1", "phone": "+49 30 12345678", "website": "www.hunt.example",
    "domain": "crm.hunt.example", "plan": "team", "interval": "month",
    "format": "csv", "audit_days": "365", "keep": "365",
}  # fmt: skip


def id_kind(name: str) -> str | None:
    """Return which of the samples a field's name asks for, None where it names no id.

    `owner_id`, `contact_ids`, `owner` and `to` do; `name` and `kind` do not.
    """
    plain = re.sub(r"_ids?$", "", name)
    return ID_OF.get(plain) if plain != name or plain in BARE else None


def value_of(estate: Estate, name: str, whose: str) -> Any:
    """Return somebody's id for a field that names one, else something that may be typed there; None for neither."""
    kind, values = id_kind(name), estate.samples[whose].values
    if name == "customer":
        return f"company:{values['company_id']}"
    if name == "pick":
        return f"{values['company_id']}:{values['member_id']}"
    if kind is not None:
        return values[kind]
    if name.endswith(("_at", "due")):
        return (now() + timedelta(days=2)).replace(microsecond=0, tzinfo=None).isoformat()[:16]
    if name.endswith(("_date", "_close", "birthday", "day", "until")):
        return now().date().isoformat()
    return TYPED.get(name)


SOUGHT = ("company", "contact", "opportunity")


def search_words(estate: Estate, whose: str, kinds: Sequence[str] = SOUGHT) -> list[str]:
    """Return words that find somebody's records: parts of their marks, which are no marks themselves."""
    if whose in (OUTSIDER, NOBODY):
        return ["zq50"]
    values = estate.samples[whose].values
    return [f"zq{estate.numbers[UUID(str(values[f'{kind}_id']))]:04}" for kind in kinds]
