"""What owners are told by mail when somebody looks into their workspace, or asks to."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from babel.dates import format_datetime

from saas_crm.core.i18n import gettext as _
from saas_crm.core.i18n import spoken
from saas_crm.core.mail import Letter
from saas_crm.workspaces.letters import Reader


class Begun(Protocol):
    """Who looks in, and until when at most."""

    @property
    def operator(self) -> str:
        """The operator's name."""

    @property
    def until(self) -> datetime:
        """When it ends by itself."""


def begun(reader: Reader, workspace: str, visit: Begun, url: str) -> Letter:
    """Tell that an operator looks in."""
    return Letter(
        reader.email,
        _("An operator looks into %(workspace)s", workspace=workspace),
        [
            _("Hello %(name)s,", name=reader.name),
            _("%(operator)s, who helps to run this service, looks into the workspace %(workspace)s now, because an "
              "administrator of it allowed that. Nothing can be changed or taken along, and it ends at %(time)s (UTC) "
              "at the latest.", operator=visit.operator, workspace=workspace,
              time=format_datetime(visit.until, "short", locale=spoken())),
            _("You can take the permission back at any moment, in the settings under “Support access”. The audit log "
              "has a line when looking in begins and when it ends."),
        ],
        (_("Support access"), url),
    )  # fmt: skip


def consent_asked(reader: Reader, *, workspace: str, operator: str, reason: str, url: str) -> Letter:
    """Ask for the permission to look in; nothing is open until it is given."""
    return Letter(
        reader.email,
        _("May an operator look into %(workspace)s?", workspace=workspace),
        [
            _("Hello %(name)s,", name=reader.name),
            _("%(operator)s, who helps to run this service, asks to look into the workspace %(workspace)s: %(reason)s",
              operator=operator, workspace=workspace, reason=reason),
            _("If you agree, choose in the settings under “Support access” for how long. Only then can they see what a "
              "member of the workspace sees, and nothing can be changed or taken along. You can take it back at any "
              "moment. If you do not agree, do nothing."),
        ],
        (_("Support access"), url),
    )  # fmt: skip
