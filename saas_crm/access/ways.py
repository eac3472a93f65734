"""How a workspace does things, found with the member: when its year begins, its languages, its numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from saas_crm.core.fiscal import CALENDAR, MONTHS
from saas_crm.core.i18n import LANGUAGES


@dataclass(frozen=True, slots=True)
class Ways:
    """The decisions; without any, the calendar's year and every language."""

    fiscal_month: int = CALENDAR
    languages: tuple[str, ...] = tuple(LANGUAGES)
    numbering: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """The rules for numbers as they are stored, by the kind of record; `core.numbering` knows what they say."""

    def speaks(self, locale: str, default: str) -> str:
        """Return the language somebody reads here: their own where it is offered, else the workspace's."""
        if locale in self.languages:
            return locale
        return default if default in self.languages else self.languages[0]


def ways_of(told: Mapping[str, Any] | None) -> Ways:
    """Return what the database told of the decisions; what this release does not know is as good as not decided."""
    told = told or {}
    month: int = told.get("fiscal_month") or CALENDAR
    offered = told.get("languages") or LANGUAGES
    languages = tuple(code for code in LANGUAGES if code in offered)
    return Ways(
        month if month in MONTHS else CALENDAR, languages or tuple(LANGUAGES), told.get("numbering") or {}
    )  # fmt: skip
