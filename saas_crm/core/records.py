"""Mixins that make a table a record: key, version, times, recycling, owner."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from tenants.db import new_id


class Keyed:
    """A UUIDv7 key made by the application, so that a phone can make records offline."""

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id, sort_order=-10)


class Versioned:
    """Optimistic locking: each save raises `version`; a lost race is a VersionConflict."""

    version: Mapped[int] = mapped_column(server_default="1", sort_order=90)

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:  # noqa: N805 - SQLAlchemy's own protocol
        # What the server sets at an UPDATE comes back with it, instead of by a further SELECT.
        return {"version_id_col": cls.version, "eager_defaults": True}


class Dated:
    """When it was made and last saved."""

    created_at: Mapped[datetime] = mapped_column(server_default=func.now(), sort_order=91)
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now(), sort_order=92)


class Recyclable:
    """Deleted records stay 30 days in the recycle bin."""

    deleted_at: Mapped[datetime | None] = mapped_column(sort_order=93)
    deleted_by_id: Mapped[UUID | None] = mapped_column(sort_order=94)


class Record(Keyed, Versioned, Dated, Recyclable):
    """A row people make, edit, recycle and audit.

    `__resource__` is the word permissions and the audit use; `__follows__` names the parents whose
    visibility it shares, as (own attribute, parent resource); `__held_in__` names, for such an attribute that is no
    column, the column that holds its value wherever it has one. `__unaudited__` are columns no audit needs.
    """

    __resource__: ClassVar[str]
    __held_in__: ClassVar[Mapping[str, str]] = MappingProxyType({})
    __follows__: ClassVar[tuple[tuple[str, str], ...]] = ()
    __unaudited__: ClassVar[frozenset[str]] = frozenset({"version", "created_at", "updated_at"})
