"""A stage as its form writes it: one name in the reader's language, the others beside it."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from flask import request
from pydantic import Field

from saas_crm.core.errors import InvalidInput
from saas_crm.core.fields import Line, Name
from saas_crm.core.forms import Input
from saas_crm.core.i18n import LANGUAGES, spoken
from saas_crm.core.i18n import gettext as _
from saas_crm.opportunities.models import Pipeline, Stage
from saas_crm.opportunities.rules import name_in
from saas_crm.opportunities.schemas import PipelineWrite, StageWrite

_FIELDS = {code: f"names_{code.lower()}" for code in LANGUAGES}


class NameForm(Input):
    """What a form with names sends: `name` is in the reader's language; the others are `names_<language>`."""

    name: Name
    names_en: Line = ""
    names_zh_hans: Line = ""
    names_zh_hant: Line = ""


class StageForm(NameForm):
    """What the form of a stage sends."""

    probability: Annotated[int | None, Field(ge=0, le=100)] = None


def stage_write(data: StageForm, former: Stage | None = None) -> StageWrite:
    """Return what the form says about a stage; languages it does not mention keep the names they have.

    The chance of won and lost is fixed and not in their form. Raises InvalidInput where it is missing elsewhere.
    """
    names = _names(data, former)
    chance = former.probability if former and former.kind != "open" else data.probability
    if chance is None:
        raise InvalidInput({"probability": _("This is needed.")}, {"probability": "missing"})
    return StageWrite(name=data.name, names=names, probability=chance)


def pipeline_write(data: NameForm, former: Pipeline) -> PipelineWrite:
    """Return what the form says about a pipeline; languages it does not mention keep the names they have."""
    return PipelineWrite(name=data.name, names=_names(data, former))


def _names(data: NameForm, former: Stage | Pipeline | None) -> dict[Any, str]:
    sent = {code: getattr(data, field) for code, field in _FIELDS.items() if field in data.model_fields_set}
    return {**(former.names if former else {}), **sent, spoken(): data.name}


def stage_values(stage: Any) -> dict[str, str]:
    """Return a stage's fields, or a checked form's, as the form writes them."""
    return {**name_values(stage), "probability": _text(stage.probability)}


def name_values(named: Any) -> dict[str, str]:
    """Return the names of a pipeline or stage, or of a checked form, as the form writes them."""
    if isinstance(named, NameForm):
        return {name: getattr(named, name) for name in NameForm.model_fields}
    others = {field: named.names.get(code, "") for code, field in _FIELDS.items()}
    return {"name": name_in(named.name, named.names, spoken()), **others}


def stage_labels() -> dict[str, str]:
    """Return the label of each field of the form."""
    return {**name_labels(), "probability": _("Chance in percent")}


def name_labels() -> dict[str, str]:
    """Return the label of each name."""
    return {"name": _("Name"), **{_FIELDS[code]: label for code, label in other_languages()}}


def other_languages() -> list[tuple[str, str]]:
    """Return code and name of the languages that are not the reader's."""
    return [(code, name) for code, name in LANGUAGES.items() if code != spoken()]


def ids_in_order() -> list[UUID]:
    """Return the order the form sends, with the one named by `up` or `down` a step further. Wrong ids are left out."""
    order = [found for text in request.form.getlist("order") if (found := _id(text)) is not None]
    for name, step in (("up", -1), ("down", 1)):
        wanted = _id(request.form.get(name, ""))
        if wanted in order:
            at = order.index(wanted)
            to = at + step
            if 0 <= to < len(order):
                order[at], order[to] = order[to], order[at]
    return order


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
