"""What may be said about a role: its name, and how far each permission reaches."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from saas_crm.access.permissions import PERMISSIONS, Scope
from saas_crm.access.role_rules import known
from saas_crm.core.fields import Name
from saas_crm.core.forms import Input

if TYPE_CHECKING:
    Permission = str
else:
    Permission = Literal[tuple(sorted(PERMISSIONS))]
_EXAMPLE = {"company:read": "team", "company:update": "own", "company:delete": None}
Granted = Annotated[
    dict[Permission, Scope | None],
    Field(
        description="`resource:action` → how far it reaches. In a change, what is left out stays; null takes it away.",
        examples=[_EXAMPLE],
    ),
]


class RoleWrite(Input):
    """A role: what it is called and what it allows."""

    name: Annotated[Name, Field(examples=["Field sales"])]
    permissions: Granted = Field(default_factory=dict)

    def granted(self, former: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return the permissions as they then are; `former` are those of the role before the change."""
        wanted: dict[str, Any] = {**known(former or {}), **self.permissions}
        return {permission: scope for permission, scope in wanted.items() if scope is not None}


class RoleRead(BaseModel):
    """A role of the workspace."""

    id: UUID
    version: int
    key: str | None = Field(description="Which built-in role it is, if any.", examples=["rep"])
    name: str
    permissions: dict[str, Scope] = Field(
        description="`resource:action` → how far it reaches. The owner's role has everything.",
        examples=[{"company:read": "team", "company:update": "own"}],
    )
    created_at: datetime
    updated_at: datetime
