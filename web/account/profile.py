"""My profile: name, language, time zone, and whether the address is confirmed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from saas_crm.access.profile import spread_at_once, update_profile
from saas_crm.access.recovery import ask_for_verification
from saas_crm.access.schemas import ProfileWrite
from saas_crm.access.throttle import TooManyAttempts
from saas_crm.core.forms import from_form
from saas_crm.core.i18n import LANGUAGES, in_language, spoken
from saas_crm.core.i18n import gettext as _
from saas_crm.core.places import timezones, zone_names
from saas_crm.edge.current import settings, signed_in_user
from saas_crm.edge.declared import signed_in
from saas_crm.edge.input import input_context
from web.account.blueprint import bp
from web.account.sign_in import wait_message
from web.account.signing import caller, home_of
from web.context import photo_url
from web.cookies import remember_language
from web.forms import came_from, saved, shown_again


def profile_page(values: Mapping[str, Any] | None = None, errors: Mapping[str, str] | None = None) -> str:
    """Show the profile, with what was typed if that was refused."""
    user = signed_in_user()
    stored = {"name": user.name, "locale": user.locale, "timezone": user.timezone}
    return render_template(
        "account/profile.html", user=user, home=home_of(user.id), values=values or stored, errors=errors or {},
        photo=photo_url(user.id, user.photo_digest), locales=list(LANGUAGES.items()),
        zones=zone_names(tuple(sorted(timezones() | {user.timezone})), spoken()),
        shows_mail=settings().shows_mail,
    )  # fmt: skip


@bp.get("/profile")
@signed_in
def profile() -> str:
    """Show the reader their own profile."""
    return profile_page()


@bp.post("/profile")
@signed_in
@shown_again(profile_page)
def save_profile() -> ResponseReturnValue:
    """Save name, language and time zone, for all workspaces of the person."""
    data = from_form(ProfileWrite, request.form, input_context(form=True))
    user = signed_in_user()
    update_profile(user.id, data)
    spread_at_once(user.id)
    with in_language(data.locale):
        return remember_language(saved("/profile", _("Saved.")), data.locale)


@bp.post("/profile/verification")
@signed_in
def send_verification() -> ResponseReturnValue:
    """Mail the link that confirms the person's address once more."""
    user = signed_in_user()
    if user.email_verified:
        return redirect("/profile", 303)
    try:
        ask_for_verification(user, settings().base_url, caller())
    except TooManyAttempts as too_many:
        flash(wait_message(too_many.seconds), "error")
        return redirect(came_from("/profile"), 303)
    flash(_("We have sent a new link to %(email)s.", email=user.email), "success")
    return redirect(came_from("/profile"), 303)
