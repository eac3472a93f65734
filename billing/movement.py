"""How subscriptions moved, month by month (UTC), from the changes that were written down: two statements, set-wise.

`billing_changes` is append-only, bears what a workspace has from then on, and outlives it. So the order of a
workspace's rows says all: where it stood before a month, and what each change made of that. What a row bears counts
while the workspace pays (`billing.rules.PAYING`); one that ends that is worth nothing from then on, whatever was left.
A workspace that is deleted leaves with its certificate.

Of the months before the first that is asked for only each workspace's last rows are read, by index.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime

from sqlalchemy import func, select, text

from billing.models import BillingChange
from billing.movement_rules import Cohort, Figures, Step, figures, month_after
from saas_crm.core.clock import now as present
from tenants.directory import shared_reader

_STEPS = text("""
    WITH RECURSIVE known (tenant_id) AS (
        (SELECT c.tenant_id FROM public.billing_changes c ORDER BY c.tenant_id LIMIT 1)
        UNION ALL
        SELECT (SELECT c.tenant_id FROM public.billing_changes c WHERE c.tenant_id > k.tenant_id
                ORDER BY c.tenant_id LIMIT 1)
        FROM known k WHERE k.tenant_id IS NOT NULL
    ), kinds (kind, state) AS (
        VALUES ('trial', 'trialing'), ('free', 'free'), ('started', 'active'), ('converted', 'active'),
            ('manual', 'active'), ('recovered', 'active'), ('past_due', 'past_due'), ('read_only', 'read_only'),
            ('cancelled', 'cancelled')
    ), lines AS (
        SELECT k.tenant_id, CAST(NULL AS timestamptz) AS at, CAST(NULL AS uuid) AS id, stood.state, last.plan,
            last.currency, last.seats, last.mrr,
            CASE WHEN stood.state IN ('active', 'past_due') AND last.mrr > 0 THEN true ELSE EXISTS (
                SELECT FROM public.billing_changes c
                WHERE c.tenant_id = k.tenant_id AND c.at < :start AND c.mrr > 0
                    AND c.kind IN ('started', 'converted', 'manual', 'recovered')
            ) END AS before
        FROM known k
        CROSS JOIN LATERAL (
            SELECT c.plan, c.currency, c.seats, c.mrr FROM public.billing_changes c
            WHERE c.tenant_id = k.tenant_id AND c.at < :start ORDER BY c.at DESC, c.id DESC LIMIT 1
        ) last
        CROSS JOIN LATERAL (
            SELECT s.state FROM public.billing_changes c JOIN kinds s USING (kind)
            WHERE c.tenant_id = k.tenant_id AND c.at < :start ORDER BY c.at DESC, c.id DESC LIMIT 1
        ) stood
        WHERE NOT EXISTS (
            SELECT FROM public.deletion_certificates d WHERE d.tenant_id = k.tenant_id AND d.deleted_at < :start
        )
        UNION ALL
        SELECT c.tenant_id, c.at, c.id, s.state, c.plan, c.currency, c.seats, c.mrr, false
        FROM public.billing_changes c LEFT JOIN kinds s USING (kind)
        WHERE c.at >= :start AND c.at <= :end
        UNION ALL
        SELECT d.tenant_id, d.deleted_at, d.id, 'gone', '', '', 0, 0, false
        FROM public.deletion_certificates d JOIN known k USING (tenant_id)
        WHERE d.deleted_at >= :start AND d.deleted_at <= :end
    ), parts AS (
        SELECT tenant_id, at, id, state, plan, currency, seats, mrr, before,
            count(state) OVER (PARTITION BY tenant_id ORDER BY at NULLS FIRST, id) AS part
        FROM lines
    ), told AS (
        SELECT tenant_id, at, id, plan, currency, seats, mrr, before,
            first_value(state) OVER (PARTITION BY tenant_id, part ORDER BY at NULLS FIRST, id) AS state
        FROM parts
    ), counted AS (
        SELECT tenant_id, at, id, before, state, CASE state WHEN 'free' THEN 'free' ELSE plan END AS plan, currency,
            CASE WHEN state IN ('active', 'past_due') THEN seats ELSE 0 END AS seats,
            CASE WHEN state IN ('active', 'past_due') THEN mrr ELSE 0 END AS mrr
        FROM told
    ), steps AS (
        SELECT to_char(timezone('UTC', at), 'YYYY-MM-01') AS month, plan, currency, state, seats, mrr,
            lag(plan, 1, '') OVER w AS was_plan, lag(currency, 1, '') OVER w AS was_currency,
            lag(state, 1, '') OVER w AS was_state, lag(seats, 1, 0) OVER w AS was_seats,
            lag(mrr, 1, CAST(0 AS bigint)) OVER w AS was_mrr,
            coalesce(bool_or(before OR mrr > 0) OVER (w ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), false)
                AS paid
        FROM counted WINDOW w AS (PARTITION BY tenant_id ORDER BY at NULLS FIRST, id)
    )
    SELECT month, was_state, was_plan, was_currency, state, plan, currency,
        CASE WHEN month IS NULL OR (was_mrr = mrr AND (mrr = 0 OR was_currency = currency)) THEN ''
            WHEN was_mrr = 0 AND paid THEN 'reactivation' WHEN was_mrr = 0 THEN 'new' WHEN mrr = 0 THEN 'churn'
            WHEN was_currency <> currency THEN 'moved' WHEN mrr > was_mrr THEN 'expansion'
            ELSE 'contraction' END AS how,
        CAST(sign(seats - was_seats) AS integer) AS grew, count(*), sum(was_mrr), sum(mrr), sum(was_seats), sum(seats)
    FROM steps
    WHERE month IS NULL OR (was_state, was_plan, was_currency, was_seats, was_mrr)
        IS DISTINCT FROM (state, plan, currency, seats, mrr)
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9
""")
_COHORTS = text("""
    SELECT to_char(timezone('UTC', began.at), 'YYYY-MM-01') AS month, count(*), count(paid.at),
        count(*) FILTER (WHERE paid.at IS NULL AND s.tenant_id IS NOT NULL)
    FROM (
        SELECT c.tenant_id, min(c.at) AS at FROM public.billing_changes c
        WHERE c.kind = 'trial' AND c.at >= :start AND c.at <= :end GROUP BY c.tenant_id
    ) began
    LEFT JOIN LATERAL (
        SELECT c.at FROM public.billing_changes c
        WHERE c.tenant_id = began.tenant_id AND c.at >= began.at AND c.kind IN ('converted', 'started', 'manual')
        ORDER BY c.at LIMIT 1
    ) paid ON true
    LEFT JOIN public.subscriptions s ON s.tenant_id = began.tenant_id AND s.state = 'trialing'
    GROUP BY 1 ORDER BY 1
""")


def of_months(start: date, now: datetime | None = None) -> list[Figures]:
    """Return the figures of each month from the one that begins at `start` to the present one, oldest first.

    One for each plan and currency of which there is something to tell; one statement, however many months.
    """
    end = now or present()
    with shared_reader() as connection:
        rows = connection.execute(_STEPS, {"start": _moment(start), "end": end}).all()
    steps = [Step(_month(row[0]), *row[1:9], *(int(value) for value in row[9:])) for row in rows]
    return list(figures(steps, start, end.astimezone(UTC).date().replace(day=1)))


def of_trials(start: date, now: datetime | None = None) -> list[Cohort]:
    """Return what became of the trials that began in each of these months, oldest first; months without are left out.

    As the field reckons it, who paid since counts for the month of the sign-up, whenever that was (ChartMogul,
    "Trial-to-Paid Conversion Rate", https://help.chartmogul.com/hc/en-us/articles/115000865205): a past month's share
    may still grow.
    """
    with shared_reader() as connection:
        rows = connection.execute(_COHORTS, {"start": _moment(start), "end": now or present()}).all()
    return [Cohort(date.fromisoformat(row[0]), int(row[1]), int(row[2]), int(row[3])) for row in rows]


def first_month() -> date | None:
    """Return the month in which the first change was written down, None before any."""
    with shared_reader() as connection:
        found: datetime | None = connection.scalar(select(func.min(BillingChange.at)))
    return found.astimezone(UTC).date().replace(day=1) if found else None


def months_back(count: int, now: datetime | None = None) -> date:
    """Return the first day of the month with which so many months begin that end with the present one (UTC)."""
    today = (now or present()).astimezone(UTC).date()
    months = today.year * 12 + today.month - count
    return date(months // 12, months % 12 + 1, 1)


def months_between(start: date, end: date) -> Iterator[date]:
    """Yield the months from one to another, by their first days."""
    month = start
    while month <= end:
        yield month
        month = month_after(month)


def _moment(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _month(text_: str | None) -> date | None:
    return date.fromisoformat(text_) if text_ else None
