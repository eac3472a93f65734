"""The first minutes of a workspace: something to look at, colleagues, own customers, in any order or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import g, render_template, request, url_for
from flask.typing import ResponseReturnValue

from saas_crm.core.i18n import gettext as _
from saas_crm.core.i18n import ngettext
from saas_crm.demo.samples import has_sample_data, load_sample_data, remove_sample_data
from saas_crm.edge.current import current_member, settings, signed_in_user
from saas_crm.edge.declared import requires
from saas_crm.edge.proof import proven
from web.account.blueprint import bp
from web.billing.seat_asking import SeatsNeeded, seats_page
from web.forms import saved, shown_again
from web.settings.inviting import invite_from_form, role_choices


def setup_page(values: Mapping[str, Any] | None = None, errors: Mapping[str, str] | None = None) -> str:
    """Show the guided set-up, with an invitation that was refused."""
    member = current_member()
    return render_template(
        "account/setup.html", address=f"{request.host_url.rstrip('/')}{request.script_root}/",
        has_sample=has_sample_data(g.tenant), may_invite=member.can("member:create"),
        verified=signed_in_user().email_verified, email=signed_in_user().email, shows_mail=settings().shows_mail,
        roles=role_choices(member), values=values or {}, errors=errors or {},
    )  # fmt: skip


@bp.get("/setup")
@requires("workspace:update")
def show_setup() -> str:
    """Lead a new workspace's owner through its first steps."""
    return setup_page()


@bp.post("/setup/invitations")
@requires("member:create")
@proven
@shown_again(setup_page)
def invite_from_setup() -> ResponseReturnValue:
    """Invite a colleague and stay here, where the next one can be invited."""
    try:
        email = invite_from_form()
    except SeatsNeeded as needed:
        here = url_for("account.invite_from_setup")
        return seats_page(needed.needed, action=here, back_url=url_for("account.show_setup"))
    return saved(url_for("account.show_setup"), _("%(email)s is invited.", email=email))


@bp.post("/setup/sample-data")
@requires("workspace:update")
def load_sample() -> ResponseReturnValue:
    """Fill the workspace with invented customers, to look around in."""
    load_sample_data(actor=current_member(), tenant=g.tenant)
    undo = url_for("account.remove_sample")
    return saved(url_for("today.index"), _("The sample data is loaded."), undo=undo)


@bp.post("/setup/sample-data/removal")
@requires("workspace:update")
def remove_sample() -> ResponseReturnValue:
    """Take the invented customers away again; what people made themselves stays."""
    done = remove_sample_data(actor=current_member(), tenant=g.tenant)
    if not done.kept:
        return saved(url_for("today.index"), _("The sample data is removed."))
    kept = ngettext(
        "The sample data is removed. %(num)s record stays, because something of yours hangs on it.",
        "The sample data is removed. %(num)s records stay, because something of yours hangs on them.",
        done.kept,
    )
    return saved(url_for("today.index"), kept)
