"""A restored workspace has a plan where plans are sold: a new one begins, one that is put back keeps what it had."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

from flask import Flask

from saas_crm.workspaces.restoring import restore_as, restore_in_place
from saas_crm.workspaces.saving import save
from tests.billing.company import Company, Shop
from tests.billing.ending import archive_of
from tests.support.cast import Cast
from tests.support.command import Call, call
from tests.support.installation import Installation

__all__ = ["call"]


def test_a_copy_of_one_that_had_its_trial_is_on_free(
    shop: Shop, acme: Company, installation: Installation, tmp_path: Path
) -> None:
    place = installation.place
    restore_as(place.owner_url, place.runtime_url, archive_of(shop, "acme", tmp_path), "copy")
    copy = shop.company("copy", trial=False)
    assert (copy.row.state, copy.row.source, copy.plan["key"]) == ("free", "none", "free")
    assert copy.movements == []
    shop.turn()
    assert copy.row.state == "free"
    assert (acme.row.state, acme.plan["key"]) == ("trialing", "business")


def test_one_that_comes_from_elsewhere_begins_its_trial(shop: Shop, installation: Installation, tmp_path: Path) -> None:
    """Acme itself is older than billing here: nobody of it had a trial."""
    place = installation.place
    restore_as(place.owner_url, place.runtime_url, archive_of(shop, "acme", tmp_path), "copy")
    copy = shop.company("copy", trial=False)
    assert (copy.row.state, copy.plan["key"], copy.movements) == ("trialing", "business", ["trial"])
    assert copy.row.trial_ends_at is not None
    assert 13 <= (copy.row.trial_ends_at - shop.now).days <= 14


def test_who_deletes_a_workspace_and_brings_it_back_had_the_trial(
    shop: Shop, acme: Company, cast: Cast, installation: Installation, tmp_path: Path
) -> None:
    """The figures outlive it; they name no people, but the workspace that the archive was written of."""
    with installation.place.owner() as connection:
        connection.execute("DELETE FROM public.subscriptions")
        connection.execute(
            "INSERT INTO public.billing_changes (id, tenant_id, kind, plan) VALUES (%s, %s, 'trial', 'business')",
            [uuid4(), acme.id],
        )
    place = installation.place
    restore_as(place.owner_url, place.runtime_url, archive_of(shop, "acme", tmp_path), "copy")
    assert shop.company("copy", trial=False).row.state == "free"


def test_one_that_is_put_back_in_its_place_keeps_its_plan(
    shop: Shop, acme: Company, installation: Installation, tmp_path: Path
) -> None:
    acme.subscribe("business", "year")
    before, plan, place = acme.row, acme.plan, installation.place
    archive = archive_of(shop, "acme", tmp_path)
    restore_in_place(place.owner_url, place.runtime_url, archive, "acme", pause=lambda _: None)
    assert (acme.row, acme.plan) == (before, plan)
    assert shop.reconcile().mended == {}


def test_without_billing_it_has_no_limits(app: Flask, installation: Installation, tmp_path: Path) -> None:
    place, path = installation.place, tmp_path / "acme.zip"
    save(installation.settings.database_url, "acme", path)
    with app.app_context():
        restore_as(place.owner_url, place.runtime_url, path, "copy")
    with place.owner() as connection:
        assert connection.execute("SELECT count(*) FROM public.subscriptions").fetchone() == (0,)
        assert connection.execute("SELECT plan FROM public.tenants WHERE slug = 'copy'").fetchone() == (None,)


def test_the_command_gives_it_one_as_well(call: Call, shop: Shop, installation: Installation, tmp_path: Path) -> None:
    path = archive_of(shop, "acme", tmp_path)
    settings = shop.settings
    assert settings.stripe_secret_key is not None
    done = call("tenants", "restore", str(path), "--as", "copy",
                STRIPE_SECRET_KEY=settings.stripe_secret_key.get_secret_value(),
                STRIPE_API_BASE=settings.stripe_api_base, STRIPE_WEBHOOK_SECRET="whsec_double")  # fmt: skip
    assert done.exit_code == 0, done.output
    assert shop.company("copy", trial=False).row.state == "trialing"
