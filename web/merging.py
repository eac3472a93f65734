"""Two changes of one record that do not contradict each other: both are kept, and nobody is asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import flash, request
from werkzeug.datastructures import ImmutableMultiDict

from saas_crm.core.i18n import gettext as _


@dataclass(frozen=True, slots=True)
class Merged:
    """The form as it is to be sent again, on top of the newer version; `kept` are the fields that others changed.

    `who` changed them, "" where that is not known; `own` tells that it was the reader, in another window.
    """

    pairs: Sequence[tuple[str, str]]
    kept: Sequence[str]
    who: str
    own: bool

    def take(self) -> None:
        """Go on as if this had been sent."""
        request.form = ImmutableMultiDict(self.pairs)

    def tell(self) -> None:
        """Say what was kept of the other change, if there is anything to say."""
        if self.kept:
            flash(self._said(_(", ").join(self.kept)), "success")

    def _said(self, fields: str) -> str:
        if self.own:
            return _("What you changed in another window meanwhile is kept too: %(fields)s", fields=fields)
        if self.who:
            return _("What %(who)s changed meanwhile is kept too: %(fields)s", who=self.who, fields=fields)
        return _("What was changed meanwhile is kept too: %(fields)s", fields=fields)
