"""Coming into a workspace by its identity provider: there, and back with an answer."""

from __future__ import annotations

from hmac import compare_digest
from typing import Any
from urllib.parse import urlencode

from flask import Response, g, make_response, redirect, render_template, request, session
from flask.typing import ResponseReturnValue

from saas_crm.access.factors.sealing import Unreadable
from saas_crm.access.rules import PER_ADDRESS
from saas_crm.access.sso.joining import let_in_by
from saas_crm.access.sso.provider import Provider, provider, secret_of_provider
from saas_crm.access.sso.proving import Asked, IdentityRefused, identity_of, new_question, question
from saas_crm.access.sso.talking import ProviderFailed, discover
from saas_crm.access.throttle import TooManyAttempts, count, network_of, take_back, throttle_key
from saas_crm.access.workspace import offered_language
from saas_crm.core.audit import Actor, act_as
from saas_crm.core.clock import now
from saas_crm.core.errors import NotFound
from saas_crm.core.i18n import spoken
from saas_crm.edge.current import settings
from saas_crm.edge.declared import public
from saas_crm.edge.entry import note_use
from saas_crm.edge.origin import request_origin
from saas_crm.edge.security import SSO, note
from tenants.context import tenant_or_none
from tenants.db import db, tenant_scope
from tenants.runtime import runtime_directory
from web.account.blueprint import bp
from web.account.signing import begin_session, caller
from web.forms import local_path

KEPT = "sso"
LASTS = 600  # seconds for the way there and back


def callback_address() -> str:
    """Return the address the provider sends people back to; it has to be registered there."""
    return f"{settings().base_url}/{g.tenant.slug}/sso/callback"


@bp.get("/sso")
@public("workspace")
def begin_sso() -> ResponseReturnValue:
    """Send whoever wants in to the workspace's identity provider. Where it has none there is no such page.

    Who comes by a link from elsewhere is asked first: nobody is signed in by an address that somebody else chose.
    """
    found = _provider()
    if not _from_here():
        response = make_response(render_template(
            "account/sso_begin.html", workspace_name=g.tenant.name, next=local_path(request.args.get("next")),
        ))  # fmt: skip
        response.headers["Cache-Control"] = "no-store"
        return response
    asked = new_question()
    try:
        parts = discover(found.issuer)
    except ProviderFailed as failed:
        return _refused("down", str(failed))
    session[KEPT] = {
        "tenant": g.tenant.id.hex, "state": asked.state, "nonce": asked.nonce, "verifier": asked.verifier,
        "next": local_path(request.args.get("next")), "at": int(now().timestamp()),
    }  # fmt: skip
    where = question(parts, asked, client_id=found.client_id, redirect_uri=callback_address())
    response = make_response(redirect(where))
    response.headers["Cache-Control"] = "no-store"
    return response


def _from_here() -> bool:
    """Whether a page of ours led here: by what the browser says of itself, which no page from elsewhere can change."""
    told = request.headers.get("Sec-Fetch-Site")
    if told is not None:
        return told == "same-origin"
    return (request.referrer or "").startswith(request.host_url)


@bp.get("/sso/callback")
@public("workspace")
def end_sso() -> ResponseReturnValue:
    """Take the provider's answer, and let its person in: into this workspace alone."""
    found, kept = _provider(), _taken()
    if kept is None:
        return _refused("state", "no question of this browser")
    limit = throttle_key("sso-from", network_of(caller()))
    try:
        until = count({limit: PER_ADDRESS})
        user_id = _identified(found, kept)
    except TooManyAttempts as too_many:
        response = _refused("wait", "")
        response.status_code, response.headers["Retry-After"] = 429, str(too_many.seconds)
        return response
    except IdentityRefused as refused:
        db.session.rollback()
        return _refused("identity", refused.why)
    take_back(limit, until[limit])
    begin_session(user_id, how="sso", tenant_id=g.tenant.id)
    note_use(g.tenant.id)
    return redirect(local_path(kept["next"]) or f"{request.script_root}/", 303)


def _provider() -> Provider:
    found = provider()
    if not found.enabled:
        raise NotFound
    return found


def _taken() -> dict[str, Any] | None:
    """Return what this browser was sent away with, once, if the answer belongs to it."""
    kept = session.pop(KEPT, None)
    if not isinstance(kept, dict) or kept.get("tenant") != g.tenant.id.hex:
        return None
    fresh = 0 <= now().timestamp() - int(kept.get("at", 0)) <= LASTS
    told = request.args.get("state", "").encode()
    return kept if fresh and compare_digest(str(kept["state"]).encode(), told) else None


def _identified(found: Provider, kept: dict[str, Any]) -> Any:
    if request.args.get("iss", found.issuer) != found.issuer:
        raise IdentityRefused("the answer is another provider's")  # RFC 9207
    code = request.args.get("code", "")
    if "error" in request.args or not code:
        raise IdentityRefused(f"the provider said {request.args.get('error', 'nothing')[:60]}")
    asked = Asked(kept["state"], kept["nonce"], kept["verifier"])
    try:
        client = (found.client_id, secret_of_provider())
        parts = discover(found.issuer)
    except (ProviderFailed, Unreadable) as failed:
        raise IdentityRefused(str(failed)) from None
    identity = identity_of(parts, asked, code, client=client, redirect_uri=callback_address())
    act_as(db.session(), Actor(None, "sso", g.request_id, request_origin()))
    return let_in_by(identity, tenant=g.tenant, locale=offered_language(spoken()))


def _refused(kind: str, why: str) -> Response:
    """Tell the person what happened; the details are in the log, for those who set it up."""
    note(SSO, kind=kind, why=why)
    response = make_response(render_template("account/sso_refused.html", kind=kind), 403)
    response.headers["Cache-Control"] = "no-store"
    return response


def way_in(after: str) -> str:
    """Return the address of single sign-on of the workspace that a path is in, "" where there is none."""
    slug = after.partition("?")[0].split("/")[1] if after.startswith("/") else ""
    tenant = runtime_directory().by_slug(slug) if slug and tenant_or_none() is None else None
    if tenant is None or not tenant.is_open:
        return ""
    with tenant_scope(tenant):
        enabled = provider().enabled
    return f"/{slug}/sso?{urlencode({'next': after})}" if enabled else ""
