"""What is told to a member who has none of the plan's seats, and to who refuses them something on that ground."""

from __future__ import annotations

from dataclasses import dataclass

from flask import g, url_for

from billing.asking import owners
from saas_crm.core.i18n import gettext as _
from saas_crm.core.i18n import ngettext
from saas_crm.edge.current import current_member, settings
from web.billing.values import plan_in_force
from web.billing.who import may_pay
from web.billing.words import plan_name


@dataclass(frozen=True, slots=True)
class SeatWords:
    """Why one can only read, who can change that, and where; `plans_url` is for who may choose a plan."""

    title: str
    text: str
    way: str
    plans_url: str


def seat_words(*, named: bool = True) -> SeatWords:
    """Return what a member without a seat is told; whom to ask is `named` by one statement."""
    plan, most = plan_in_force(g.tenant), g.tenant.plan.most("members") or 0
    text = ngettext(
        "%(plan)s has %(num)s seat, and more people work here. You can read and export as before, but not change "
        "anything.",
        "%(plan)s has %(num)s seats, and more people work here. You can read and export as before, but not change "
        "anything.", most, plan=plan_name(plan) if plan else _("The plan"),
    )  # fmt: skip
    pays = settings().bills and may_pay(current_member())
    return SeatWords(
        _("You have no seat in this plan"), text, _way(named=named, pays=pays),
        url_for("billing.show_plans") if pays else "",
    )  # fmt: skip


def _way(*, named: bool, pays: bool) -> str:
    if pays:
        return _("With a larger plan everybody has a seat again, at once.")
    if named:
        return _("Owners choose who keeps a seat: %(names)s.", names=_(", ").join(owners()))
    return _("Owners choose who keeps a seat.")
