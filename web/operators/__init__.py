"""The console of those who run the installation, at /operator: attached where the setting OPERATOR_CONSOLE says so."""

from __future__ import annotations

from importlib import import_module

from flask import Flask

from saas_crm.edge.operators import OPERATORS_GATE, VISITS, Visits
from saas_crm.operators import jobs
from tenants.settings import Settings
from web.operators import looking_in
from web.operators.blueprint import bp
from web.operators.gate import gate

PAGES = (
    "sign_in", "set_up", "workspaces", "standing", "asking", "plans", "work", "backups", "uploads", "uploads_over",
    "deleting", "capacity", "billing", "events", "acts", "consent",
)  # fmt: skip
__all__ = ["init_app", "jobs"]


def init_app(app: Flask, settings: Settings) -> None:
    """Attach the console's pages and its gate; its jobs are known in any case, since the worker needs no console."""
    if not settings.operator_console:
        return
    for page in PAGES:
        import_module(f"web.operators.{page}")
    app.extensions[OPERATORS_GATE] = gate
    app.extensions[VISITS] = Visits(looking_in.find, looking_in.refused, looking_in.photo)
    app.register_blueprint(bp)
    app.register_blueprint(looking_in.bp)
