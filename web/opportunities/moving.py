"""Pages: moving a deal from stage to stage, closing it and opening it again, from the board or its own page."""

from __future__ import annotations

import json
from uuid import UUID

from flask import Response, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm.exc import StaleDataError

from saas_crm.access.ownership import check_may
from saas_crm.core.errors import InvalidInput, NotFound, VersionConflict
from saas_crm.core.forms import from_form
from saas_crm.core.i18n import gettext as _
from saas_crm.core.i18n import sentences
from saas_crm.edge.current import current_member
from saas_crm.edge.declared import requires
from saas_crm.edge.input import input_context
from saas_crm.opportunities import actions, closing, queries
from saas_crm.opportunities.models import Opportunity
from saas_crm.opportunities.pipelines import get_stage, view_of
from saas_crm.opportunities.schemas import Closure, StageMove
from tenants.db import db
from web.forms import came_from, form_version, is_htmx, saved, with_toast
from web.lists import asked_choice
from web.opportunities.answers import deal_page, lost_race, moved
from web.opportunities.bp import bp
from web.opportunities.words import reasons

OUTCOMES = ("won", "lost")


@bp.post("/deals/<uuid:opportunity_id>/stage")
@requires("opportunity:update")
def move(opportunity_id: UUID) -> ResponseReturnValue:
    """Move a deal to another stage; into won or lost leads to the form that closes it."""
    member = current_member()
    deal = queries.get_opportunity(opportunity_id, member=member)
    former = view_of(deal.stage, member)
    try:
        wanted = from_form(StageMove, request.form, input_context(form=True))
        actions.move_to_stage(deal, wanted, actor=member, version=form_version())
    except InvalidInput as invalid:
        db.session.rollback()
        return _closing_instead(opportunity_id) or _refused(opportunity_id, invalid)
    except (VersionConflict, StaleDataError):
        return lost_race(opportunity_id, lambda now_is: now_is.stage_id == wanted.stage_id)
    stage = view_of(deal.stage, member)
    if is_htmx():
        return make_response(moved(deal, (former, stage)))
    return saved(_page_of(opportunity_id), _("Moved to %(stage)s.", stage=stage.name))


@bp.get("/deals/<uuid:opportunity_id>/closure")
@requires("opportunity:update")
def closure(opportunity_id: UUID) -> str:
    """Show the form that closes a deal: why it was won or lost."""
    member = current_member()
    deal = queries.get_opportunity(opportunity_id, member=member)
    check_may(deal, "update", member)
    outcome = asked_choice("outcome", OUTCOMES, "won")
    stored = {"reason": deal.close_reason, "note": deal.close_note} if deal.status == outcome else {}
    return _closure_form(deal, outcome, {**stored, "version": deal.version, "next": request.args.get("next", "")})


@bp.post("/deals/<uuid:opportunity_id>/closure")
@requires("opportunity:update")
def close(opportunity_id: UUID) -> ResponseReturnValue:
    """Win or lose a deal."""
    member = current_member()
    deal = queries.get_opportunity(opportunity_id, member=member)
    former = view_of(deal.stage, member)
    try:
        wanted = from_form(Closure, request.form, input_context(form=True))
        closing.close(deal, wanted, actor=member, version=form_version())
    except InvalidInput as invalid:
        return _closure_again(opportunity_id, invalid), 422
    except (VersionConflict, StaleDataError):
        return lost_race(opportunity_id, lambda now_is: now_is.status == wanted.outcome)
    said = _("Won. Well done!") if wanted.outcome == "won" else _("Closed as lost.")
    if not is_htmx():
        return saved(came_from(_page_of(opportunity_id)), said)
    response = with_toast(moved(deal, (former, view_of(deal.stage, member))), said)
    return _and_close_sheet(response)


@bp.delete("/deals/<uuid:opportunity_id>/closure")
@requires("opportunity:update")
def reopen(opportunity_id: UUID) -> ResponseReturnValue:
    """Open a closed deal again, where it was before."""
    member = current_member()
    deal = closing.reopen(queries.get_opportunity(opportunity_id, member=member), actor=member)
    stage = view_of(deal.stage, member)
    return saved(_page_of(opportunity_id), _("Open again, in %(stage)s.", stage=stage.name))


def _page_of(opportunity_id: UUID) -> str:
    return url_for("opportunities.show", opportunity_id=opportunity_id)


def _closing_instead(opportunity_id: UUID) -> Response | None:
    """Lead to the form that closes a deal, if that is what the chosen stage means."""
    try:
        stage = get_stage(UUID(request.form.get("stage_id", "")), member=current_member())
    except (ValueError, NotFound):
        return None
    if stage.kind not in OUTCOMES:
        return None
    return _go(url_for("opportunities.closure", opportunity_id=opportunity_id, outcome=stage.kind))


def _go(to: str) -> Response:
    if not is_htmx():
        return make_response(redirect(to, 303))
    response = make_response("", 204)
    response.headers["HX-Redirect"] = to
    return response


def _refused(opportunity_id: UUID, invalid: InvalidInput) -> ResponseReturnValue:
    """Say why a deal stays where it is."""
    said = sentences(*invalid.errors.values())
    if is_htmx():
        return with_toast("", said, tone="bad"), 422
    deal = queries.get_opportunity(opportunity_id, member=current_member())
    return deal_page(deal, said), 422


def _closure_again(opportunity_id: UUID, invalid: InvalidInput) -> str:
    db.session.rollback()
    deal = queries.get_opportunity(opportunity_id, member=current_member())
    outcome = request.form.get("outcome", "")
    outcome = outcome if outcome in OUTCOMES else "won"
    return _closure_form(deal, outcome, dict(request.form), invalid.errors)


def _closure_form(
    deal: Opportunity, outcome: str, values: dict[str, object], errors: dict[str, str] | None = None
) -> str:
    part = is_htmx() and request.method == "POST"
    return render_template(
        "opportunities/_closure.html" if part else "opportunities/closure.html", deal=deal, outcome=outcome,
        reasons=reasons(outcome), values=values, errors=errors or {}, owner=request.values.get("owner", ""),
        closure_url=url_for("opportunities.close", opportunity_id=deal.id), deal_url=_page_of(deal.id),
        from_board=request.values.get("from") == "board",
    )  # fmt: skip


def _and_close_sheet(response: Response) -> Response:
    events = json.loads(response.headers["HX-Trigger"])
    response.headers["HX-Trigger"] = json.dumps({**events, "close-sheet": {}})
    return response
