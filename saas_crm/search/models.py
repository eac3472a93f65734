"""The index: an array of n-grams under GIN, candidates rechecked against the folded text."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, Text, func, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from tenants.db import TenantModel

PERSON = "contact"
"""The kind whose titles are people's names: a surname is read as one."""
OF_PARENT = "\x1f"
"""What comes after it in `folded` is the parent's name, by which only who sees the parent may find the child."""
ASKED = UUID(int=0)
"""Stands for the parent's owner where the parent is a contact: who sees that depends on its own company too, so it is
asked with each search, and not copied."""

OF_FIELD = "\x1e"
"""Begins what an entry holds of each of the FIELDS, in their order; nobody finds it by a field they may not know."""
FIELDS = ("phone", "mobile", "email", "website", "address", "industry", "job_title", "number")
"""Fields that a role can hide, and by which records are found."""


class SearchEntry(TenantModel):
    """What one record is found by; owners are copied so that visibility needs no join.

    The first line of `folded` is the title.
    """

    __tablename__ = "search_entries"
    __table_args__ = (
        Index(
            "ix_search_entries_grams", "grams", postgresql_using="gin", postgresql_with={"gin_pending_list_limit": 256}
        ),
        Index("ix_search_entries_parent_id", "parent_id"),
        # Its collation is "C", of which what compares models with migrations knows nothing.
        Index("ix_search_entries_beginning", text("\"left\"((kind || ' ') || folded, 80)")),
    )

    record_id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    title: Mapped[str]
    subtitle: Mapped[str]
    folded: Mapped[str] = mapped_column(Text)
    grams: Mapped[list[str]] = mapped_column(ARRAY(Text))
    owner_id: Mapped[UUID | None]
    parent_id: Mapped[UUID | None]
    parent_owner_id: Mapped[UUID | None]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())
