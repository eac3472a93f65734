"""Looking into a workspace by its consent: asked for in the console, begun by a ticket, ended by hand or by itself."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from saas_crm.access.models import Member
from saas_crm.access.permissions import CurrentMember
from saas_crm.access.photos import photo_of
from saas_crm.access.queries import member_by_id
from saas_crm.core.errors import NotFound
from saas_crm.core.i18n import gettext as _
from saas_crm.edge.current import settings
from saas_crm.edge.declared import members_only, operators_inside, operators_only, while_read_only
from saas_crm.edge.domains import workspace_address
from saas_crm.edge.operators import KEPT
from saas_crm.edge.origin import request_origin
from saas_crm.edge.viewing import OnlyLooking, Viewing
from saas_crm.operators.consents import in_force
from saas_crm.operators.offers import offered, take
from saas_crm.operators.registry import speaker
from saas_crm.operators.visits import NotAllowed, Visit, ask_in, begin, end, note_refusal, visit_of
from tenants.context import ActiveTenant
from tenants.db import AnyRow, db, tenant_scope
from tenants.one_at_a_time import let_go
from tenants.runtime import runtime_directory
from web.lists import asked_id
from web.operators.blueprint import bp as console
from web.operators.frame import frame
from web.operators.gate import cookie, current_operator, from_here
from web.operators.proof import proven
from web.operators.workspaces import known

bp = Blueprint("support", __name__)
OWN_PAGES = frozenset({"settings_tokens", "viewing", "account"})
"""Parts of a workspace that are a person's own, and none of an operator's business."""


@console.post("/workspaces/<slug>/visit")
@operators_only
@proven
def ask_visit(slug: str) -> ResponseReturnValue:
    """Look into a workspace as one of its members, where it allows that now."""
    found = known(slug)
    member_id = asked_id("member_id", request.form)
    back = url_for("operators.show", slug=slug)
    if member_id is None:
        flash(_("Choose as whom you look in."), "error")
        return redirect(back, 303)
    try:
        ticket = ask_in(current_operator(), speaker(found), member_id, origin=request_origin())
    except NotAllowed as refused:
        flash(_why_not(refused), "error")
        return redirect(back, 303)
    return redirect(f"/{slug}/support/{ticket}", 303)


@console.get("/visits/<token>")
@operators_only
def show_offer(token: str) -> str:
    """Tell what a link that a command printed leads to; asking changes nothing, so that nothing uses it up."""
    tenant, found = _offered(token)
    with tenant_scope(tenant):
        try:
            name = member_by_id(found.member_id).name
        except NotFound:
            name = ""
    return render_template(
        "operators/offer.html", tenant=tenant, name=name, token=token, **frame("workspaces")
    )  # fmt: skip


@console.post("/visits/<token>")
@operators_only
@proven
def take_offer(token: str) -> ResponseReturnValue:
    """Look in by such a link, with password and code as from the workspace's page."""
    tenant, _found = _offered(token)
    try:
        if not take(current_operator(), token, tenant, origin=request_origin()):
            raise NotFound
    except NotAllowed as refused:
        flash(_why_not(refused), "error")
        return redirect(url_for("operators.show", slug=tenant.slug), 303)
    return redirect(f"/{tenant.slug}/support/{token}", 303)


def _offered(token: str) -> tuple[ActiveTenant, AnyRow]:
    """Return where a link leads; raises NotFound for one that is used, over, or another operator's."""
    found = offered(current_operator(), token[:100])
    tenant = runtime_directory().by_id(found.tenant_id) if found is not None else None
    if found is None or tenant is None:
        raise NotFound
    return tenant, found


def _why_not(refused: NotAllowed) -> str:
    if refused.why == "consent":
        return _("The workspace does not allow it. Ask one of its administrators.")
    return _("This member is not active any more.")


@bp.get("/support/<ticket>")
@operators_inside
def enter(ticket: str) -> ResponseReturnValue:
    """Use a ticket up and begin to look; one that is used, over, another's or for elsewhere is not there."""
    log_url = f"{workspace_address()}/settings/support"
    try:
        visit = begin(current_operator(), g.tenant, ticket, origin=request_origin(),
                      database_url=settings().database_url, log_url=log_url)  # fmt: skip
    except NotAllowed:
        raise NotFound from None
    session[KEPT] = {"tenant": str(g.tenant.id), "visit": str(visit.id)}
    return redirect(url_for("today.index"), 303)


@bp.post("/support/end")
@members_only
@while_read_only
def leave() -> ResponseReturnValue:
    """Stop looking in; to everybody else nothing happens."""
    visit: Visit | None = g.get("visit")
    if visit is None:
        return redirect(url_for("today.index"), 303)
    _end(visit.id, "left")
    session.pop(KEPT, None)
    return redirect(f"/operator/workspaces/{g.tenant.slug}", 303)


def find(visit_id: str) -> CurrentMember | None:
    """Return whom the operator of this browser looks as, as they are now; None where that is over.

    So it is for an address from which there is no console, whatever cookies came from there.
    """
    try:
        key = UUID(visit_id)
    except ValueError:
        return None
    if not from_here():
        return None
    visit = visit_of(key, request.cookies.get(cookie(), "")[:100])
    if visit is None:
        _end(key, "time")
        return None
    consent = in_force()
    try:
        seen = member_by_id(visit.member_id) if consent is not None else None
    except NotFound:
        seen = None
    if seen is None:
        _end(key, "rights" if consent is not None else "consent")
        return None
    g.visit, g.viewing = visit, Viewing(seen, visit.until, visit.operator)
    if request.blueprint in OWN_PAGES:
        g.member = seen
        raise OnlyLooking
    return seen


def photo(tenant_id: str, visit_id: str, user_id: UUID, digest: str) -> bytes | None:
    """Return the photo of a member of the workspace that is visited; None where nobody visits it, or there is none."""
    visit = visit_of(UUID(visit_id), request.cookies.get(cookie(), "")[:100]) if from_here() else None
    tenant = runtime_directory().by_id(UUID(tenant_id))
    if visit is None or tenant is None:
        return None
    with tenant_scope(tenant):
        theirs = select(Member.id).where(Member.user_id == user_id, Member.photo_digest == digest)
        if in_force() is None or db.session.scalar(theirs) is None:
            return None
    return photo_of(user_id, digest)


def _end(visit_id: UUID, why: str) -> None:
    let_go()
    end(visit_id, g.tenant, why, origin=request_origin(), database_url=settings().database_url)


def refused() -> None:
    """Note that the operator tried more than looking."""
    visit: Visit | None = g.get("visit")
    if visit is not None:
        note_refusal(visit, g.tenant, f"{request.method} {request.path}"[:200], origin=request_origin(),
                     database_url=settings().database_url)  # fmt: skip
