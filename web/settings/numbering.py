"""How records are numbered: a rule for each kind, what the next number would be, and numbers for what is there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from saas_crm.access.numbering import (
    COUNTED,
    NumberingWrite,
    all_numbering,
    decide_numbering,
    known_kind,
    next_number,
    number_existing,
    numbering_of,
)
from saas_crm.access.role_words import resource_words
from saas_crm.core.errors import InvalidInput
from saas_crm.core.fiscal import CALENDAR
from saas_crm.core.forms import parse
from saas_crm.core.i18n import gettext as _
from saas_crm.core.numbering.patterns import Rule
from saas_crm.edge.current import current_member
from saas_crm.edge.declared import requires
from web.forms import form_version, saved, shown_again
from web.lists import counted
from web.numbers import number_label

bp = Blueprint("settings_numbering", __name__, url_prefix="/settings/numbering")


@bp.get("")
@requires("workspace:update")
def index() -> str:
    """Show how each kind of record is numbered."""
    found = all_numbering(current_member())
    return render_template("settings/numbering.html", rows=[(one, *_words(one.resource)) for one in found])


def kind_page(
    kind: str, values: Mapping[str, Any] | None = None, errors: Mapping[str, str] | None = None
) -> str:  # fmt: skip
    """Show how one kind of record is numbered."""
    found = numbering_of(kind, current_member())
    stored = {"pattern": found.rule.text, "fiscal": "1" if found.rule.fiscal else "", "start": str(found.last + 1)}
    typed = dict(values or {})
    title, plural = _words(kind)
    return render_template(
        "settings/numbering_kind.html", found=found, title=title, plural=plural, values={**stored, **typed},
        version=typed.get("version") or found.version, errors=errors or {},
        on="on" in typed if typed else found.rule.on,
        fiscal="fiscal" in typed if typed else found.rule.fiscal,
        without=counted(found.without, COUNTED), has_years=current_member().ways.fiscal_month != CALENDAR,
    )  # fmt: skip


@bp.get("/<kind>")
@requires("workspace:update")
def edit(kind: str) -> str:
    """Show how one kind of record is numbered."""
    return kind_page(kind)


@bp.post("/<kind>")
@requires("workspace:update")
@shown_again(kind_page)
def update(kind: str) -> ResponseReturnValue:
    """Decide how one kind of record is numbered."""
    data = _read(kind)
    decide_numbering(kind, data, actor=current_member(), version=form_version())
    return saved(url_for("settings_numbering.edit", kind=kind), _("Saved."))


@bp.get("/<kind>/next")
@requires("workspace:update")
def preview(kind: str) -> str:
    """Answer what the next number would be by what is typed."""
    known_kind(kind)
    text, start = request.args.get("pattern", ""), request.args.get("start", "")
    if start == request.args.get("start_before"):
        start = ""
    try:
        typed = parse(NumberingWrite, {
            "pattern": text, "fiscal": "fiscal" in request.args, "start": start or None,
        })  # fmt: skip
    except InvalidInput as wrong:
        return render_template("settings/_next_number.html", number="", why=next(iter(wrong.errors.values())))
    rule = Rule(typed.pattern, True, typed.fiscal)
    number = next_number(kind, rule, current_member(), typed.start)
    return render_template("settings/_next_number.html", number=number, why="")


@bp.post("/<kind>/existing")
@requires("workspace:update")
def number_what_is_there(kind: str) -> ResponseReturnValue:
    """Have what has no number numbered too."""
    number_existing(kind, actor=current_member())
    return saved(url_for("settings_numbering.edit", kind=kind), _("Numbers are being given, oldest first."))


def _read(kind: str) -> NumberingWrite:
    """Return what the form says; a next number that was not touched is not said."""
    known_kind(kind)
    sent, start = request.form, request.form.get("start", "").strip()
    return parse(NumberingWrite, {
        "on": "on" in sent, "fiscal": "fiscal" in sent, "pattern": sent.get("pattern", ""),
        "start": None if start == sent.get("start_before", "") else start,
    })  # fmt: skip


def _words(resource: str) -> tuple[str, str]:
    """Return what the numbers are called, and the records."""
    return number_label(resource), resource_words().get(resource, resource)
