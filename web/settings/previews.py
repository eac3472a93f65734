"""What a change does to people, in words and figures: for `settings/_preview.html`, wherever one is shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from saas_crm.access.chains import kinds
from saas_crm.access.preview import Effect, Preview
from saas_crm.access.role_words import action_words, resource_words
from saas_crm.core.i18n import ngettext
from web.formatting import number

SHOWN = 200
"""Members that are listed; of more, only how many there are."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One change: "Companies", "+12", "−3"."""

    label: str
    gained: str
    lost: str


def shown_preview(preview: Preview) -> dict[str, Any]:
    """Return the values that `settings/_preview.html` needs."""
    gaining, losing = preview.gaining, preview.losing
    return {
        "preview_summary": [text for text in (
            ngettext("%(num)s member gains access.", "%(num)s members gain access.", gaining) if gaining else "",
            ngettext("%(num)s member loses access.", "%(num)s members lose access.", losing) if losing else "",
        ) if text],
        "preview_loses": losing > 0,
        "preview_rows": [_row(effect) for effect in preview.effects[:SHOWN]],
        "preview_more": max(0, len(preview.effects) - SHOWN),
    }  # fmt: skip


def _row(effect: Effect) -> dict[str, Any]:
    words = resource_words()
    by_action: dict[str, list[Figure]] = {"read": [], "update": []}
    for kind in kinds():
        for change in effect.changes:
            if change.resource == kind:
                by_action[change.action].append(
                    Figure(words[kind], _signed("+", change.gained), _signed("−", change.lost))
                )
    return {"name": effect.name, "parts": [
        (label, by_action[action]) for action, label in action_words().items() if by_action.get(action)
    ]}  # fmt: skip


def _signed(sign: str, count: int) -> str:
    return f"{sign}{number(count)}" if count else ""
