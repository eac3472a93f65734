"""A release serves, and leaves alone, an installation whose shared tables do not know the rules of searching yet."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask

from saas_crm.core.jobs import registry
from saas_crm.worker import execute
from tenants.migrate import upgrade_shared
from tenants.provisioning import make_spares
from tests.support.cast import found_another
from tests.support.clients import browser_of
from tests.support.installation import Place

SINCE = (
    "authenticator_apps", "recovery_codes", "pending_sign_ins", "sign_ins", "known_browsers", "passkeys",
    "spent_challenges", "suspensions", "tenant_deletions", "deletion_certificates", "archives", "archive_pieces",
    "former_slugs", "operator_visits", "operator_sessions", "operators", "operator_acts", "operator_work",
    "operator_uploads", "operator_upload_pieces",
    "tenant_figures", "installation_figures", "tenant_domains", "email_changes",
    "subscriptions", "stripe_events", "stripe_prices", "billing_changes", "billing_identity",
)  # fmt: skip
"""Shared tables that came after revision 0003."""


def test_before_the_shared_tables_are_brought_up_nothing_is_renewed(
    empty_place: Place, app_on: Callable[[Place], Flask]
) -> None:
    make_spares(empty_place.owner_url, empty_place.runtime_url, wanted=1)
    with empty_place.owner() as connection:
        connection.execute(
            "ALTER TABLE public.tenants DROP COLUMN search_rules, DROP COLUMN search_renewing_at,"
            " DROP COLUMN former_of, DROP COLUMN plan"
        )
        for table in SINCE:
            connection.execute(f"DROP TABLE public.{table} CASCADE")
        connection.execute("DROP INDEX jobs.jobs_in_turn")
        connection.execute("DROP FUNCTION public.refuse_former_slug() CASCADE")
        connection.execute("DROP FUNCTION public.refuse_former_email() CASCADE")
        connection.execute("DROP FUNCTION public.defer_operator_work(uuid), public.failed_jobs_of(uuid)")
        connection.execute("UPDATE public.shared_version SET revision = '0002'")
    assert make_spares(empty_place.owner_url, empty_place.runtime_url, wanted=2) == 0, "none until `db upgrade`"
    app = app_on(empty_place)
    _tenant, owner = found_another(app, "first")
    assert browser_of(app, owner).get("/first/companies").status_code == 200
    jobs = "SELECT count(*) FROM jobs.procrastinate_jobs WHERE task_name = 'search.renew'"
    with empty_place.owner() as connection:
        execute(app, registry["search.find_outdated"], {"timestamp": 0})
        assert connection.execute(jobs).fetchone() == (0,)
        upgrade_shared(empty_place.owner_url, empty_place.runtime_url)
        execute(app, registry["search.find_outdated"], {"timestamp": 0})
        assert connection.execute(jobs).fetchone() == (1,)
