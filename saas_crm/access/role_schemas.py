"""What may be said about a role: its name, and how far each permission reaches."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from saas_crm.access.field_rules import KEYS, FieldRule, rules_in
from saas_crm.access.permissions import PERMISSIONS, Scope
from saas_crm.access.role_rules import known
from saas_crm.core.fields import Name
from saas_crm.core.forms import Input

if TYPE_CHECKING:
    Permission = str
    FieldKey = str
else:
    Permission = Literal[tuple(sorted(PERMISSIONS))]
    FieldKey = Literal[tuple(KEYS)]
_EXAMPLE = {"company:read": "team", "company:update": "own", "company:delete": None}
Granted = Annotated[
    dict[Permission, Scope | None],
    Field(
        description="`resource:action` → how far it reaches. In a change, what is left out stays; null takes it away.",
        examples=[_EXAMPLE],
    ),
]
Ruled = Annotated[
    dict[FieldKey, FieldRule | None],
    Field(
        description="`resource.field` → what is taken away: it is read-only, masked (shown in part) or hidden. In a "
        "change, what is left out stays; null lifts the rule.",
        examples=[{"contact.phone": "masked", "contact.birthday": "hidden"}],
    ),
]


class RoleWrite(Input):
    """A role: what it is called and what it allows."""

    name: Annotated[Name, Field(examples=["Field sales"])]
    permissions: Granted = Field(default_factory=dict)
    fields: Ruled = Field(default_factory=dict)

    def granted(self, former: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return permissions and rules for fields as they then are; `former` are the role's before the change."""
        before, said = former or {}, {**(self.permissions or {}), **(self.fields or {})}
        wanted: dict[str, Any] = {**known(before), **rules_in(before), **said}
        return {permission: scope for permission, scope in wanted.items() if scope is not None}


STORED_NAME = "As it is stored: a built-in role has its English name until somebody renames it; its key never changes."


class RoleRead(BaseModel):
    """A role of the workspace."""

    id: UUID
    version: int
    key: str | None = Field(description="Which built-in role it is, if any.", examples=["rep"])
    name: str = Field(description=STORED_NAME)
    permissions: dict[str, Scope] = Field(
        description="`resource:action` → how far it reaches. The owner's role has everything.",
        examples=[{"company:read": "team", "company:update": "own"}],
    )
    fields: dict[FieldKey, FieldRule] = Field(
        description="`resource.field` → what the role takes away of it; other fields follow the record.",
        examples=[{"contact.phone": "masked"}],
    )
    created_at: datetime
    updated_at: datetime
