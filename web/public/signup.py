"""Signing a company up, and what helps while the form is filled in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from saas_crm.access.schemas import NewWorkspace, SignUp
from saas_crm.access.sessions import workspaces_of
from saas_crm.access.signing_up import add_workspace, sign_up, slug_is_taken_message, slug_taken
from saas_crm.access.throttle import TooManyAttempts
from saas_crm.core.errors import InvalidInput
from saas_crm.core.fields import clean_line
from saas_crm.core.forms import from_form
from saas_crm.core.i18n import LANGUAGES, spoken
from saas_crm.core.i18n import gettext as _
from saas_crm.core.places import country_names, currency_names
from saas_crm.edge.current import directory, settings, user_or_none
from saas_crm.edge.declared import public
from saas_crm.edge.input import input_context
from tenants.context import ActiveTenant
from tenants.provisioning import NoSpareReady
from tenants.slugs import MAX_LENGTH, check_slug, suggest_slug
from web.account.sign_in import wait_message
from web.account.signing import begin_session, caller
from web.billing.beginning import beginning
from web.forms import typed
from web.public import place
from web.public.blueprint import bp

ORDER = ("company", "slug", "name", "email", "password", "locale", "country", "currency", "timezone")


def signup_form(values: Mapping[str, Any], errors: Mapping[str, str], *, notice: str = "") -> str:
    """Show the form, with what was typed and what is wrong with it."""
    shown, user = place.followed({"locale": spoken(), **values}), user_or_none()
    return render_template(
        "public/signup.html", values=shown, errors={name: errors[name] for name in ("", *ORDER) if name in errors},
        locales=list(LANGUAGES.items()), countries=country_names(spoken()), currencies=currency_names(spoken()),
        zones=place.zones_for(shown), user=user, notice=notice,
        there=[found for found in workspaces_of(user.id) if found.status == "active"][:3] if user else [],
        free=_free_instead(str(shown.get("slug", "")).strip().lower(), str(shown.get("company", ""))),
        beginning=beginning(str(shown.get("plan", ""))),
    )  # fmt: skip


@bp.get("/signup")
@public("outside")
def show_signup() -> str:
    """Ask what is needed for a workspace, and no more."""
    return signup_form({"plan": request.args.get("plan", "")}, {})


@bp.post("/signup")
@public("outside")
def signup() -> ResponseReturnValue:
    """Found the workspace, sign the person in and lead them to its first page."""
    try:
        tenant = _found()
    except InvalidInput as wrong:
        return signup_form(typed(), wrong.errors), 422
    except TooManyAttempts as too_many:
        return _later(signup_form(typed(), {"": wait_message(too_many.seconds)}), 429, too_many.seconds)
    except NoSpareReady:
        notice = _("Many companies are signing up; we are making room. Press the button again in a moment.")
        return _later(signup_form(typed(), {}, notice=notice), 503, 5)
    return redirect(f"/{tenant.slug}/setup", 303)


def _found() -> ActiveTenant:
    form = place.followed(typed())
    user = user_or_none()
    context = input_context(form=True)
    registry, base_url = directory(), settings().base_url
    if user is not None:
        data = _checked(NewWorkspace, form, context)
        return add_workspace(data, user_id=user.id, directory=registry, base_url=base_url, address=caller())
    signing_up = _checked(SignUp, form, context)
    tenant, user_id = sign_up(signing_up, directory=registry, base_url=base_url, address=caller())
    begin_session(user_id)
    return tenant


def _checked(schema: Any, form: Mapping[str, Any], context: Any) -> Any:
    """Check the form and, so that everything wrong is told at once, whether the address is free."""
    errors: dict[str, str] = {}
    data = None
    try:
        data = from_form(schema, form, context)
    except InvalidInput as wrong:
        errors = wrong.errors
    slug = str(clean_line(str(form.get("slug", "")))).lower()  # as the schema reads it
    if "slug" not in errors and slug_taken(slug):
        errors["slug"] = slug_is_taken_message()
    if errors:
        raise InvalidInput(errors)
    return data


def _later(body: str, status: int, seconds: int) -> Response:
    response = make_response(body, status)
    response.headers["Retry-After"] = str(seconds)
    return response


@bp.get("/signup/slug")
@public("outside")
def slug_state() -> str:
    """Say, while the address is typed, whether it can be had."""
    slug = request.args.get("slug", "").strip().lower()[: MAX_LENGTH + 1]
    problem = _problem(slug) if slug else ""
    return render_template("public/_slug_state.html", slug=slug, problem=problem, free=_free_instead(slug))


@bp.get("/signup/slug/suggestion")
@public("outside")
def slug_suggestion() -> str:
    """Suggest an address while the company's name is typed; one that was typed by hand stays.

    `take` is a free one offered instead of another, which the reader takes.
    """
    company = request.args.get("company", "").strip()[:200]
    slug, suggested = request.args.get("slug", "").strip(), request.args.get("suggested", "")
    if taken := request.args.get("take", "").strip()[:MAX_LENGTH]:
        slug = suggested = taken
    elif slug in ("", suggested):
        slug = suggested = suggest_slug(company, slug_taken) if company else ""
    values = {"slug": slug, "suggested": suggested}
    return render_template("public/_slug.html", values=values, errors={}, problem=_problem(slug) if slug else "")


def _free_instead(slug: str, company: str = "") -> str:
    """Return a free address where somebody has this one, "" where nobody has."""
    if not slug or check_slug(slug) is not None or not slug_taken(slug):
        return ""
    return suggest_slug(slug.rstrip("0123456789").rstrip("-") or company, slug_taken)


def _problem(slug: str) -> str:
    found = check_slug(slug)
    if found is not None:
        return _(found.message)
    return slug_is_taken_message() if slug_taken(slug) else ""


@bp.get("/signup/place")
@public("outside")
def follow_country() -> str:
    """Choose currency and time zone anew after another country was chosen."""
    values = place.followed({name: request.args.get(name, "") for name in place.FIELDS})
    return render_template(
        "public/_place.html", values=values, errors={}, currencies=currency_names(spoken()),
        zones=place.zones_for(values),
    )  # fmt: skip
