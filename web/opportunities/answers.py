"""What a move is answered with: the card and the heads of its columns, or the deal's page; also on a lost race."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from uuid import UUID

from flask import Response, make_response, render_template, url_for

from saas_crm.access.history import last_change
from saas_crm.access.ownership import may
from saas_crm.core.clock import today_in
from saas_crm.core.i18n import gettext as _
from saas_crm.edge.current import current_member
from saas_crm.opportunities import board, queries
from saas_crm.opportunities.models import Opportunity
from saas_crm.opportunities.pipelines import StageView, stages
from tenants.context import current_tenant
from tenants.db import db
from web.activities.story import story_of
from web.forms import is_htmx, saved, with_toast
from web.opportunities import shown
from web.opportunities.cards import card_of
from web.opportunities.columns import column_part, forecast_part
from web.opportunities.filters import asked_owner, owner_value


def moved(deal: Opportunity, touched: Iterable[StageView]) -> str:
    """Return the card of a deal where it is now, with the heads of the columns touched and the forecast."""
    member, currency = current_member(), current_tenant().currency
    owner_id = asked_owner(member)
    owner = owner_value(member, owner_id)
    heads = board.heads(
        member, list(dict.fromkeys(touched)), currency=currency, today=today_in(member.timezone), owner_id=owner_id
    )
    return render_template(
        "opportunities/_moved.html",
        card=card_of(deal, member),
        movable=may(deal, "update", member),
        columns=[column_part(column, currency, owner, member) for column in heads.columns],
        forecast=forecast_part(heads.forecast, currency, owner),
    )


def lost_race(opportunity_id: UUID, is_done: Callable[[Opportunity], bool]) -> Response:
    """Show a deal as somebody else left it, and say so.

    The same form sent twice looks like a lost race too; `is_done` knows it by the deal being where it should.
    """
    db.session.rollback()
    member = current_member()
    deal = queries.get_opportunity(opportunity_id, member=member)
    done = is_done(deal)
    if not is_htmx():
        if done:
            return saved(url_for("opportunities.show", opportunity_id=opportunity_id), _("Saved."))
        return make_response(deal_page(deal, _somebody_was_first(deal)), 409)
    body = moved(deal, stages(member, pipeline_id=deal.pipeline_id))
    response = make_response(body) if done else with_toast(body, _somebody_was_first(deal), tone="bad")
    events = json.loads(response.headers.get("HX-Trigger", "{}"))
    response.headers["HX-Trigger"] = json.dumps({**events, "close-sheet": {}})
    response.status_code = 200 if done else 409
    return response


def deal_page(deal: Opportunity, notice: str = "") -> str:
    """Return the page of a deal, with a word at its top."""
    member = current_member()
    story = shown.story_part(story_of("opportunity", deal.id, member=member))
    return render_template("opportunities/show.html", notice=notice, **shown.page_of(deal, member), **story)


def _somebody_was_first(deal: Opportunity) -> str:
    change = last_change(deal)
    if change and change.member_id == current_member().id:
        return _("You have changed “%(deal)s” in another window meanwhile. This is how it is now.", deal=deal.name)
    if change and change.who:
        return _("%(who)s has changed “%(deal)s” meanwhile. This is how it is now.", who=change.who, deal=deal.name)
    return _("Somebody has changed “%(deal)s” meanwhile. This is how it is now.", deal=deal.name)
