"""What the pages of a workspace say of its plan: how long the trial is, what is due, what comes to its end.

It costs no statement: state and day come with the tenant. Amounts are never in it; who cannot act is told in neutral
words, and only where it concerns them.
"""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from flask import request, url_for

from saas_crm.access.permissions import CurrentMember
from saas_crm.core.clock import today_in
from saas_crm.core.i18n import gettext as _
from saas_crm.core.i18n import ngettext, sentences
from saas_crm.edge.current import settings
from saas_crm.edge.viewing import viewing
from tenants.context import ActiveTenant
from tenants.standing import DELETION
from web.billing.seat_words import seat_words
from web.billing.who import may_pay
from web.formatting import day

QUIET = frozenset({"today.index", "settings_workspace.index"})
"""Where it is said while there is time: not on every page."""
TELLS_ITSELF = frozenset({"billing.show_plans"})
"""Where the banner would lead to the page it stands on."""
SOON = 3
"""Days before the end from which every page says so."""


@dataclass(frozen=True, slots=True)
class Told:
    """A banner: what is so, what it means, and where it is mended."""

    tone: str
    icon: str
    title: str
    text: str
    href: str = ""
    label: str = ""


def bill(member: CurrentMember, tenant: ActiveTenant) -> Told | None:
    """Return what this page says of the plan, None for nothing."""
    plan = tenant.plan
    if not member.seated and viewing() is None and request.endpoint not in TELLS_ITSELF:
        told = seat_words(named=False)
        return Told(
            "warn",
            "lock",
            _("%(title)s.", title=told.title),
            sentences(told.text, told.way),
            told.plans_url,
            _("See the plans"),
        )
    if not plan.state or not settings().bills or request.blueprint == "billing" or viewing() is not None:
        return None
    tell = {"trialing": _trial, "past_due": _due}.get(plan.state, _ending if plan.ending else None)
    return tell(member, tenant) if tell else None


def _left(tenant: ActiveTenant) -> int:
    until = tenant.plan.until
    if until is None:
        return SOON + 1
    return max((until.astimezone(ZoneInfo(tenant.timezone)).date() - today_in(tenant.timezone)).days, 0)


def _is_shown(left: int) -> bool:
    return left <= SOON or request.endpoint in QUIET


def _trial(member: CurrentMember, tenant: ActiveTenant) -> Told | None:
    left = _left(tenant)
    if not may_pay(member) or not _is_shown(left):
        return None
    return Told(
        "warn" if left <= SOON else "info", "hourglass",
        ngettext("%(num)s day of the trial is left.", "%(num)s days of the trial are left.", left),
        _("Then you go on with the free plan; nothing is deleted."), url_for("billing.show_plans"), _("See the plans"),
    )  # fmt: skip


def _due(member: CurrentMember, tenant: ActiveTenant) -> Told | None:
    if not may_pay(member):
        if request.endpoint not in QUIET:
            return None
        text = _("Everything works. Those who look after billing here have been told.")
        return Told("info", "info", _("Something about this workspace’s plan needs attention."), text)
    until = tenant.plan.until
    text = _("Everything works until %(date)s; then the workspace can only be read.", date=day(until)) if until else ""
    return Told("warn", "triangle-alert", _("The last payment did not come through."), text,
                url_for("billing.index"), _("Pay now"))  # fmt: skip


def _ending(member: CurrentMember, tenant: ActiveTenant) -> Told | None:
    left = _left(tenant)
    if not may_pay(member) or not _is_shown(left):
        return None
    if any(one.cause == DELETION for one in tenant.suspensions):  # every page tells of that already
        return None
    closing = tenant.plan.ending == "closed"
    words = {"date": day(tenant.plan.until)}
    title = _("On %(date)s this workspace is closed.", **words) if closing else _(
        "From %(date)s you go on with the free plan.", **words
    )  # fmt: skip
    text = _("The subscription is cancelled; it can be taken back.")
    tone = "warn" if closing else "info"
    return Told(tone, "clock", title, text, url_for("billing.index"), _("Stay after all"))
