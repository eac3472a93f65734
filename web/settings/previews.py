"""What a change does to people, in words and figures: for `settings/_preview.html`, wherever one is shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from saas_crm.access.chains import kinds
from saas_crm.access.field_effects import FieldChange
from saas_crm.access.field_rules import UNSEEN
from saas_crm.access.preview import Effect, Preview
from saas_crm.access.role_words import action_words, resource_words
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
    """What becomes of some fields: "No longer see", "Contacts: Mobile, Phone"."""

    label: str
    fields: list[str]
    lost: bool


def shown_preview(preview: Preview) -> dict[str, Any]:
    """Return the values that `settings/_preview.html` needs."""
    gaining, losing = preview.gaining, preview.losing
    told: dict[tuple[FieldChange, ...], list[FieldLine]] = {}
    return {
        "preview_summary": [text for text in (
            ngettext("%(num)s member gains access.", "%(num)s members gain access.", gaining) if gaining else "",
            ngettext("%(num)s member loses access.", "%(num)s members lose access.", losing) if losing else "",
        ) if text],
        "preview_loses": losing > 0,
        "preview_rows": [_row(effect, told) for effect in preview.effects[:SHOWN]],
        "preview_more": max(0, len(preview.effects) - SHOWN),
    }  # fmt: skip


def _row(effect: Effect, told: dict[tuple[FieldChange, ...], list[FieldLine]]) -> dict[str, Any]:
    if effect.fields not in told:  # most have them in common
        told[effect.fields] = _field_lines(effect.fields)
    words = resource_words()
    by_action: dict[str, list[Figure]] = {"read": [], "update": []}
    for kind in kinds():
        for change in effect.changes:
            if change.resource == kind:
                by_action[change.action].append(
                    Figure(words[kind], _signed("+", change.gained), _signed("−", change.lost))
                )
    return {"name": effect.name, "fields": told[effect.fields], "parts": [
        (label, by_action[action]) for action, label in action_words().items() if by_action.get(action)
    ]}  # fmt: skip


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
