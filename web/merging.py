"""Two changes of one record that do not contradict each other: both are kept, and nobody is asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from flask import flash

from saas_crm.core.i18n import gettext as _
from saas_crm.edge.resending import go_on_with


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
        go_on_with(self.pairs)

    def on_top_of(self, before: Merged | None) -> Merged:
        """Return it with what an earlier round kept of other changes, where there was one."""
        if before is None or not before.kept:
            return self
        if not self.kept:
            return replace(before, pairs=self.pairs)
        same = (self.who, self.own) == (before.who, before.own)
        kept = tuple(dict.fromkeys((*before.kept, *self.kept)))
        return Merged(self.pairs, kept, self.who if same else "", same and self.own)

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
