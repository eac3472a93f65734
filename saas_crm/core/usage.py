"""How much of what plans limit a workspace uses: summands that are added up where they are asked for."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import BigInteger, FetchedValue
from sqlalchemy.orm import Mapped, mapped_column

from tenants.db import TenantModel


class UsageSum(TenantModel):
    """A summand: all of a kind, added up, are what is used; of kinds that count by the day only those of that day.

    Customers are kept by triggers (tenant revision 0020), mails by who sends them.
    """

    __tablename__ = "usage_sums"

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=FetchedValue())
    kind: Mapped[str]
    day: Mapped[date | None]
    amount: Mapped[int] = mapped_column(BigInteger)
