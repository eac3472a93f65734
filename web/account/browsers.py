"""Where am I signed in: the person's browsers and devices, and signing them out."""

from __future__ import annotations

from uuid import UUID

from flask import abort, render_template
from flask.typing import ResponseReturnValue

from saas_crm.access.own_devices import devices_of, end_device, sign_out_elsewhere
from saas_crm.access.sessions import end_session, open_sessions
from saas_crm.core.i18n import gettext as _
from saas_crm.edge.current import signed_in_user
from saas_crm.edge.declared import signed_in
from saas_crm.edge.devices import device_of
from saas_crm.edge.origin import request_origin
from web.account.blueprint import bp
from web.forms import saved

PAGE = "/profile/browsers"


@bp.get("/profile/browsers")
@signed_in
def show_browsers() -> str:
    """List the browsers the person is signed in with, this one first, and the devices in all their workspaces."""
    user = signed_in_user()
    found = sorted(open_sessions(user.id), key=lambda one: one.id != user.session_id)
    rows = [{"session": one, "device": device_of(one.user_agent), "here": one.id == user.session_id} for one in found]
    return render_template("account/browsers.html", rows=rows, devices=devices_of(user.id))


@bp.post("/profile/browsers/<uuid:session_id>/end")
@signed_in
def end_browser(session_id: UUID) -> ResponseReturnValue:
    """Sign one browser out."""
    if not end_session(signed_in_user().id, session_id, origin=request_origin()):
        abort(404)
    return saved(PAGE, _("That browser is signed out."))


@bp.post("/profile/devices/<slug>/<uuid:token_id>/end")
@signed_in
def end_own_device(slug: str, token_id: UUID) -> ResponseReturnValue:
    """Sign one device out of the workspace that it is signed in to."""
    if not end_device(signed_in_user().id, slug, token_id, origin=request_origin()):
        abort(404)
    return saved(PAGE, _("That device is signed out."))


@bp.post("/profile/browsers/end")
@signed_in
def end_others() -> ResponseReturnValue:
    """Sign all browsers out but this one, and all devices."""
    sign_out_elsewhere(signed_in_user(), origin=request_origin())
    return saved(PAGE, _("All other browsers and all devices are signed out."))
