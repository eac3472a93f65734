"""Billing switched on, and plans put on workspaces, without asking anybody."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from flask import Flask
from psycopg.types.json import Jsonb
from pydantic import SecretStr

from tenants.plan import Plan
from tests.support.installation import Place


@contextmanager
def selling(app: Flask, **changes: Any) -> Iterator[Flask]:
    """Let an application take money, by a key that opens nothing."""
    former = app.extensions["settings"]
    told = {"stripe_secret_key": SecretStr("sk_test_none"), **changes}
    app.extensions["settings"] = former.model_copy(update=told)
    try:
        yield app
    finally:
        app.extensions["settings"] = former


def give_plan(
    app: Flask, place: Place, slug: str, limits: Mapping[str, int] | None = None, features: tuple[str, ...] = (),
    key: str = "small", state: str = "active",
) -> None:  # fmt: skip
    """Put a plan on a workspace, as `billing.entitlements` writes it."""
    told = Plan(key, limits or {}, frozenset(features), state).as_json()
    with place.owner() as connection:
        connection.execute("UPDATE public.tenants SET plan = %s WHERE slug = %s", [Jsonb(told), slug])
    app.extensions["directory"].forget()


def take_plan(app: Flask, place: Place, slug: str) -> None:
    """Let a workspace do everything again."""
    with place.owner() as connection:
        connection.execute("UPDATE public.tenants SET plan = NULL WHERE slug = %s", [slug])
    app.extensions["directory"].forget()
