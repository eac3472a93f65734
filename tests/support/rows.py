"""Workspaces that are rows alone, without tables or people: where it matters how many there are."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from psycopg import sql

from tests.support.installation import Installation

_MARK = "t_row_alone_"


class Rows:
    """Makes them by small ids, which come before all others; they are to be cleared before the database is put back."""

    def __init__(self, installation: Installation) -> None:
        self._place = installation.place

    def make(self, number: int, **subscription: Any) -> UUID:
        """Make one with these columns of its subscription."""
        tenant_id, name = UUID(int=number), f"{_MARK}{number}"
        row = {
            "tenant_id": tenant_id,
            "plan": "team",
            "source": "stripe",
            "state": "active",
            "seats": 1,
            **subscription,
        }
        put = sql.SQL("INSERT INTO public.subscriptions ({}) VALUES ({})").format(
            sql.SQL(", ").join(map(sql.Identifier, row)), sql.SQL(", ").join(map(sql.Placeholder, row))
        )
        with self._place.owner() as connection:
            connection.execute(
                "INSERT INTO public.tenants (id, schema_name, role_name, status, plan)"
                " VALUES (%s, %s, %s, 'making', '{}')",
                [tenant_id, name, name],
            )
            connection.execute(put, row)
        return tenant_id

    def customers(self, count: int, **subscription: Any) -> list[UUID]:
        """Make so many who are customers that Stripe does not know."""
        return [
            self.make(number, customer_id=f"cus_{number}", subscription_id=f"sub_{number}", **subscription)
            for number in range(1, count + 1)
        ]

    def clear(self) -> None:
        """Take all of them away."""
        with self._place.owner() as connection:
            connection.execute("DELETE FROM public.tenants WHERE starts_with(schema_name, %s)", [_MARK])
