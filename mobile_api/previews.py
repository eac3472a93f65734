"""Who gains and who loses by a change that is not made yet: as every preview tells it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field

from saas_crm.access.field_rules import FieldRule
from saas_crm.access.permissions import Scope
from saas_crm.access.preview import Preview
from tenants.db import db


class FieldEffect(BaseModel):
    """A field that opens or closes to somebody."""

    field: str = Field(description="`resource.field`", examples=["contact.phone"])
    former: FieldRule | None = Field(description="What the role took away of it; null is nothing.")
    rule: FieldRule | None = Field(description="What it would take away.")


class RightEffect(BaseModel):
    """Something beside records that somebody may do now, or no longer."""

    permission: str = Field(examples=["company:create"])
    former: Scope | None = Field(description="How far it reached; null is not at all.")
    scope: Scope | None = Field(description="How far it would reach.")


class ReachChange(BaseModel):
    """How many records somebody would come to reach with an action, and how many no more."""

    resource: Literal["company", "contact", "activity", "opportunity"]
    action: Literal["read", "update", "delete", "assign", "share", "export"]
    gained: int
    lost: int


class MemberEffect(BaseModel):
    """What it does to one member."""

    member_id: UUID
    name: str
    changes: list[ReachChange]
    fields: list[FieldEffect]
    rights: list[RightEffect]


class AccessPreview(BaseModel):
    """Who would gain and who would lose records, fields or rights; only members for whom something changes."""

    gaining: int = Field(description="How many members gain something.")
    losing: int = Field(description="How many members lose something.")
    members: list[MemberEffect] = Field(description="Who loses most comes first.")


def told(preview: Preview) -> dict[str, object]:
    """Return a preview as the API tells it."""
    members = [
        {"member_id": effect.member_id, "name": effect.name,
         "changes": [change._asdict() for change in effect.changes],
         "fields": [{"field": key, "former": former, "rule": rule} for key, former, rule in effect.fields],
         "rights": [right._asdict() for right in effect.rights]}
        for effect in preview.effects
    ]  # fmt: skip
    return {"gaining": preview.gaining, "losing": preview.losing, "members": members}


def only_tried(act: Callable[[], object]) -> None:
    """Do something and take it back: what is wrong with it is told as if it were done. Raises what it raises."""
    with db.session.begin_nested() as tried:
        act()
        tried.rollback()
    db.session.expire_all()
