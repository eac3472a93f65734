"""What somebody who signs up begins with: the trial, whatever plan they came for."""

from __future__ import annotations

from billing.plans import catalogue
from saas_crm.core.i18n import gettext as _
from saas_crm.core.i18n import ngettext, sentences
from saas_crm.edge.current import settings
from web.billing.words import plan_name


def beginning(came_for: str = "") -> str:
    """Return what the form to sign up says of it, "" where no money is taken.

    `came_for` is the key of the plan whose button led here, and may be anything: it stands in the address.
    """
    if not settings().bills:
        return ""
    known = catalogue()
    trial = known.trial
    tried = next(plan for plan in known.plans if plan.key == trial.plan)
    told = ngettext("It begins with %(num)s day of %(plan)s, for nothing and without a card.",
                    "It begins with %(num)s days of %(plan)s, for nothing and without a card.", trial.days,
                    plan=plan_name(tried))  # fmt: skip
    wanted = next((plan for plan in known.plans if plan.key == came_for and plan.is_paid and plan != tried), None)
    if wanted is not None:
        then = _("%(plan)s can be chosen at any time, in the settings under Billing.", plan=plan_name(wanted))
    else:
        then = _("Then you go on with the free plan, or choose another.")
    return sentences(told, then)
