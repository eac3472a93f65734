"""The line above every page while one looks as another member: in the reader's own language, not the member's."""

from __future__ import annotations

from dataclasses import dataclass

from saas_crm.core.i18n import gettext as _
from saas_crm.core.i18n import html_lang, in_language
from saas_crm.edge.current import current_member
from saas_crm.edge.viewing import viewing
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


def looking() -> Looking | None:
    """Return the line for who looks as another member, None for everybody else."""
    found = viewing()
    if found is None:
        return None
    with in_language(found.reader.locale):
        return Looking(
            lang=html_lang(found.reader.locale), label=_("View as"), leave=_("Leave"),
            title=_("You see this as %(name)s.", name=current_member().name),
            locked=_("You are only looking: nothing can be saved here."),
            text=_("Nothing can be changed. It ends by itself at %(time)s.", time=clock_time(found.until)),
        )  # fmt: skip
