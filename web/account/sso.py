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
from saas_crm.access.sso.proving import LEEWAY, Asked, Identity, IdentityRefused, identity_of, new_question, question
from saas_crm.access.sso.talking import Discovered, ProviderFailed, discover
from saas_crm.access.throttle import TooManyAttempts, count, network_of, take_back, throttle_key
from saas_crm.access.workspace import offered_language
from saas_crm.core.audit import Actor, act_as
from saas_crm.core.clock import now
from saas_crm.core.errors import NotFound
from saas_crm.core.i18n import spoken
from saas_crm.edge.current import settings
from saas_crm.edge.declared import lets_sign_in, public
from saas_crm.edge.domains import domain_tenant, here, workspace_address
from saas_crm.edge.entry import note_use
from saas_crm.edge.origin import request_origin
from saas_crm.edge.security import SSO, note
from tenants.address import slug_address
from tenants.context import tenant_or_none
from tenants.db import db, tenant_scope
from tenants.one_at_a_time import let_go
from tenants.runtime import runtime_directory
from tenants.slugs import is_slug
from tenants.versions import serves
from web.account.blueprint import bp
from web.account.signing import begin_session, caller
from web.forms import local_path

KEPT = "sso"
CALLBACK = "/sso/callback"
PROOF = "proof"
"""Says in the address that the provider is to ask who it is, also where it knows the browser."""
LASTS = 600  # seconds for the way there and back


def callback_address() -> str:
    """Return the address the provider sends people back to, where they are; it has to be registered there."""
    return f"{here()}{CALLBACK}"


def callback_addresses() -> list[str]:
    """Return the addresses to be registered: the workspace's, and its own domain's where it has one."""
    both = (slug_address(g.tenant, settings().base_url), workspace_address())
    return [f"{address}{CALLBACK}" for address in dict.fromkeys(both)]


@bp.get("/sso")
@public("workspace")
@lets_sign_in
def begin_sso() -> ResponseReturnValue:
    """Send whoever wants in to the workspace's identity provider. Where it has none there is no such page.

    Who comes by a link from elsewhere is asked first: nobody is signed in by an address that somebody else chose.
    """
    found = _provider()
    if not _from_here():
        response = make_response(render_template(
            "account/sso_begin.html", workspace_name=g.tenant.name, next=local_path(request.args.get("next")) or None,
            proof=request.args.get(PROOF),
        ))  # fmt: skip
        response.headers["Cache-Control"] = "no-store"
        return response
    asked = new_question()
    try:
        parts = _parts_of(found)
    except ProviderFailed as failed:
        return _refused("down", str(failed))
    except TooManyAttempts as too_many:
        return _wait(too_many)
    session[KEPT] = {
        "tenant": g.tenant.id.hex, "state": asked.state, "nonce": asked.nonce, "verifier": asked.verifier,
        "next": local_path(request.args.get("next")), "at": int(now().timestamp()), "proof": PROOF in request.args,
    }  # fmt: skip
    where = question(
        parts, asked, client_id=found.client_id, redirect_uri=callback_address(), again=PROOF in request.args
    )  # fmt: skip
    response = make_response(redirect(where))
    response.headers["Cache-Control"] = "no-store"
    return response


def _from_here() -> bool:
    """Whether a page of ours led here: by what the browser says of itself, which no page from elsewhere can change."""
    told = request.headers.get("Sec-Fetch-Site")
    if told is not None:
        return told == "same-origin"
    return (request.referrer or "").startswith(request.host_url)


def _parts_of(found: Provider) -> Discovered:
    """Ask where the provider's parts are; no connection to the database waits for its answer."""
    limit = throttle_key("sso-to", network_of(caller()))
    db.session.rollback()
    until = count({limit: PER_ADDRESS})
    parts = discover(found.issuer)
    take_back(limit, until[limit])
    return parts


@bp.get(CALLBACK)
@public("workspace")
@lets_sign_in
def end_sso() -> ResponseReturnValue:
    """Take the provider's answer, and let its person in: into this workspace alone."""
    found, kept = _provider(), _taken()
    if kept is None:
        return _refused("state", "no question of this browser")
    limit = throttle_key("sso-from", network_of(caller()))
    try:
        until = count({limit: PER_ADDRESS})
        identity = _identified(found, kept)
        just_now = _asked_just_now(identity)
        if kept.get("proof") and not just_now:
            raise IdentityRefused("it did not ask again, or does not say so (auth_time)", kind="proof")
        act_as(db.session(), Actor(None, "sso", g.request_id, request_origin()))
        user_id = let_in_by(identity, tenant=g.tenant, locale=offered_language(spoken()))
    except TooManyAttempts as too_many:
        db.session.rollback()
        return _wait(too_many)
    except IdentityRefused as refused:
        db.session.rollback()
        return _refused(refused.kind, refused.why)
    let_go(keep=True)
    take_back(limit, until[limit])
    begin_session(user_id, how="sso", tenant_id=g.tenant.id, proof=just_now)
    note_use(g.tenant.id)
    return redirect(local_path(kept["next"]) or f"{request.script_root}/", 303)


def _provider() -> Provider:
    found = provider()
    let_go()  # what is shown then asks who is signed in, and that is told by the shared tables
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


def _identified(found: Provider, kept: dict[str, Any]) -> Identity:
    if request.args.get("iss", found.issuer) != found.issuer:
        raise IdentityRefused("the answer is another provider's")  # RFC 9207
    code = request.args.get("code", "")
    if "error" in request.args or not code:
        raise IdentityRefused(f"the provider said {request.args.get('error', 'nothing')[:60]}")
    asked = Asked(kept["state"], kept["nonce"], kept["verifier"])
    try:
        client = (found.client_id, secret_of_provider())
        db.session.rollback()  # no connection waits for what the provider answers
        parts = discover(found.issuer)
    except (ProviderFailed, Unreadable) as failed:
        raise IdentityRefused(str(failed)) from None
    return identity_of(parts, asked, code, client=client, redirect_uri=callback_address())


def _asked_just_now(identity: Identity) -> bool:
    """Whether the provider says that it asked the person themselves, and not only knew their browser."""
    return identity.asked_at is not None and -LEEWAY <= now().timestamp() - identity.asked_at <= LASTS + LEEWAY


def _wait(too_many: TooManyAttempts) -> Response:
    response = _refused("wait", "")
    response.status_code, response.headers["Retry-After"] = 429, str(too_many.seconds)
    return response


def _refused(kind: str, why: str) -> Response:
    """Tell the person what happened; the details are in the log, for those who set it up."""
    note(SSO, kind=kind, why=why)
    response = make_response(render_template("account/sso_refused.html", kind=kind), 403)
    response.headers["Cache-Control"] = "no-store"
    return response


def way_in(after: str) -> str:
    """Return the address of single sign-on of the workspace that a path is in, "" where there is none.

    It tells no more than the workspace's own page of single sign-on, which everybody may open who has to come in by it.
    Paths that are no workspace's, as of the profile, cost nothing.
    """
    at_home = domain_tenant()
    slug = "" if at_home else after.partition("?")[0].split("/")[1] if after.startswith("/") else ""
    slug = slug if is_slug(slug) else ""
    known = runtime_directory()
    there = (known.by_slug(slug) or known.by_former_slug(slug)) if slug and tenant_or_none() is None else None
    tenant = at_home or there
    if tenant is None or tenant.access(owner=True) == "closed" or not serves("tenant", tenant.schema_version):
        return ""
    with tenant_scope(tenant):
        enabled = provider().enabled
    way = "/sso" if at_home else f"/{tenant.slug}/sso"
    return f"{way}?{urlencode({'next': after})}" if enabled else ""
