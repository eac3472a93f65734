"""What is told where a plan's limit is reached or comes near: what it is, that nothing is lost, and who can do what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import g, url_for

from billing.plans import FREE
from billing.ways import way_on
from saas_crm.access.seats import without_seat
from saas_crm.core.errors import FeatureNotInPlan, LimitReached
from saas_crm.core.i18n import gettext as _
from saas_crm.core.i18n import ngettext, sentences
from saas_crm.core.limits import nearness, usage
from saas_crm.edge.current import member_or_none, settings
from saas_crm.edge.standing import is_owner
from web.billing import words
from web.billing.putting_away import put_away
from web.billing.values import SHOWN, plan_in_force
from web.billing.who import may_pay


@dataclass(frozen=True, slots=True)
class Refused:
    """A page about a limit: what is full, what that means, and the way on."""

    title: str
    text: str
    way: str


def refused(error: LimitReached | FeatureNotInPlan) -> dict[str, Any]:
    """Return what the page about a limit or a missing feature shows."""
    plan = plan_in_force(g.tenant)
    name = words.plan_name(plan) if plan else ""
    told = _of_limit(error, name) if isinstance(error, LimitReached) else _of_feature(error, name)
    return {"told": told, "plan_name": name, "plans_url": url_for("billing.show_plans") if _may_act() else ""}


def in_one_line(error: LimitReached | FeatureNotInPlan) -> str:
    """Return the same for a message at the foot of a page."""
    told: Refused = refused(error)["told"]
    is_sentence = told.title.endswith((".", "。"))
    return sentences(told.title if is_sentence else _("%(title)s.", title=told.title), told.way)


def _of_limit(error: LimitReached, plan: str) -> Refused:
    most, used = (words.limit_amount(error.limit, value) for value in (error.most, error.used))
    titles = {
        "members": _("All members of your plan are here."),
        "customers": _("Your plan has no room for more companies and contacts."),
        "storage_bytes": _("Your plan has no room for more files."),
        "mails_per_day": _("Your plan’s mails for today are used up."),
    }  # fmt: skip
    text = _("%(plan)s has room for %(most)s, and there are %(used)s. What is there stays: it can be read, edited and "
             "exported.", plan=plan, most=most, used=used)  # fmt: skip
    if error.limit == "mails_per_day":
        text = _("%(plan)s has %(most)s a day. Tomorrow there are new ones.", plan=plan, most=most)
    return Refused(titles.get(error.limit, words.limit_name(error.limit)), text, _way(error.limit))


def _of_feature(error: FeatureNotInPlan, plan: str) -> Refused:
    name = words.feature_name(error.feature)
    title = _("%(feature)s: not in %(plan)s", feature=name, plan=plan)
    return Refused(
        title, _("What is set up already goes on as it is; it can be taken away, but not changed."), _way("")
    )


def _way(limit: str) -> str:
    return way_on(limit, pays=_may_act(), sold=settings().bills)


def _may_act() -> bool:
    member = member_or_none()
    return settings().bills and member is not None and may_pay(member)


@dataclass(frozen=True, slots=True)
class Near:
    """A limit that comes near or is reached, in a sentence."""

    text: str
    tone: str
    href: str
    label: str
    limit: str = ""
    """Which limit only comes near: that can be put away for the day."""


def near() -> list[Near]:
    """Return which limits come near or are reached, for who can do something about it; one statement, or two."""
    if not g.tenant.plan.limits or g.tenant.plan.key == "" or not _may_act():
        return []
    used, found, hidden = usage(), [], put_away()
    for limit in SHOWN[:3]:
        most, count = g.tenant.plan.most(limit), used.get(limit, 0)
        how = nearness(count, most)
        if limit == "members" and most and count > most and (few := _few_seats(len(without_seat(most)))):
            found.append(few)
            continue
        if how != "ok" and most and not (limit == "members" and g.tenant.plan.key == FREE and count <= most):
            values = {"what": words.limit_name(limit), "used": words.limit_amount(limit, count),
                      "most": words.limit_amount(limit, most)}  # fmt: skip
            full = _("%(what)s: %(used)s of %(most)s. No more can be added.", **values)
            where = (url_for("billing.index"), _("See billing"))
            if how == "full":
                found.append(Near(full, "bad", *where))
            elif limit not in hidden:
                found.append(Near(_("%(what)s: %(used)s of %(most)s.", **values), "warn", *where, limit))
    return found


def _few_seats(without: int) -> Near | None:
    """Return what is said where people are without a seat; None where only invitations are beyond the plan."""
    if not without:
        return None
    text = ngettext("%(num)s person has no seat and can only read.", "%(num)s people have no seat and can only read.",
                    without)  # fmt: skip
    if is_owner(member_or_none()):
        return Near(text, "warn", url_for("settings_members.show_seats"), _("Choose who keeps a seat"))
    return Near(text, "warn", url_for("billing.show_plans"), _("See the plans"))
