"""Pages: the stages of the sales process: their order, names per language, chances; taking one out of use."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from saas_crm.core.errors import InvalidInput
from saas_crm.core.forms import from_form
from saas_crm.core.i18n import gettext as _
from saas_crm.core.i18n import sentences, spoken
from saas_crm.edge.current import current_member
from saas_crm.edge.declared import requires
from saas_crm.edge.input import input_context
from saas_crm.opportunities import pipelines
from saas_crm.opportunities.archiving import archive_stage
from saas_crm.opportunities.rules import name_in
from tenants.db import db
from web.conflicts import conflict_page
from web.forms import form_version, is_htmx, saved, shown_again, with_toast
from web.merging import Merged
from web.settings.stage_forms import (
    NameForm,
    StageForm,
    ids_in_order,
    name_labels,
    name_values,
    other_languages,
    pipeline_write,
    stage_labels,
    stage_values,
    stage_write,
)

bp = Blueprint("settings_pipelines", __name__, url_prefix="/settings/pipelines")


def stages_page(errors: dict[str, str] | None = None, values: dict[str, Any] | None = None, **_path: Any) -> str:
    """Return the page of all stages, or the list alone when htmx reorders it."""
    member = current_member()
    pipeline = pipelines.pipelines(member)[0]
    found = pipelines.stages(member, pipeline_id=pipeline.id, archived=True)
    part = is_htmx() and request.method == "POST"
    return render_template(
        "settings/_stages.html" if part else "settings/pipelines.html", pipeline=pipeline,
        pipeline_name=name_in(pipeline.name, pipeline.names, spoken()),
        open_stages=[stage for stage in found if stage.kind == "open" and not stage.archived],
        closing=[stage for stage in found if stage.kind != "open"],
        archived=[stage for stage in found if stage.archived],
        may_update=member.can("pipeline:update"), values=values or {}, errors=errors or {},
    )  # fmt: skip


def stage_page(stage_id: UUID, values: dict[str, Any] | None = None, errors: dict[str, str] | None = None) -> str:
    """Return the form of one stage."""
    member = current_member()
    stage = pipelines.get_stage(stage_id, member=member)
    return render_template(
        "settings/pipelines_stage.html", stage=stage, shown=pipelines.view_of(stage, member),
        values=values or stage_values(stage), errors=errors or {}, labels=stage_labels(), others=other_languages(),
    )  # fmt: skip


def _conflict(stage_id: UUID) -> str | Merged:
    stage = pipelines.get_stage(stage_id, member=current_member())
    return conflict_page(
        stage, StageForm, stage_values, stage_labels(), action=url_for("settings_pipelines.change", stage_id=stage_id),
        back_url=url_for("settings_pipelines.edit", stage_id=stage_id),
    )  # fmt: skip


@bp.get("")
@requires("pipeline:read")
def index() -> str:
    """Show the stages in order."""
    return stages_page()


def _name_page(pipeline_id: UUID, values: dict[str, Any] | None = None, errors: dict[str, str] | None = None) -> str:
    pipeline = pipelines.get_pipeline(pipeline_id, member=current_member())
    return render_template(
        "settings/pipelines_name.html", pipeline=pipeline, values=values or name_values(pipeline),
        errors=errors or {}, labels=name_labels(), others=other_languages(),
    )  # fmt: skip


def _name_conflict(pipeline_id: UUID) -> str | Merged:
    pipeline = pipelines.get_pipeline(pipeline_id, member=current_member())
    return conflict_page(
        pipeline, NameForm, name_values, name_labels(), back_url=url_for("settings_pipelines.index"),
        action=url_for("settings_pipelines.rename", pipeline_id=pipeline_id),
    )  # fmt: skip


@bp.get("/<uuid:pipeline_id>/name")
@requires("pipeline:update")
def name(pipeline_id: UUID) -> str:
    """Show the form of the pipeline's name."""
    return _name_page(pipeline_id)


@bp.post("/<uuid:pipeline_id>/name")
@requires("pipeline:update")
@shown_again(_name_page, conflict=_name_conflict)
def rename(pipeline_id: UUID) -> ResponseReturnValue:
    """Rename the pipeline, in one or more languages."""
    member = current_member()
    pipeline = pipelines.get_pipeline(pipeline_id, member=member)
    data = from_form(NameForm, request.form, input_context(form=True))
    pipelines.rename_pipeline(pipeline, pipeline_write(data, pipeline), actor=member, version=form_version())
    return saved(url_for("settings_pipelines.index"), _("Saved."))


@bp.post("/<uuid:pipeline_id>/stages")
@requires("pipeline:update")
@shown_again(stages_page)
def add(pipeline_id: UUID) -> ResponseReturnValue:
    """Add a stage after the last open one."""
    member = current_member()
    pipeline = pipelines.get_pipeline(pipeline_id, member=member, hold=True)
    data = from_form(StageForm, request.form, input_context(form=True))
    stage = pipelines.add_stage(pipeline, stage_write(data), actor=member)
    return saved(url_for("settings_pipelines.index"), _("Stage “%(name)s” added.", name=stage.name))


@bp.post("/<uuid:pipeline_id>/order")
@requires("pipeline:update")
def reorder(pipeline_id: UUID) -> ResponseReturnValue:
    """Put the open stages into another order: as dragged, or one of them a step up or down."""
    member = current_member()
    pipeline = pipelines.get_pipeline(pipeline_id, member=member, hold=True)
    try:
        pipelines.reorder_stages(pipeline, ids_in_order(), actor=member)
    except InvalidInput as invalid:
        db.session.rollback()
        return stages_page(errors={"": sentences(*invalid.errors.values())}), 422
    if not is_htmx():
        return redirect(url_for("settings_pipelines.index"), 303)
    return make_response(with_toast(stages_page(), _("Order saved.")))


@bp.get("/stages/<uuid:stage_id>")
@requires("pipeline:update")
def edit(stage_id: UUID) -> str:
    """Show the form of one stage."""
    return stage_page(stage_id)


@bp.post("/stages/<uuid:stage_id>")
@requires("pipeline:update")
@shown_again(stage_page, conflict=_conflict)
def change(stage_id: UUID) -> ResponseReturnValue:
    """Rename a stage, in one or more languages, and set its chance."""
    member = current_member()
    stage = pipelines.get_stage(stage_id, member=member)
    data = from_form(StageForm, request.form, input_context(form=True))
    pipelines.change_stage(stage, stage_write(data, stage), actor=member, version=form_version())
    return saved(url_for("settings_pipelines.index"), _("Saved."))


@bp.post("/stages/<uuid:stage_id>/archiving")
@requires("pipeline:update")
@shown_again(stage_page)
def archive(stage_id: UUID) -> ResponseReturnValue:
    """Take a stage out of use; refused with the reason while deals are in it."""
    member = current_member()
    stage = pipelines.get_stage(stage_id, member=member)
    archive_stage(stage, actor=member)
    undo = url_for("settings_pipelines.unarchive", stage_id=stage_id)
    return saved(url_for("settings_pipelines.index"), _("“%(name)s” is out of use.", name=stage.name), undo=undo)


@bp.post("/stages/<uuid:stage_id>/unarchiving")
@requires("pipeline:update")
def unarchive(stage_id: UUID) -> ResponseReturnValue:
    """Take a stage into use again."""
    member = current_member()
    stage = pipelines.get_stage(stage_id, member=member)
    archive_stage(stage, actor=member, archived=False)
    return saved(url_for("settings_pipelines.index"), _("“%(name)s” is in use again.", name=stage.name))
