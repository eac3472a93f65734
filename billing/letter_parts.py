"""What letters about billing are made of: what they speak of, and how they are laid out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from babel.dates import format_date

from billing.plans import FREE, Plan, catalogue
from saas_crm.core.i18n import ngettext, spoken

PAGE = "/settings/billing"


@dataclass(frozen=True, slots=True)
class Facts:
    """What a letter speaks of: the workspace, its plan, the day something ends (in its time zone), days until then."""

    workspace: str
    address: str
    plan: Plan | None = None
    until: datetime | None = None
    days: int = 0

    @property
    def plan_name(self) -> str:
        """Return the plan's name in the reader's language."""
        return self.plan.name(spoken()) if self.plan else ""

    @property
    def day(self) -> str:
        """Write the day on which it ends."""
        return str(format_date(self.until, "long", locale=spoken())) if self.until else ""


Words = tuple[str, list[str], str, str]
"""Subject, paragraphs, what the button says, and where under the workspace's address it leads."""


def few_seats() -> list[str]:
    """Return what the free plan means for the people of a larger workspace; nothing where it has seats for all."""
    most = catalogue().plan(FREE).limits.get("members")
    if most is None:
        return []
    return [ngettext("The free plan has %(num)s seat. Where more people work, the others can only read; owners choose "
                     "who keeps a seat.", "The free plan has %(num)s seats. Where more people work, the others can "
                     "only read; owners choose who keeps a seat.", most)]  # fmt: skip
