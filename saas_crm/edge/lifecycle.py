"""The life of a request: find the tenant, find the member, check the declaration, answer, commit once."""

from __future__ import annotations

import re
import time
from functools import cached_property
from typing import Any, NoReturn

from flask import Flask, abort, current_app, g, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from saas_crm.access.permissions import CurrentMember
from saas_crm.access.queries import ended_membership, member_of_token, member_of_user
from saas_crm.access.role_rules import OWNER
from saas_crm.core.audit import act_as
from saas_crm.core.errors import Forbidden
from saas_crm.core.i18n import new_reader, no_reader
from saas_crm.edge.bearer import bearer, sent_token
from saas_crm.edge.current import NotSignedIn, directory, signed_in_user
from saas_crm.edge.declared import Declared, declared_for
from saas_crm.edge.domains import check_domain, domain_tenant
from saas_crm.edge.entry import check_browser, check_token
from saas_crm.edge.moved import lead_on
from saas_crm.edge.operators import operators_gate, visited
from saas_crm.edge.origin import request_actor
from saas_crm.edge.plain_http import refuse_plain_http
from saas_crm.edge.standing import WorkspaceUnavailable, check_seat, check_standing
from saas_crm.edge.templating import TemplateEnvironment
from saas_crm.edge.viewing import OnlyLooking, eyes_of, refuse_changes, viewing
from tenants.context import ActiveTenant, _current
from tenants.db import db, new_id
from tenants.middleware import SLUG_KEY
from tenants.veils import OPEN, reading_under
from tenants.versions import serves

API_PREFIX = "/api/"
TURNED_AWAY = "crm.turned_away"
"""In a request's environ where too many wait already: it is told so before anything is looked up."""
_REQUEST_ID = re.compile(r"[A-Za-z0-9_.-]{8,64}")


class MembershipEnded(Exception):
    """The person was let into this workspace once; `status` is "frozen" or "removed"."""

    def __init__(self, status: str) -> None:
        super().__init__(status)
        self.status = status


class CrmFlask(Flask):
    """Flask with one commit at the edge, inside the part whose errors have handlers."""

    jinja_environment = TemplateEnvironment

    @cached_property
    def twin_rules(self) -> dict[tuple[str, str], list[Any]]:
        """The rules that share a path and a method: one outside, one inside workspaces, as `/` does."""
        found: dict[tuple[str, str], list[Any]] = {}
        for rule in self.url_map.iter_rules():
            for method in rule.methods or ():
                found.setdefault((rule.rule, method), []).append(rule)
        return {key: rules for key, rules in found.items() if len(rules) > 1}

    def dispatch_request(self) -> Any:
        """Answer, then commit if the answer is good; a lost race at commit gets its own page.

        Who looks as another member leaves nothing behind, whatever a page may have noted, and takes no file along.
        """
        response = self.make_response(super().dispatch_request())
        if viewing() is not None and "Content-Disposition" in response.headers:
            raise OnlyLooking
        if response.status_code < 400 and viewing() is None:
            db.session.commit()
        else:
            db.session.rollback()
        return response


def is_api() -> bool:
    """Whether the request speaks to the JSON API, also where no route matched."""
    return request.path.startswith(API_PREFIX)


def init_app(app: Flask) -> None:
    """Attach the life of a request to the application."""
    app.before_request(_open)
    app.teardown_request(_close)


def _open() -> ResponseReturnValue | None:
    g.started = time.perf_counter()
    g.statements = 0
    new_reader()
    given = request.headers.get("X-Request-ID", "")
    g.request_id = given if _REQUEST_ID.fullmatch(given) else new_id().hex
    db.session.remove()
    reading_under(OPEN)
    g.tenant = None
    if is_api():
        refuse_plain_http()
    if request.environ.get(TURNED_AWAY):
        raise WorkspaceUnavailable("busy")
    g.tenant = _find_tenant()
    g.tenant_token = _current.set(g.tenant)
    if request.routing_exception is not None:
        raise request.routing_exception
    _take_twin()
    declared = _declaration()
    if not check_domain(declared, _app_view(request.endpoint or "")):
        g.tenant = None
        _current.set(None)
    return _check(declared)


def _find_tenant() -> ActiveTenant | None:
    at_home = domain_tenant()
    if at_home is not None:
        return at_home
    slug = request.environ.get(SLUG_KEY)
    if slug is None:
        return None
    tenant = directory().by_slug(slug)
    if tenant is None:
        lead_on(slug, token=(sent_token() or "") if is_api() else None)
    return tenant


def _take_twin() -> None:
    """Where two pages share a path, take the one that lives where the request is: the router cannot know."""
    rule = request.url_rule
    if rule is None:
        return
    app: Any = current_app
    for twin in app.twin_rules.get((rule.rule, request.method), ()):
        declared = declared_for(app.view_functions[twin.endpoint])
        if declared is not None and _lives_here(declared):
            request.url_rule = twin
            return


def _lives_here(declared: Declared) -> bool:
    return declared.place == "anywhere" or (declared.place == "workspace") == (g.tenant is not None)


def _declaration() -> Declared:
    view = request.endpoint and _app_view(request.endpoint)
    declared = declared_for(view)
    if declared is None:
        abort(403)
    return declared


def _app_view(endpoint: str) -> Any:
    return current_app.view_functions[endpoint]


def _check(declared: Declared) -> ResponseReturnValue | None:
    tenant: ActiveTenant | None = g.tenant
    if not _lives_here(declared):
        raise NotFound
    if tenant is not None and not serves("tenant", tenant.schema_version):
        raise WorkspaceUnavailable("upgrading")
    if declared.kind in ("operator", "operator-door"):
        return operators_gate()(declared.kind)
    if declared.kind == "signed-in":
        signed_in_user()
    if declared.kind in ("member", "permission", "owner"):
        _find_member(declared.permission)
    if tenant is not None:
        # Only now: it is told to nobody who is no member.
        view = _app_view(request.endpoint or "")
        check_standing(tenant, g.get("member"), view, page=not is_api())
        check_seat(g.get("member"), view, page=not is_api())
    if declared.permission is not None:
        g.member.require(declared.permission)
    if declared.kind == "owner" and g.member.role_key != OWNER:
        raise Forbidden(OWNER)
    return None


def look_again() -> ResponseReturnValue | None:
    """Ask anew whether this request may be answered, and by whom it is asked: some seconds have passed."""
    return _check(_declaration())


def _find_member(permission: str | None) -> None:
    """Find the member by bearer token (API) or by session (pages); a stranger's workspace does not exist."""
    if is_api():
        found = member_of_token(bearer())
        if found is None:
            raise NotSignedIn
        g.member, token = found
        g.token_id, g.token_used_at, g.token = token.id, token.last_used_at or token.created_at, token
        check_token(g.member, token)
    else:
        g.member = visited() or _reader()
    reading_under(g.member.fields)
    if not is_api():
        refuse_changes(permission)
    through = "api" if is_api() else "web"
    who = themselves(g.member)
    act_as(db.session(), request_actor(who.id, through, as_whom=g.member.id if who is not g.member else None))


def _reader() -> CurrentMember:
    reader = member_of_user(signed_in_user().id)
    if reader is None:
        _tell_former_member()
    check_browser(reader, signed_in_user())
    return see_through(reader)


def see_through(reader: CurrentMember) -> CurrentMember:
    """Return the member whose pages the reader gets; the end of looking as another one is kept at once."""
    seen = eyes_of(reader)
    if g.pop("viewing_ended", False):
        db.session.commit()
    return seen


def themselves(member: CurrentMember) -> CurrentMember:
    """Return who really reads."""
    present = viewing()
    return present.reader if present else member


def _tell_former_member() -> NoReturn:
    """Somebody who was let in once is told what happened; for everybody else the workspace does not exist."""
    status = ended_membership(signed_in_user().id)
    if status is None:
        raise NotFound
    raise MembershipEnded(status)


def outside_of_any() -> NotFound:
    """Go on as if the request had named no workspace; returns what it is answered then."""
    g.tenant = None
    _current.set(None)
    return NotFound()


def _close(_error: BaseException | None) -> None:
    db.session.remove()
    reading_under(OPEN)
    no_reader()
    token = g.pop("tenant_token", None)
    if token is not None:
        _current.reset(token)
