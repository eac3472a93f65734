"""Activities in the reader's words: kinds, outcomes, next steps."""

from __future__ import annotations

from dataclasses import dataclass

from saas_crm.core.i18n import gettext as _
from tenants.marks import N_

OUTCOMES_OF = {
    "call": ("reached", "no_answer", "left_message", "interested", "not_interested", "follow_up"),
    "visit": ("reached", "no_answer", "interested", "not_interested", "follow_up"),
    "meeting": ("interested", "not_interested", "follow_up"),
    "email": ("interested", "not_interested", "follow_up"),
}
_KINDS = {
    "call": N_("Call"), "visit": N_("Visit"), "meeting": N_("Meeting"), "email": N_("Message"), "note": N_("Note"),
    "task": N_("Task"),
}  # fmt: skip
_OUTCOMES = {
    "reached": N_("Reached"), "no_answer": N_("No answer"), "left_message": N_("Left a message"),
    "interested": N_("Interested"), "not_interested": N_("Not interested"), "follow_up": N_("Follow up"),
}  # fmt: skip
_OUTCOME_LOOKS = {
    "reached": ("good", "check"), "no_answer": ("warn", "phone-missed"), "left_message": ("info", "message-square"),
    "interested": ("good", "thumbs-up"), "not_interested": ("bad", "thumbs-down"),
    "follow_up": ("accent", "rotate-ccw"),
}  # fmt: skip
KIND_ICONS = {
    "call": "phone", "visit": "map-pin", "meeting": "users", "email": "message-square", "note": "sticky-note",
    "task": "square-check-big",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Outcome:
    """How something went, as a badge shows it."""

    label: str
    tone: str
    icon: str


def kind_label(kind: str) -> str:
    """Return the word for a kind of activity."""
    return _(_KINDS[kind])


def kind_tiles(*kinds: str) -> list[dict[str, str]]:
    """Return kinds to choose from, with their icons."""
    return [{"value": kind, "label": kind_label(kind), "icon": KIND_ICONS[kind]} for kind in kinds]


def outcome(code: str) -> Outcome | None:
    """Return how an outcome looks; None for none."""
    if code not in _OUTCOME_LOOKS:
        return None
    tone, icon = _OUTCOME_LOOKS[code]
    return Outcome(outcome_label(code), tone, icon)


def outcome_label(code: str) -> str:
    """Return the word for an outcome, "" for none."""
    return _(_OUTCOMES[code]) if code in _OUTCOMES else ""


def outcomes_for(kind: str) -> list[tuple[str, str]]:
    """Return the outcomes that one kind of activity can have."""
    return [(code, outcome_label(code)) for code in OUTCOMES_OF.get(kind, ())]


def next_steps() -> list[tuple[str, str]]:
    """Return when the next step can be, the usual ones first."""
    return [
        ("none", _("None")), ("tomorrow", _("Tomorrow")), ("in_3_days", _("+3 days")), ("in_1_week", _("+1 week")),
        ("pick", _("Pick a day")),
    ]  # fmt: skip
