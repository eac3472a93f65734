"""Consent, duties and erasures in the reader's words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from saas_crm.core.i18n import gettext as _
from saas_crm.core.i18n import ngettext, pgettext
from saas_crm.privacy.keeping import Duty
from web.formatting import day

ICONS = {
    "email": "mail", "phone": "phone", "sms": "message-square", "post": "send", "wechat": "message-square",
    "whatsapp": "message-square",
}  # fmt: skip
TONES = {"given": "good", "withdrawn": "bad", "objected": "bad"}
STATE_ICONS = {"given": "check", "withdrawn": "x", "objected": "x"}


def channels() -> dict[str, str]:
    """Return the ways in which people are reached."""
    return {
        "email": _("E-mail"), "phone": _("Phone"), "sms": _("Text message"), "post": _("Letter"),
        "wechat": _("WeChat"), "whatsapp": _("WhatsApp"),
    }  # fmt: skip


def purposes() -> dict[str, str]:
    """Return what people are contacted for."""
    return {
        "marketing": _("News and advertising"), "sales": _("Offers and sales talks"), "survey": _("Surveys"),
        "service": _("Service and orders"),
    }  # fmt: skip


def states() -> dict[str, str]:
    """Return what people can have said."""
    return {
        "given": pgettext("consent", "Agreed"), "withdrawn": pgettext("consent", "Withdrew"),
        "objected": pgettext("consent", "Objected"),
    }  # fmt: skip


def sources() -> dict[str, str]:
    """Return how one can know what somebody said."""
    return {
        "talk": _("In a talk"), "phone": _("On the phone"), "email": _("By e-mail"), "letter": _("By letter"),
        "web_form": _("Form on a website"), "contract": _("In a contract"), "event": _("At an event"),
        "import": _("From another system"), "other": pgettext("source", "Otherwise"),
    }  # fmt: skip


def reasons() -> dict[str, str]:
    """Return why somebody is erased."""
    return {
        "request": _("The person asked for it"), "retention": _("There is no need any more to keep it"),
        "mistake": _("It was written down by mistake"), "other": pgettext("reason", "Another reason"),
    }  # fmt: skip


def consent_labels() -> dict[str, str]:
    """Return the labels of what a consent says, for histories."""
    return {
        "channel": _("Channel"), "purpose": _("Purpose"), "state": pgettext("consent", "Answer"),
        "source": pgettext("consent", "Source"),
    }  # fmt: skip


def consent_words() -> Mapping[str, Mapping[str, str]]:
    """Return the words of a consent's codes, by field."""
    return {"channel": channels(), "purpose": purposes(), "state": states(), "source": sources()}


def warnings(refused: Mapping[str, Iterable[str]]) -> list[str]:
    """Return what a person does not want, a sentence for each channel."""
    named, what = channels(), purposes()
    told = {channel: _(", ").join(what[one] for one in which) for channel, which in refused.items()}
    return [
        _("%(channel)s – not wanted: %(purposes)s", channel=named[one], purposes=text) for one, text in told.items()
    ]


def duty_words(duty: Duty) -> str:
    """Return why a person must be kept, in one sentence."""
    if duty.code == "won_deal":
        return ngettext(
            "%(num)s won deal must be kept until %(date)s.", "%(num)s won deals must be kept until %(date)s.", duty.num,
            date=day(duty.until),
        )  # fmt: skip
    if duty.until is None:
        return _("Must be kept until somebody lifts it: %(reason)s", reason=duty.note)
    return _("Must be kept until %(date)s: %(reason)s", date=day(duty.until), reason=duty.note)


def part_words(kind: str, num: int) -> str:
    """Return what an erasure does something with, by number: "3 planned activities"."""
    words = {
        "contact": ngettext("%(num)s contact record", "%(num)s contact records", num),
        "consent": ngettext("%(num)s statement about consent", "%(num)s statements about consent", num),
        "share": ngettext("%(num)s place in an account team", "%(num)s places in an account team", num),
        "plan": ngettext("%(num)s planned activity", "%(num)s planned activities", num),
        "activity_text": ngettext("Notes of %(num)s activity", "Notes of %(num)s activities", num),
        "company_text": ngettext("Notes of %(num)s company", "Notes of %(num)s companies", num),
        "contact_text": ngettext("Notes of %(num)s other contact", "Notes of %(num)s other contacts", num),
        "opportunity_text": ngettext("Texts of %(num)s deal", "Texts of %(num)s deals", num),
        "history": ngettext("%(num)s entry of the audit log", "%(num)s entries of the audit log", num),
        "activity": ngettext("%(num)s activity", "%(num)s activities", num),
        "opportunity": ngettext("%(num)s deal", "%(num)s deals", num),
    }
    return words.get(kind) or f"{kind}: {num}"


def part_hint(kind: str) -> str:
    """Return what is meant by it, "" where that is plain."""
    return {
        "contact": _("Name, numbers, addresses, birthday, tags and notes, also copies in the recycle bin."),
        "activity_text": _("What was written down goes, also where others of the company mention the name."),
        "opportunity_text": _("Names and notes that mention the person lose the mention."),
        "history": _("Who changed something and when stays. What it said goes."),
        "activity": _("That it took place, its kind, day and outcome, for statistics."),
        "opportunity": _("Amount, stages and dates, for statistics."),
    }.get(kind, "")


def fates() -> dict[str, str]:
    """Return what becomes of things, in their order."""
    return {
        "removed": _("Will be removed"), "emptied": _("Will be emptied"), "kept": _("Stays, without the person"),
    }  # fmt: skip


def past_fates() -> dict[str, str]:
    """Return what became of things, in their order."""
    return {"removed": _("Removed"), "emptied": _("Emptied"), "kept": _("Kept, without the person")}


def parts_by_fate(parts: Iterable[Any], titles: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return what an erasure does, grouped: title, fate and lines of text and hint."""
    given = [tuple(part) for part in parts]
    return [
        {"fate": fate, "title": title, "lines": [
            {"text": part_words(kind, num), "hint": part_hint(kind)} for kind, its, num in given if its == fate
        ]}
        for fate, title in titles.items()
        if any(its == fate for _kind, its, _num in given)
    ]  # fmt: skip


def certificate_name(number: int, at: datetime) -> str:
    """Return what a certificate is called."""
    return f"{at:%Y}-{number:04d}"
