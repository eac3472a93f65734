"""HTML for people: routes, forms, templates, styles and scripts."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from flask import Flask
from jinja2 import FileSystemLoader

from tenants.settings import Settings
from web import attributes, context, faces, formatting, options, written
from web.assets import Assets
from web.billing import short_way
from web.face import answer

__all__ = ["answer", "init_app"]

HERE = Path(__file__).parent
PAGES = (
    "web.public.routes",
    "web.account.routes",
    "web.today.routes",
    "web.customers.companies",
    "web.customers.contacts",
    "web.customers.pickers",
    "web.activities.routes",
    "web.opportunities.board",
    "web.opportunities.routes",
    "web.search.routes",
    "web.sharing.routes",
    "web.recycle_bin.routes",
    "web.hand_over.routes",
    "web.settings.members_routes",
    "web.settings.teams_routes",
    "web.settings.roles",
    "web.settings.record_access",
    "web.settings.viewing",
    "web.settings.sharing",
    "web.settings.security_routes",
    "web.settings.pipelines",
    "web.settings.workspace",
    "web.settings.address",
    "web.settings.domain",
    "web.settings.appearance",
    "web.settings.numbering",
    "web.billing.routes",
    "web.billing.pricing",
    "web.settings.archives",
    "web.settings.deletion",
    "web.settings.tokens",
    "web.settings.audit",
    "web.privacy.routes",
    "web.exports.routes",
)
FURTHER = (
    "web.customers.history",
    "web.opportunities.history",
    "web.activities.history",
    "web.settings.history",
    "web.settings.role_deletion",
)
"""Modules that add to pages of others: to their blueprints, before these are registered."""
FOR_MACHINES = ("web.billing.webhook",)
"""Addresses that no form is sent to: who asks is known otherwise."""
ONLY_WHERE_MAIL_IS_SHOWN = ("web.dev.mail",)


def init_app(app: Flask, settings: Settings) -> None:
    """Attach the pages to the application. Removing a line here removes a feature's pages."""
    app.jinja_loader = FileSystemLoader(HERE / "templates")
    assets = Assets(HERE, reload=settings.environment == "development")
    assets.init_app(app)
    short_way.init_app(app)
    attributes.init_app(app)
    faces.init_app(app)
    formatting.init_app(app)
    context.init_app(app)
    written.init_app(app)
    options.init_app(app)
    pages = PAGES + (ONLY_WHERE_MAIL_IS_SHOWN if settings.shows_mail else ())
    for module in FURTHER:
        import_module(module)
    for page in pages:
        app.register_blueprint(import_module(page).bp)
    for machine in FOR_MACHINES:
        bp = import_module(machine).bp
        app.register_blueprint(bp)
        app.extensions["csrf"].exempt(bp)
    if settings.environment != "production":
        app.register_blueprint(import_module("web.styleguide.routes").bp)
