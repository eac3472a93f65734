"""Lists page by key: whatever their order, a page reads about as many rows as it shows, the last like the first."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from psycopg import sql
from sqlalchemy import select

from saas_crm.access.permissions import CurrentMember
from saas_crm.activities import records as activities
from saas_crm.activities.models import Activity
from saas_crm.activities.queries import ORDERS as ACTIVITY_ORDERS
from saas_crm.activities.queries import ActivityFilter
from saas_crm.core.keyset import CURSOR
from saas_crm.customers import records as customers
from saas_crm.customers.models import Company, Contact
from saas_crm.customers.queries import COMPANY_ORDERS, CONTACT_ORDERS, CustomerFilter
from saas_crm.opportunities import records as deals
from saas_crm.opportunities.models import Opportunity
from saas_crm.opportunities.queries import ORDERS as DEAL_ORDERS
from saas_crm.opportunities.queries import DealFilter
from tenants.db import db
from tests.support.cast import Cast
from tests.support.installation import Installation
from tests.support.plans import rows_touched

Acting = Callable[[str], AbstractContextManager[CurrentMember]]
MANY, SHOWN, MOST = 20_000, 50, 1_200
"""Rows of each kind, rows of a page, and the most rows a page may touch: far fewer than there are."""
BEFORE_ALL, AFTER_ALL = UUID(int=0), UUID(int=2**128 - 1)

# Every tenth value of what may be missing is missing; keys and values are in no common order.
_SOME = "CASE WHEN n % 10 = 0 THEN NULL ELSE now() - (n * 7919 % 20000) * interval '1 hour' END"
FILL = {
    "companies": f"""INSERT INTO companies (id, name, sort_name, name_key, owner_id, last_activity_at, created_at,
        updated_at)
    SELECT gen_random_uuid(), n, lpad(n::text, 5, '0'), n, {{owner}}, {_SOME}, now() - n * interval '1 min',
        now() - n * interval '1 min' FROM generate_series(1, {{many}}) AS n""",
    "contacts": f"""INSERT INTO contacts (id, name, sort_name, owner_id, last_activity_at, created_at, updated_at)
    SELECT gen_random_uuid(), n, lpad(n::text, 5, '0'), {{owner}}, {_SOME}, now() - n * interval '1 min',
        now() - n * interval '1 min' FROM generate_series(1, {{many}}) AS n""",
    "opportunities": f"""INSERT INTO opportunities (id, name, pipeline_id, stage_id, amount, currency, owner_id,
        expected_close, created_at, updated_at)
    SELECT gen_random_uuid(), n, s.pipeline_id, s.id, n * 7919 % 20000, 'USD', {{owner}}, ({_SOME})::date,
        now() - n * interval '1 min', now() - n * interval '1 min'
    FROM generate_series(1, {{many}}) AS n, (SELECT id, pipeline_id FROM stages ORDER BY position LIMIT 1) AS s""",
    "activities": f"""INSERT INTO activities (id, kind, owner_id, at, due_at)
    SELECT gen_random_uuid(), 'call', {{owner}}, now() - n * interval '1 min', {_SOME}
    FROM generate_series(1, {{many}}) AS n""",
}  # fmt: skip
KINDS: dict[str, tuple[Any, Any, Any]] = {
    "companies": (Company, COMPANY_ORDERS, lambda *given, **wanted: customers.records(
        Company, given[0], CustomerFilter(), columns=(Company.id,), **wanted)),
    "contacts": (Contact, CONTACT_ORDERS, lambda *given, **wanted: customers.records(
        Contact, given[0], CustomerFilter(), columns=(Contact.id,), **wanted)),
    "opportunities": (Opportunity, DEAL_ORDERS, lambda *given, **wanted: deals.records(
        given[0], DealFilter(), columns=(Opportunity.id,), **wanted)),
    "activities": (Activity, ACTIVITY_ORDERS, lambda *given, **wanted: activities.records(
        given[0], ActivityFilter(), columns=(Activity.id,), **wanted)),
}  # fmt: skip


@pytest.fixture(params=list(KINDS))
def kind(request: pytest.FixtureRequest, app: Flask, cast: Cast, installation: Installation) -> str:
    """A kind of which there are many records in one workspace, known to the planner."""
    table = str(request.param)
    schema = sql.Identifier(cast.tenants["acme"].schema_name)
    filling = sql.SQL(FILL[table]).format(owner=sql.Literal(cast["owner"].member_id), many=sql.Literal(MANY))
    with installation.place.owner() as connection:
        with connection.transaction():
            # No triggers: they would sum up each deal, and no sum is asked for here.
            connection.execute("SET LOCAL session_replication_role = replica")
            connection.execute(sql.SQL("SET LOCAL search_path = {}, public").format(schema))
            connection.execute(filling)
        connection.execute(sql.SQL("ANALYZE {}.{}").format(schema, sql.Identifier(table)))
    return table


@pytest.mark.newest
def test_a_page_in_any_order_reads_few_rows(kind: str, acting: Acting) -> None:
    model, orders, records = KINDS[kind]
    with acting("owner") as owner:
        for name, order in orders.items():
            middle = db.session.execute(
                select(order.column, model.id).where(order.column.is_not(None)).order_by(order.column, model.id)
                .offset(MANY // 2).limit(1)
            ).one()  # fmt: skip
            places: list[tuple[Any, ...] | None] = [None, tuple(middle)]
            if order.nullable:
                places.append((None, BEFORE_ALL if not order.descending else AFTER_ALL))
            for after in places:
                wanted = {"sort": name, "after": after, "limit": SHOWN}
                read, statement = rows_touched(lambda wanted=wanted: records(owner, **wanted))
                assert read <= MOST, (name, after, read, statement)
                found = records(owner, **wanted)
                assert len(found.rows) == SHOWN
                assert [getattr(found.rows[-1], column) for column in CURSOR] == list(found.after)
