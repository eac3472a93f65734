"""Rows for choosing a company, a contact, either of them, or a member, while somebody types."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, render_template

from saas_crm.access.ownership import owners_for
from saas_crm.access.permissions import SALES
from saas_crm.access.queries import member_names
from saas_crm.access.world import behind
from saas_crm.core.folding import fold
from saas_crm.customers.choosing import at_hand
from saas_crm.customers.models import Company, Contact
from saas_crm.edge.current import current_member
from saas_crm.edge.declared import requires
from saas_crm.search.queries import find
from web.lists import asked, asked_id

bp = Blueprint("pickers", __name__, url_prefix="/pickers")
SHOWN = 8


@dataclass(frozen=True, slots=True)
class Choice:
    """One row of a picker."""

    value: str
    text: str
    meta: str
    kind: str


@bp.get("/companies")
@requires("company:read")
def companies() -> str:
    """Answer the companies that match what is typed, or those at hand."""
    return _rows(list(_customers("company")), "company")


@bp.get("/contacts")
@requires("contact:read")
def contacts() -> str:
    """Answer the contacts that match, of one company where `company_id` names it."""
    return _rows(list(_customers("contact")), "contact")


@bp.get("/customers")
@requires("activity:create")
def customers() -> str:
    """Answer companies and contacts together; their values say which they are."""
    member, typed = current_member(), asked("q")
    kinds = [kind for kind in ("contact", "company") if member.can(f"{kind}:read")]
    if typed:
        rows = find(typed, member, kinds=kinds, limit=SHOWN)
        found = [_found(row, f"{row.kind}:{row.record_id}") for row in rows]
    else:
        found = [choice for kind in kinds for choice in _customers(kind, prefix=f"{kind}:", limit=4)]
    return _rows(found, "contact", "company")


@bp.get("/members")
@requires("member:read")
def members() -> str:
    """Answer the members whose name holds what is typed; colleagues are known to everybody.

    `own` names a kind of record: then only those to whom one may give such a record, and who could work on it.
    With a closed team as `outside` only those who do not see into it.
    """
    member, typed, kind, unit = current_member(), fold(asked("q")), asked("own"), asked_id("outside")
    known = owners_for(kind, member) if kind in SALES else member_names()
    may_be = behind(unit) if unit and member.can("team:update") else None
    rows = [row for row in known if typed in fold(row.name) and (may_be is None or row.id in may_be)]
    found = [Choice(str(row.id), row.name, "", "person") for row in rows]
    return _rows(found[:SHOWN])


def _customers(kind: str, *, prefix: str = "", limit: int = SHOWN) -> Iterator[Choice]:
    member, typed, company_id = current_member(), asked("q"), asked_id("company_id")
    if typed:
        for row in find(typed, member, kinds=(kind,), limit=limit):
            yield _found(row, f"{prefix}{row.record_id}")
        return
    model: Any = Company if kind == "company" else Contact
    for row in at_hand(model, member, company_id=company_id, limit=limit):
        yield Choice(f"{prefix}{row.id}", row.name, row.sub or "", "company" if kind == "company" else "person")


def _found(row: Any, value: str) -> Choice:
    return Choice(value, row.title, row.subtitle, "company" if row.kind == "company" else "person")


def _rows(found: list[Choice], *kinds: str) -> str:
    """Return the rows, and for each of `kinds` one that makes what is typed; where there are two, they say which."""
    member, typed = current_member(), asked("q")
    same = any(fold(choice.text) == fold(typed) for choice in found)
    new = bool(typed) and not same and asked("add") != "no"
    adds = [kind for kind in kinds if new and member.can(f"{kind}:create")]
    return render_template("pickers/rows.html", found=found, typed=typed, adds=adds, told=len(kinds) > 1)
