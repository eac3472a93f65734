"""Let operators sign in to a console of their own, ask the worker for what takes the owner's rights, and be held to account (2026-11-22)."""

from datetime import datetime

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

# Only the login itself may ask: a tenant's role has no right to call it, and the worker takes the work from the row,
# which no tenant's role can write either. Whoever deferred such a job by `defer_job` would repeat what was asked for.
ASK = """
CREATE FUNCTION public.defer_operator_work(work uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = jobs, pg_catalog, pg_temp
AS $body$
BEGIN
    IF EXISTS (SELECT FROM public.tenants t WHERE t.role_name = current_setting('role')) THEN
        RAISE EXCEPTION 'no workspace asks for the work of operators' USING ERRCODE = 'insufficient_privilege';
    END IF;
    PERFORM procrastinate_defer_jobs_v1(ARRAY[ROW(
        'default', 'operators.work', 0, NULL, NULL, jsonb_build_object('tenant_id', NULL, 'work_id', work), NULL
    )::procrastinate_job_to_defer_v1]);
END
$body$
"""
FAILED = """
CREATE FUNCTION public.failed_jobs_of(place uuid)
RETURNS TABLE (id bigint, task text, attempts integer, failed_at timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = jobs, pg_catalog, pg_temp
AS $body$
BEGIN
    IF EXISTS (SELECT FROM public.tenants t WHERE t.role_name = current_setting('role')) THEN
        RAISE EXCEPTION 'no workspace looks at the jobs of all' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN QUERY SELECT j.id, j.task_name::text, j.attempts,
        (SELECT max(e.at) FROM procrastinate_events e WHERE e.job_id = j.id)
        FROM procrastinate_jobs j WHERE j.status = 'failed' AND j.args ->> 'tenant_id' = place::text
        ORDER BY j.id DESC LIMIT 50;
END
$body$
"""


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "operators",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=True),
        sa.Column("secret", sa.LargeBinary(), nullable=True),
        sa.Column("last_step", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("codes", sa.ARRAY(sa.LargeBinary()), server_default="{}", nullable=False),
        sa.Column("link_hash", sa.LargeBinary(), nullable=True),
        sa.Column("link_until", sa.DateTime(timezone=True), nullable=True),
        _at("created_at"),
        sa.Column("enrolled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operators")),
        sa.UniqueConstraint("email", name=op.f("uq_operators_email")),
        schema="public",
    )
    op.create_table(
        "operator_sessions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("operator_id", sa.Uuid(), nullable=False),
        sa.Column("pending", sa.Boolean(), nullable=False),
        _at("created_at"),
        _at("seen_at"),
        sa.Column("proven_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("address", sa.String(), server_default="", nullable=False),
        sa.Column("browser", sa.String(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["operator_id"], ["public.operators.id"], name=op.f("fk_operator_sessions_operator_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operator_sessions")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_operator_sessions_token_hash")),
        schema="public",
    )
    op.create_index(
        "ix_operator_sessions_operator_id", "operator_sessions", ["operator_id"], unique=False, schema="public"
    )
    _acts()
    _work()
    _visits()
    op.execute("GRANT SELECT ON public.operators TO __runtime_login__")
    op.execute(
        "GRANT UPDATE (password_hash, secret, last_step, codes, link_hash, link_until, enrolled_at)"
        " ON public.operators TO __runtime_login__"
    )
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON public.operator_sessions TO __runtime_login__")
    op.execute("GRANT SELECT, INSERT ON public.operator_acts, public.operator_work TO __runtime_login__")
    op.execute("GRANT SELECT, INSERT, UPDATE ON public.operator_visits TO __runtime_login__")
    for function, body in (("defer_operator_work(uuid)", ASK), ("failed_jobs_of(uuid)", FAILED)):
        op.execute(sa.text(body.replace(":", "\\:")))
        op.execute(f"REVOKE ALL ON FUNCTION public.{function} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION public.{function} TO __runtime_login__")


def _acts() -> None:
    op.create_table(
        "operator_acts",
        sa.Column("id", sa.Uuid(), nullable=False),
        _at("at"),
        sa.Column("operator_id", sa.Uuid(), nullable=True),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("act", sa.String(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=True),
        sa.Column("slug", sa.String(), nullable=True),
        sa.Column("origin", sa.dialects.postgresql.JSONB(), nullable=False),
        sa.Column("details", sa.dialects.postgresql.JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operator_acts")),
        schema="public",
    )
    op.create_index("ix_operator_acts_tenant_id", "operator_acts", ["tenant_id", "id"], unique=False, schema="public")


def _work() -> None:
    op.create_table(
        "operator_work",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=True),
        sa.Column("asked", sa.dialects.postgresql.JSONB(), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=True),
        _at("asked_at"),
        sa.Column("state", sa.String(), server_default="queued", nullable=False),
        sa.Column("done", sa.Integer(), server_default="0", nullable=False),
        sa.Column("total", sa.Integer(), nullable=True),
        sa.Column("failures", sa.dialects.postgresql.JSONB(), server_default="[]", nullable=False),
        sa.Column("error", sa.String(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('queued', 'running', 'done', 'failed')", name=op.f("ck_operator_work_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operator_work")),
        schema="public",
    )


def _visits() -> None:
    op.create_table(
        "operator_visits",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("operator_id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("consent_id", sa.Uuid(), nullable=False),
        sa.Column("ticket_hash", sa.LargeBinary(), nullable=False),
        _at("asked_at"),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("why", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["operator_id"], ["public.operators.id"], name=op.f("fk_operator_visits_operator_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["public.tenants.id"], name=op.f("fk_operator_visits_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operator_visits")),
        sa.UniqueConstraint("ticket_hash", name=op.f("uq_operator_visits_ticket_hash")),
        schema="public",
    )
    op.create_index("ix_operator_visits_tenant_id", "operator_visits", ["tenant_id"], unique=False, schema="public")


def _at(name: str) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False)
