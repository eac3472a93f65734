"""Every request at a desk: at the door before anything is known of it, and against its workspace's share from then on.

Strangers count against no workspace: a share is taken only when it is known who asks.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask import Flask, current_app, g, request
from flask.typing import ResponseReturnValue

from saas_crm.edge.desks import Desks, Visit
from saas_crm.edge.lifecycle import TURNED_AWAY, is_api, look_again
from saas_crm.edge.standing import WorkspaceUnavailable
from tenants.db import db
from tenants.middleware import HEALTH, SLUG_KEY
from tenants.settings import Settings

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

BUSY_SECONDS = 2
"""After which who was turned away may try again."""
PACE = 2
"""What a workspace's programs may send before they give way to others' pages, beside what one token may on average."""
_VISIT = "crm.visit"


class AtDesks:
    """Answers as many requests at a time as there are desks; the others wait at the door, or are turned away."""

    def __init__(self, app: Flask) -> None:
        """Wrap what an application answers with so far."""
        self.app: WSGIApplication = app.wsgi_app
        self.held = app.extensions

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request; what asks whether the process is alive is told so however busy it is."""
        if SLUG_KEY not in environ and environ.get("PATH_INFO") in HEALTH:
            return self.app(environ, start_response)
        desks: Desks = self.held["desks"]
        visit = environ[_VISIT] = desks.come_in()
        if visit is None:
            environ[TURNED_AWAY] = True
            return self.app(environ, start_response)
        try:
            return self.app(environ, start_response)
        finally:
            desks.leave(visit)


def init_app(app: Flask, settings: Settings) -> None:
    """Put up the desks of this process, and take a share of them once it is known who asks; behind `lifecycle`."""
    pace = PACE * settings.api_requests_per_minute / 60 / settings.web_workers
    app.extensions["desks"] = Desks(settings.web_threads, settings.workspace_threads, pace=pace)
    app.wsgi_app = AtDesks(app)  # type: ignore[method-assign]
    app.before_request(_take)


def _take() -> ResponseReturnValue | None:
    """Wait for the workspace's turn, without a connection; raises WorkspaceUnavailable where that is in vain.

    Who had to wait is looked at anew: meanwhile the member may have been locked out, or the workspace closed.
    """
    visit: Visit | None = request.environ.get(_VISIT)
    if g.tenant is None or visit is None or "member" not in g:  # a stranger counts against nobody
        return None
    desks: Desks = current_app.extensions["desks"]
    page, one_by_one = not is_api(), not request.environ.get("wsgi.multithread")
    if desks.take(visit, g.tenant.id, page=page, one_by_one=one_by_one):
        return None
    db.session.rollback()
    if not desks.wait(visit, g.tenant.id, page=page):
        raise WorkspaceUnavailable("busy")
    return look_again()
