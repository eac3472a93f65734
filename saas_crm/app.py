"""The one composition root: rooms are wired together here and nowhere else."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, g
from flask_login import LoginManager
from flask_wtf import CSRFProtect
from htmx_flask import Htmx
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.middleware.proxy_fix import ProxyFix

import mobile_api
import web
from billing.listening import listen
from saas_crm import tables
from saas_crm.access import visibility
from saas_crm.access.founding import WorkspaceFounded
from saas_crm.access.naming import Nameable, nameable
from saas_crm.access.sessions import SignedInUser, only_in, session_user
from saas_crm.access.sharing import forget_shares
from saas_crm.activities import actions as activities
from saas_crm.activities.actions import ActivityHappened
from saas_crm.activities.handing_over import PLANNED
from saas_crm.activities.holding import HAPPENED
from saas_crm.activities.models import Activity
from saas_crm.core import clock, events
from saas_crm.core.numbering.registry import numbered
from saas_crm.core.recycling import Bin, RecordsPurged, recyclable
from saas_crm.customers import actions as customers
from saas_crm.customers import following
from saas_crm.customers import handing_over as customers_handed_over
from saas_crm.customers import holding as people
from saas_crm.customers.models import Company, Contact
from saas_crm.customers.renewing import COMPANIES, CONTACTS
from saas_crm.customers.renewing import NUMBERED as COMPANIES_NUMBERED
from saas_crm.edge import (
    asked,
    checks,
    compress,
    headers,
    health,
    language,
    lifecycle,
    limiting,
    loopback,
    observe,
    proof,
    security,
    seen,
    shares,
)
from saas_crm.edge.as_json import Json
from saas_crm.edge.domains import place_of
from saas_crm.edge.standing import WorkspaceUnavailable, awaits_upgrade, has_gone
from saas_crm.hand_over.registry import OwnersMoved, hands_over
from saas_crm.operators.kept_backups import after_backup
from saas_crm.opportunities import actions as opportunities
from saas_crm.opportunities import handing_over as deals_handed_over
from saas_crm.opportunities import holding as deals_held
from saas_crm.opportunities import indexing as deals_indexed
from saas_crm.opportunities import pipelines
from saas_crm.opportunities.models import Opportunity, Pipeline, Stage
from saas_crm.opportunities.renewing import DEALS
from saas_crm.opportunities.renewing import NUMBERED as DEALS_NUMBERED
from saas_crm.privacy.holding import OWN
from saas_crm.privacy.keeping import must_stay
from saas_crm.privacy.registry import finds, holds
from saas_crm.search import owners
from saas_crm.search.renewing import renewable
from saas_crm.worker import register_jobs
from saas_crm.workspaces.events import BackedUp
from tenants import db as door
from tenants.context import ActiveTenant
from tenants.directory import Directory
from tenants.middleware import DomainMiddleware, SlugMiddleware
from tenants.settings import Settings
from web import operators

__all__ = ["create_app", "tables"]
CATALOGUES = Path(web.__file__).parent / "translations"


def create_app(settings: Settings | None = None) -> Flask:
    """Build the application from the settings, or from the environment; raises pydantic's ValidationError."""
    settings = settings or Settings()
    app = lifecycle.CrmFlask(__name__, static_folder=None, template_folder=None)
    app.json = Json(app)
    _configure(app, settings)
    door.init_app(app, settings)
    app.extensions["settings"] = settings
    app.extensions["directory"] = Directory(timeout_ms=settings.database_statement_timeout_ms)
    if settings.clock_file:
        clock.run_ahead(clock.seconds_in(Path(settings.clock_file)))
    observe.configure_logs(settings)
    lifecycle.init_app(app)
    shares.init_app(app, settings)
    limiting.init_app(app, settings)
    _attach_sign_in(app)
    proof.init_app(app)
    language.init_app(app, str(CATALOGUES))
    compress.init_app(app)
    headers.init_app(app)
    observe.init_app(app)
    security.init_app(app)
    seen.init_app(app)
    app.register_blueprint(health.bp)
    asked.init_app(app)
    checks.init_app(app, settings)
    _subscribe()
    register_jobs()
    web.init_app(app, settings)
    mobile_api.init_app(app, settings)
    operators.init_app(app, settings)
    app.register_error_handler(Exception, _answer_error)
    _wrap(app, settings)
    return app


def _answer_error(error: Exception) -> Response:
    """Undo what was begun and let the face that was spoken to answer; without a database it asks it nothing."""
    if isinstance(error, OperationalError | PoolTimeout):
        g.database_failed = True
    door.db.session.rollback()
    security.notice(error)
    if awaits_upgrade(error):
        error = WorkspaceUnavailable("upgrading")
    elif has_gone(error):
        error = lifecycle.outside_of_any()
    answer = mobile_api.answer if lifecycle.is_api() else web.answer
    try:
        return answer(error)
    except (OperationalError, PoolTimeout) as gone:  # the database went while the page was made
        g.database_failed = True
        door.db.session.rollback()
        return answer(gone)


def _configure(app: Flask, settings: Settings) -> None:
    app.config.update(
        SECRET_KEY=settings.secret_key.get_secret_value(),
        SECRET_KEY_FALLBACKS=settings.secret_keys[1:] or None,
        MAX_CONTENT_LENGTH=settings.max_body_bytes,
        MAX_FORM_MEMORY_SIZE=settings.max_body_bytes,
        SESSION_COOKIE_NAME="__Host-session" if settings.secure else "session",
        SESSION_COOKIE_PATH="/",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.secure,
        SESSION_REFRESH_EACH_REQUEST=False,
        PERMANENT_SESSION_LIFETIME=timedelta(days=30),
        PREFERRED_URL_SCHEME="https" if settings.secure else "http",
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=False,
        TESTING=settings.environment == "test",
    )
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.auto_reload = settings.environment == "development"


def _attach_sign_in(app: Flask) -> None:
    login = LoginManager(app)
    login.session_protection = None  # type: ignore[assignment]
    login.user_loader(_user)
    app.extensions["csrf"] = CSRFProtect(app)
    Htmx(app)


def _user(token: str) -> SignedInUser | None:
    """Return who is behind a session's token; nobody when the database has just failed, or where it is not good."""
    place, tenant = only_in(token), place_of(g.get("tenant"))
    if g.get("database_failed") or (place is not None and (tenant is None or tenant.id != place)):
        return None
    return session_user(token)


def _subscribe() -> None:
    visibility.follows("company", Company)
    visibility.follows("contact", Contact)
    visibility.follows("opportunity", Opportunity)
    visibility.follows("activity", Activity)
    recyclable("activity", Bin(Activity, "subject", activities.restore))
    recyclable("opportunity", Bin(Opportunity, "name", opportunities.restore))
    recyclable("contact", Bin(Contact, "name", customers.restore, following.forget, must_stay))
    recyclable("company", Bin(Company, "name", customers.restore, following.forget))
    for model in (Company, Contact, Opportunity):
        nameable(model.__resource__, Nameable(model, model.name))
    nameable("activity", Nameable(Activity, Activity.subject))
    nameable("stage", Nameable(Stage, Stage.name, names=Stage.names, guarded=False))
    nameable("pipeline", Nameable(Pipeline, Pipeline.name, names=Pipeline.names, guarded=False))
    numbered("company", COMPANIES_NUMBERED)
    numbered("opportunity", DEALS_NUMBERED)
    renewable("company", COMPANIES)
    renewable("contact", CONTACTS)
    renewable("opportunity", DEALS)
    listen()
    events.subscribe(WorkspaceFounded, pipelines.furnish)
    events.subscribe(ActivityHappened, opportunities.note_activity)
    events.subscribe(OwnersMoved, owners.follow)
    events.subscribe(RecordsPurged, forget_shares)
    events.subscribe(BackedUp, after_backup)
    events.subscribe(following.CustomersGone, deals_indexed.renew_orphans)
    following.followed_by(deals_indexed.reindex_deals)
    hands_over("company", customers_handed_over.COMPANIES)
    hands_over("contact", customers_handed_over.CONTACTS)
    hands_over("opportunity", deals_handed_over.DEALS)
    hands_over("activity", PLANNED)
    finds(people.find)
    holds("opportunity", deals_held.DEALS)
    holds("activity", HAPPENED)
    holds("privacy", OWN)
    holds("contact", people.PEOPLE)


def _at_domain(app: Flask, name: str) -> ActiveTenant | None:
    with app.app_context():
        found: ActiveTenant | None = app.extensions["directory"].by_domain(name)
    return found


def _wrap(app: Flask, settings: Settings) -> None:
    # A workspace that had this address before there was a console keeps it where none is served.
    given = frozenset() if settings.operator_console else frozenset({"operator"})
    own = urlsplit(settings.base_url).hostname or ""
    wsgi: Any = DomainMiddleware(app.wsgi_app, SlugMiddleware(app.wsgi_app, given), own, partial(_at_domain, app))
    if loopback.is_of_demo(settings.environment, settings.base_url):
        wsgi = loopback.OneName(wsgi, settings.base_url)
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        wsgi = ProxyFix(wsgi, x_for=hops, x_proto=hops, x_host=hops)
    app.wsgi_app = wsgi  # type: ignore[method-assign]
