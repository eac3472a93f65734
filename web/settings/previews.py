"""What a change does to people, in words and figures: for `settings/_preview.html`, wherever one is shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from saas_crm.access.chains import kinds
from saas_crm.access.field_effects import FieldChange
from saas_crm.access.field_rules import UNSEEN
from saas_crm.access.preview import Effect, Preview
from saas_crm.access.right_effects import RightChange
from saas_crm.access.role_words import action_words, meaning, permission_words, resource_words
from saas_crm.core.i18n import gettext as _
from saas_crm.core.i18n import ngettext
from web.formatting import number
from web.settings.field_words import field_labels

SHOWN = 200
"""Members that are listed; of more, only how many there are."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One change: "Companies", "+12", "−3"."""

    label: str
    gained: str
    lost: str


@dataclass(frozen=True, slots=True)
class FieldLine:
    """What becomes of some fields, or rights: "No longer see", "Contacts: Mobile, Phone"."""

    label: str
    fields: list[str]
    lost: bool


Told = dict[tuple[tuple[FieldChange, ...], tuple[RightChange, ...]], list[FieldLine]]


def shown_preview(preview: Preview) -> dict[str, Any]:
    """Return the values that `settings/_preview.html` needs."""
    gaining, losing = preview.gaining, preview.losing
    told: Told = {}
    return {
        "preview_summary": [text for text in (
            ngettext("%(num)s member gains access.", "%(num)s members gain access.", gaining) if gaining else "",
            ngettext("%(num)s member loses access.", "%(num)s members lose access.", losing) if losing else "",
        ) if text],
        "preview_loses": losing > 0,
        "preview_rows": [_row(effect, told) for effect in preview.effects[:SHOWN]],
        "preview_more": max(0, len(preview.effects) - SHOWN),
    }  # fmt: skip


def _row(effect: Effect, told: Told) -> dict[str, Any]:
    common = (effect.fields, effect.rights)
    if common not in told:  # most have them in common
        told[common] = [*_right_lines(effect.rights), *_field_lines(effect.fields)]
    return {"name": effect.name, "fields": told[common], "parts": _parts(effect)}


def _parts(effect: Effect) -> list[tuple[str, list[Figure]]]:
    """Return the figures of each action, with those actions together that have the same: "See, Edit, Delete"."""
    words, order = resource_words(), kinds()
    figures: dict[str, list[Figure]] = {}
    for change in sorted(effect.changes, key=lambda change: order.index(change.resource)):
        figure = Figure(words[change.resource], _signed("+", change.gained), _signed("−", change.lost))
        figures.setdefault(change.action, []).append(figure)
    together: dict[tuple[Figure, ...], list[str]] = {}
    for action, label in action_words().items():
        if action in figures:
            together.setdefault(tuple(figures[action]), []).append(label)
    return [(_(", ").join(labels), list(shown)) for shown, labels in together.items()]


def _right_lines(changes: tuple[RightChange, ...]) -> list[FieldLine]:
    """Return what somebody may do now, or no longer, that is not counted in records; losses first."""
    found: dict[str, list[str]] = {_("May no longer"): [], _("May only"): [], _("May now"): []}
    for change in changes:
        if change.scope is None:
            found[_("May no longer")].append(permission_words(change.permission))
        else:
            found[_("May only") if change.lost else _("May now")].append(meaning(change.permission, change.scope))
    return [FieldLine(label, texts, label != _("May now")) for label, texts in found.items() if texts]


def _field_lines(changes: tuple[FieldChange, ...]) -> list[FieldLine]:
    """Return the fields by what becomes of them, each kind of record apart, losses first."""
    grouped: dict[str, dict[str, list[str]]] = {}
    losing: dict[str, bool] = {}
    for change in changes:
        label, (resource, _dot, field) = _becomes(change), change.key.partition(".")
        grouped.setdefault(label, {}).setdefault(resource, []).append(field_labels(resource)[field])
        losing[label] = change.lost
    words = resource_words()
    return [
        FieldLine(label, [
            _("%(resource)s: %(action)s", resource=words[resource], action=_(", ").join(names))
            for resource, names in grouped[label].items()
        ], losing[label])
        for label in sorted(grouped, key=lambda label: not losing[label])
    ]  # fmt: skip


def _becomes(change: FieldChange) -> str:
    """Return what somebody can no longer do with a field, or can again."""
    if change.lost:
        return {"hidden": _("No longer see"), "masked": _("Now see only in part")}.get(
            change.rule or "", _("No longer change")
        )
    if change.former not in UNSEEN:
        return _("Can change again")
    return _("See in part again") if change.rule == "masked" else _("See again")


def _signed(sign: str, count: int) -> str:
    return f"{sign}{number(count)}" if count else ""
