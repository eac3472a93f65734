"""The line above every page while one looks as another member: in the reader's own language, not the member's."""

from __future__ import annotations

from dataclasses import dataclass

from saas_crm.core.i18n import gettext as _
from saas_crm.core.i18n import html_lang, in_language
from saas_crm.edge.current import current_member
from saas_crm.edge.language import kept_locale
from saas_crm.edge.viewing import Viewing, viewing
from web.formatting import clock_time


@dataclass(frozen=True, slots=True)
class Looking:
    """What the line says, and in which language."""

    lang: str
    label: str
    title: str
    text: str
    leave: str
    locked: str
    leave_endpoint: str = "viewing.end"


def looking() -> Looking | None:
    """Return the line for who looks as another member, None for everybody else."""
    found = viewing()
    if found is None:
        return None
    if found.operator:
        return _of_operator(found)
    with in_language(found.reader.locale):
        return Looking(
            lang=html_lang(found.reader.locale), label=_("View as"), leave=_("Leave"),
            title=_("You see this as %(name)s.", name=current_member().name),
            locked=_("You are only looking: nothing can be saved here."),
            text=_("Nothing can be changed. It ends by itself at %(time)s.", time=clock_time(found.until)),
        )  # fmt: skip


def _of_operator(found: Viewing) -> Looking:
    """Return the line for an operator who looks in: who, as whom, until when; in the language of their console."""
    locale = kept_locale() or found.reader.locale
    with in_language(locale):
        return Looking(
            lang=html_lang(locale), label=_("Looking in"), leave=_("Leave"), leave_endpoint="support.leave",
            title=_("%(operator)s, operator, looks in as %(name)s until %(time)s.", operator=found.operator,
                    name=current_member().name, time=clock_time(found.until)),
            locked=_("You are only looking: nothing can be saved here."),
            text=_("By consent of the workspace. Nothing can be changed."),
        )  # fmt: skip
