"""What those who look after billing are told by mail at each step, each in their own language.

Amounts stand in invoices, which Stripe mails; here are days, plans and what to do. Whom it goes to and that it goes
once is `billing.telling`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from billing.letter_parts import PAGE, Facts, Words, few_seats
from saas_crm.core.i18n import gettext as _
from saas_crm.core.i18n import ngettext
from saas_crm.core.mail import Letter
from saas_crm.workspaces.letters import Reader


def letter(kind: str, reader: Reader, facts: Facts) -> Letter:
    """Write the letter of a kind in WRITERS; raises KeyError."""
    subject, paragraphs, label, page = WRITERS[kind](facts)
    greeting = _("Hello %(name)s,", name=reader.name)
    footer = _("You get this because you own %(workspace)s or look after its billing.", workspace=facts.workspace)
    return Letter(reader.email, subject, [greeting, *paragraphs], (label, f"{facts.address}{page}"), footer)


def _trial_begun(facts: Facts) -> Words:
    return (
        _("Your trial of %(plan)s has begun", plan=facts.plan_name),
        [
            _("until %(date)s the workspace %(workspace)s has everything that is in %(plan)s. No card is needed.",
              date=facts.day, workspace=facts.workspace, plan=facts.plan_name),
            _("After that you go on with the free plan automatically. Nothing is deleted."),
        ],
        _("See the plans"), f"{PAGE}/plans",
    )  # fmt: skip


def _trial_soon(facts: Facts) -> Words:
    return (
        ngettext("The trial of %(workspace)s ends in %(num)s day", "The trial of %(workspace)s ends in %(num)s days",
                 facts.days, workspace=facts.workspace),
        [
            _("on %(date)s the trial of %(plan)s ends. To keep what is in it, choose a plan; that takes two minutes.",
              date=facts.day, plan=facts.plan_name),
            _("If you do nothing, you go on with the free plan. Nothing is deleted; what is more than it allows can "
              "still be read and edited."),
            *few_seats(),
        ],
        _("Choose a plan"), f"{PAGE}/plans",
    )  # fmt: skip


def _trial_over(facts: Facts) -> Words:
    return (
        _("The trial is over: %(workspace)s goes on with the free plan", workspace=facts.workspace),
        [
            _("the trial is over, and the workspace %(workspace)s goes on with the free plan. Nothing was deleted.",
              workspace=facts.workspace),
            _("What is more than it allows can still be read, edited and exported. To add more, choose a plan."),
            *few_seats(),
        ],
        _("See the plans"), f"{PAGE}/plans",
    )  # fmt: skip


def _subscribed(facts: Facts) -> Words:
    return (
        _("%(workspace)s is on %(plan)s now", workspace=facts.workspace, plan=facts.plan_name),
        [
            _("thank you. The workspace %(workspace)s is on %(plan)s from now on.",
              workspace=facts.workspace, plan=facts.plan_name),
            _("Invoices, seats and the payment method are on the page below; it can be cancelled there, too."),
        ],
        _("See billing"), PAGE,
    )  # fmt: skip


def _payment_failed(facts: Facts) -> Words:
    return (
        _("A payment for %(workspace)s did not come through", workspace=facts.workspace),
        [
            _("the payment for the workspace %(workspace)s did not come through. Mostly a card has expired, its limit "
              "is reached, or the bank wants the payment to be confirmed; nobody did anything wrong.",
              workspace=facts.workspace),
            _("Everything works until %(date)s. On the page below it can be paid, or confirmed with the bank, before "
              "then.", date=facts.day),
        ],
        _("Pay or change the payment method"), PAGE,
    )  # fmt: skip


def _payment_still_due(facts: Facts) -> Words:
    return (
        ngettext("Payment due: %(workspace)s can only be read in %(num)s day",
                 "Payment due: %(workspace)s can only be read in %(num)s days", facts.days, workspace=facts.workspace),
        [
            _("the payment for the workspace %(workspace)s is still due. We tried again, and it did not come through.",
              workspace=facts.workspace),
            _("From %(date)s the workspace can only be read and exported until it is paid. Nothing is lost.",
              date=facts.day),
        ],
        _("Pay or change the payment method"), PAGE,
    )  # fmt: skip


def _read_only(facts: Facts) -> Words:
    return (
        _("%(workspace)s can only be read now", workspace=facts.workspace),
        [
            _("the payment has been due for two weeks, so the workspace %(workspace)s can only be read now. Signing "
              "in, reading and export work as before.", workspace=facts.workspace),
            _("As soon as it is paid everything is open again, at once. If it is not paid by %(date)s, the "
              "subscription ends.", date=facts.day),
        ],
        _("Pay and open it again"), PAGE,
    )  # fmt: skip


def _recovered(facts: Facts) -> Words:
    return (
        _("Paid: everything in %(workspace)s is open", workspace=facts.workspace),
        [
            _("thank you, the payment has come. Everything in the workspace %(workspace)s works as before.",
              workspace=facts.workspace),
        ],
        _("Open the workspace"), "/",
    )  # fmt: skip


def _cancel_asked(facts: Facts) -> Words:
    return (
        _("The subscription of %(workspace)s is cancelled", workspace=facts.workspace),
        [
            _("the subscription is cancelled. Until %(date)s nothing changes; then the workspace %(workspace)s goes on "
              "with the free plan. Nothing is deleted, and nothing more is charged.", date=facts.day,
              workspace=facts.workspace),
            _("Until then one click takes it back."),
        ],
        _("Stay after all"), PAGE,
    )  # fmt: skip


def _closing_asked(facts: Facts) -> Words:
    return (
        _("%(workspace)s will be closed on %(date)s", workspace=facts.workspace, date=facts.day),
        [
            _("the subscription is cancelled, and the workspace %(workspace)s will be closed on %(date)s. Until then "
              "nothing changes, and nothing more is charged.", date=facts.day, workspace=facts.workspace),
            _("Take along what you need; until that day one click takes it back."),
        ],
        _("Stay after all"), PAGE,
    )  # fmt: skip


def _ends_with_deletion(facts: Facts) -> Words:
    return (
        _("The subscription of %(workspace)s ends with it", workspace=facts.workspace),
        [
            _("the workspace %(workspace)s is to be deleted. So its subscription ends on %(date)s, and nothing more is "
              "charged.", workspace=facts.workspace, date=facts.day),
            _("If the deletion is taken back before then, the subscription goes on as before."),
        ],
        _("See the workspace"), "/settings/deletion",
    )  # fmt: skip


def _taken_back(facts: Facts) -> Words:
    return (
        _("%(workspace)s stays on %(plan)s", workspace=facts.workspace, plan=facts.plan_name),
        [_("good to have you: the cancellation is taken back, and the plan goes on as before.")],
        _("See billing"), PAGE,
    )  # fmt: skip


def _free(facts: Facts) -> Words:
    return (
        _("%(workspace)s goes on with the free plan", workspace=facts.workspace),
        [
            _("the subscription has ended, and the workspace %(workspace)s goes on with the free plan. Nothing was "
              "deleted.", workspace=facts.workspace),
            _("What is more than it allows can still be read, edited and exported."),
            *few_seats(),
        ],
        _("See the plans"), f"{PAGE}/plans",
    )  # fmt: skip


def _lowering_dropped(facts: Facts) -> Words:
    return (
        _("%(workspace)s stays on %(plan)s: what was chosen is not offered any more", workspace=facts.workspace,
          plan=facts.plan_name),
        [
            _("the smaller plan, or the monthly payment, that was chosen for the next period of the workspace "
              "%(workspace)s is not offered any more. So it stays on %(plan)s, and the next period is charged as the "
              "last one was.", workspace=facts.workspace, plan=facts.plan_name),
            _("Please choose again from the plans of today. Nothing was lost."),
        ],
        _("See the plans"), f"{PAGE}/plans",
    )  # fmt: skip


def _change_expired(facts: Facts) -> Words:
    return (
        _("%(workspace)s stays on %(plan)s: the change was not confirmed", workspace=facts.workspace,
          plan=facts.plan_name),
        [
            _("the change of plan that was chosen for the workspace %(workspace)s waited for a confirmation by the "
              "bank, and none came in time. So nothing was changed and nothing is charged: it stays on %(plan)s, paid "
              "as before.", workspace=facts.workspace, plan=facts.plan_name),
            _("To have it after all, choose it again. The bank will ask once more."),
        ],
        _("See the plans"), f"{PAGE}/plans",
    )  # fmt: skip


def _cancelled(facts: Facts) -> Words:
    return (
        _("The subscription of %(workspace)s has ended", workspace=facts.workspace),
        [
            _("the subscription of the workspace %(workspace)s has ended. Its owners can read everything and take it "
              "along until %(date)s; then the workspace is deleted, with mails before.",
              workspace=facts.workspace, date=facts.day),
            _("Choosing a plan opens it again at once, with everything in it."),
        ],
        _("Choose a plan"), f"{PAGE}/plans",
    )  # fmt: skip


WRITERS: Mapping[str, Callable[[Facts], Words]] = {
    "lowering_dropped": _lowering_dropped, "change_expired": _change_expired,
    "trial_begun": _trial_begun, "trial_soon": _trial_soon, "trial_over": _trial_over, "subscribed": _subscribed,
    "payment_failed": _payment_failed, "payment_still_due": _payment_still_due, "read_only": _read_only,
    "recovered": _recovered, "cancel_asked": _cancel_asked, "closing_asked": _closing_asked,
    "ends_with_deletion": _ends_with_deletion,
    "taken_back": _taken_back, "free": _free, "cancelled": _cancelled,
}  # fmt: skip
"""Every letter, by what has happened."""
