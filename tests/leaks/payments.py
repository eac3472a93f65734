"""What both workspaces pay, marked: who may not read what theirs pays is told none of it, and nobody the other one's.

The ids and numbers of the payment service, the words of who cancelled, and the sum, which is like no other because the
workspaces have so many seats. What a request changes of it is put back, here and at the double of the service.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import psycopg
from flask import Flask
from psycopg import sql
from psycopg.types.json import Jsonb

from tests.leaks.marks import forget_known, know, text
from tests.stripe import Double
from tests.support.cast import Cast
from tests.support.clients import browser_of
from tests.support.selling import on_sale

PAID, FOREIGN_PAID = 3_999, 9_999
"""The numbers by which the marks are told apart: of the workspace that is hunted in, and of the other one."""
TABLES = ("subscriptions", "billing_changes", "stripe_events", "stripe_prices")
OPEN_SEATS = 137
"""So many are invited to the other workspace, so that its sum is no plan's price."""


@dataclass
class Payments:
    """What is paid, and the way back to how it was."""

    app: Flask
    double: Double
    connection: psycopg.Connection[Any]
    kept: dict[str, Any]
    rows: Sequence[tuple[UUID, Any, Any]]

    def put_back(self) -> None:
        """Let everything be paid as it was; the service keeps no word of what was asked meanwhile."""
        assert self.double.violations == []
        self.double.load(self.kept)
        for tenant_id, row, plan in self.rows:
            self.connection.execute("DELETE FROM public.subscriptions WHERE tenant_id = %s", [tenant_id])
            self.connection.execute(
                "INSERT INTO public.subscriptions SELECT * FROM jsonb_populate_record(NULL::public.subscriptions, %s)",
                [Jsonb(row)],
            )
            self.connection.execute("UPDATE public.tenants SET plan = %s WHERE id = %s", [Jsonb(plan), tenant_id])
        self.app.extensions["directory"].forget()


@contextmanager
def paying(app: Flask, cast: Cast, connection: psycopg.Connection[Any]) -> Iterator[Payments]:
    """Let both workspaces pay for all there is, until the block ends."""
    _invite_many(connection, cast.tenants["other"].schema_name, cast["outsider"].member_id)
    with on_sale(app, {"acme": cast["owner"], "other": cast["outsider"]}) as double:
        for slug, number in (("acme", PAID), ("other", FOREIGN_PAID)):
            _mark(double, connection, cast.tenants[slug].id, number)
        # Each process makes the portal's settings once, and remembers them.
        assert browser_of(app, cast["owner"]).post("/acme/settings/billing/portal").location.startswith(double.url)
        connection.execute("UPDATE public.subscriptions SET seats_wanted = 9999")  # so that nobody is asked for more
        query = (
            "SELECT t.id, to_jsonb(s), t.plan FROM public.tenants t JOIN public.subscriptions s ON s.tenant_id = t.id"
        )
        rows = connection.execute(query).fetchall()
        assert len(rows) == 2
        yield Payments(app, double, connection, double.dump(), rows)
        forget_known()


def _invite_many(connection: psycopg.Connection[Any], schema: str, member_id: UUID | None) -> None:
    query = sql.SQL(
        "INSERT INTO {schema}.invitations (id, email, role_id, invited_by_id, token_hash, expires_at)"
        " SELECT %s, %s, r.id, %s, %s, now() + interval '5 days' FROM {schema}.roles r WHERE r.key = 'viewer'"
    ).format(schema=sql.Identifier(schema))
    for number in range(OPEN_SEATS):
        values = [uuid4(), f"n{number}@other.example", member_id, f"invitation {number}".encode()]
        connection.execute(query, values)


def _mark(double: Double, connection: psycopg.Connection[Any], tenant_id: UUID, number: int) -> None:
    query = "SELECT customer_id, subscription_id, amount * seats / 100 FROM public.subscriptions WHERE tenant_id = %s"
    row = connection.execute(query, [tenant_id]).fetchone()
    assert row is not None
    customer_id, subscription_id, total = row
    [invoice] = double.request("GET", "/v1/invoices", {"customer": customer_id})["data"]
    assert invoice["total"] == total * 100 > 100_000
    for said in (customer_id, subscription_id, invoice["id"], invoice["number"], f"{total:,}", str(total)):
        know(said, number, "payment")
    words = text(number, "payment")
    connection.execute("UPDATE public.subscriptions SET cancel_words = %s WHERE tenant_id = %s", [words, tenant_id])
