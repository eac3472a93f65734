"""Pages: one deal: open it, look at it, change it, recycle it. Moving and closing are next door."""

from __future__ import annotations

from uuid import UUID

from flask import render_template, url_for
from flask.typing import ResponseReturnValue

from saas_crm.core.errors import AlreadyExists
from saas_crm.core.i18n import gettext as _
from saas_crm.edge.current import current_member
from saas_crm.edge.declared import requires
from saas_crm.opportunities import actions, queries
from tenants.context import current_tenant
from web.activities.story import story_of
from web.forms import form_id, form_version, saved, saved_before, shown_again, wants_part
from web.opportunities import forms, moving, shown
from web.opportunities.bp import bp

__all__ = ["bp", "moving"]


@bp.get("/deals/new")
@requires("opportunity:create")
def new() -> str:
    """Show the empty form."""
    return forms.new_form()


@bp.post("/deals")
@requires("opportunity:create")
@shown_again(forms.new_form, lists=forms.LISTS)
def create() -> ResponseReturnValue:
    """Open a deal; the same form sent twice leads to the same deal."""
    member, deal_id, currency = current_member(), form_id(), current_tenant().currency
    here = url_for("opportunities.show", opportunity_id=deal_id)
    try:
        actions.open_opportunity(forms.submitted(member), actor=member, currency=currency, opportunity_id=deal_id)
    except AlreadyExists:
        return saved_before(here)
    return saved(here, _("Deal added."))


@bp.get("/deals/<uuid:opportunity_id>")
@requires("opportunity:read")
def show(opportunity_id: UUID) -> str:
    """Show one deal: where it stands, with whom, what is next and what has happened."""
    member = current_member()
    deal = queries.get_opportunity(opportunity_id, member=member)
    story = shown.story_part(story_of("opportunity", opportunity_id, member=member))
    if wants_part("story", "timeline"):
        return render_template("activities/_story_part.html", **story)
    return render_template("opportunities/show.html", notice="", **shown.page_of(deal, member), **story)


@bp.get("/deals/<uuid:opportunity_id>/edit")
@requires("opportunity:update")
def edit(opportunity_id: UUID) -> str:
    """Show the form with what is stored."""
    return forms.edit_form(opportunity_id)


@bp.post("/deals/<uuid:opportunity_id>")
@requires("opportunity:update")
@shown_again(forms.edit_form, conflict=forms.conflict_form, lists=forms.LISTS)
def update(opportunity_id: UUID) -> ResponseReturnValue:
    """Save a deal."""
    member = current_member()
    deal = queries.get_opportunity(opportunity_id, member=member)
    data = forms.submitted(member)
    forms.check_owner_given(data)
    actions.update_opportunity(deal, data, actor=member, version=form_version())
    return saved(url_for("opportunities.show", opportunity_id=opportunity_id), _("Saved."))


@bp.post("/deals/<uuid:opportunity_id>/recycle")
@requires("opportunity:delete")
def recycle(opportunity_id: UUID) -> ResponseReturnValue:
    """Put a deal into the recycle bin."""
    member = current_member()
    deal = queries.get_opportunity(opportunity_id, member=member)
    actions.recycle(deal, actor=member)
    undo = url_for("recycle_bin.restore", kind="opportunity", record_id=opportunity_id)
    return saved(url_for("board.index"), _("Moved to the recycle bin."), undo=undo)
