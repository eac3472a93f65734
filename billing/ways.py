"""What is to be done where a plan's limit is reached or a feature is not in it, for who can do it and for who cannot.

The same words on pages and for programs.
"""

from __future__ import annotations

from billing.asking import payers
from saas_crm.core.i18n import gettext as _
from saas_crm.core.i18n import sentences

PLANS_PAGE = "/settings/billing/plans"
"""Where the plans are, below a workspace's address."""


def way_on(limit: str, *, pays: bool, sold: bool = True) -> str:
    """Return what who `pays` does about a limit (a feature: ""), and whom others ask, by one statement.

    Where no plans are `sold` nobody in the workspace can do anything about it.
    """
    if not sold:
        return _not_sold()
    if not pays:
        names = _(", ").join(one.name for one in payers())
        return _("Those who look after billing can choose a larger plan: %(names)s.", names=names)
    return {
        "members": _("Choose a larger plan, or remove members and open invitations that are not needed."),
        "customers": _("Choose a larger plan, or delete what is not needed any more."),
        "storage_bytes": _("Choose a larger plan, or remove files that are not needed any more."),
        "mails_per_day": _("Wait until tomorrow, or choose a larger plan."),
    }.get(limit, _("A larger plan has it."))  # fmt: skip


def _not_sold() -> str:
    return _("Those who run this service look after this plan. Ask them for changes.")


def slower(most: int, *, pays: bool, sold: bool = True) -> str:
    """Return what a program is told that asks more in a minute than the plan allows; asks nothing: it comes often."""
    told = _("The plan allows %(most)s API requests a minute.", most=most)
    if not sold:
        return sentences(told, _not_sold())
    way = _("A larger plan allows more.") if pays else _("Those who look after billing can choose a larger plan.")
    return sentences(told, way)
