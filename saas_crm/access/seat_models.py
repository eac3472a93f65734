"""Who keeps a seat: a table of the tenant that its own triggers write."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from tenants.db import TenantModel


class MemberSeat(TenantModel):
    """In which order active members keep a seat where the plan has fewer: triggers keep it (tenant revision 0021).

    No record of its own: `place` (1 is the first) follows from who the members are and from whom an owner `wanted` to
    keep a seat. `told`: they have been told that they have none.
    """

    __tablename__ = "member_seats"

    member_id: Mapped[UUID] = mapped_column(primary_key=True)
    place: Mapped[int]
    wanted: Mapped[bool]
    told: Mapped[bool]
