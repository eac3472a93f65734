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


Becomes = tuple[bool, str]
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
    lost = [permission_words(change.permission) for change in changes if change.scope is None]
    narrowed, gained = (
        [meaning(change.permission, change.scope) for change in changes if change.scope and change.lost is loses]
        for loses in (True, False)
    )
    told = ((_("May no longer"), lost, True), (_("May only"), narrowed, True), (_("May now"), gained, False))
    return [FieldLine(label, texts, loses) for label, texts, loses in told if texts]


def _field_lines(changes: tuple[FieldChange, ...]) -> list[FieldLine]:
    """Return the fields by what becomes of them, each kind of record apart, losses first."""
    grouped: dict[Becomes, dict[str, list[str]]] = {}
    for change in changes:
        resource, _dot, field = change.key.partition(".")
        grouped.setdefault(_becomes(change), {}).setdefault(resource, []).append(field_labels(resource)[field])
    words, labels = resource_words(), _becoming()
    return [
        FieldLine(labels[becomes], [
            _("%(resource)s: %(action)s", resource=words[resource], action=_(", ").join(names))
            for resource, names in grouped[becomes].items()
        ], becomes[0])
        for becomes in sorted(grouped, key=lambda becomes: not becomes[0])
    ]  # fmt: skip


def _becomes(change: FieldChange) -> Becomes:
    """Return whether somebody loses, and what: seeing a field, seeing all of it, or changing it."""
    if change.lost:
        return True, change.rule if change.rule and change.rule in UNSEEN else "read-only"
    if change.former not in UNSEEN:
        return False, "read-only"
    return False, "masked" if change.rule == "masked" else "hidden"


def _becoming() -> dict[Becomes, str]:
    return {
        (True, "hidden"): _("No longer see"), (True, "masked"): _("Now see only in part"),
        (True, "read-only"): _("No longer change"), (False, "hidden"): _("See again"),
        (False, "masked"): _("See in part again"), (False, "read-only"): _("Can change again"),
    }  # fmt: skip


def _signed(sign: str, count: int) -> str:
    return f"{sign}{number(count)}" if count else ""
