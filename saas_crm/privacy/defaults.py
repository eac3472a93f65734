"""What every workspace does with personal data as it comes: the entries with which its register begins."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from saas_crm.core.i18n import gettext as _

CUSTOMERS, DIARY, ADVERTISING, STAFF = (UUID(f"00000000-0000-7000-8000-00000000000{number}") for number in range(1, 5))
FIELDS = ("name", "purpose", "people", "data", "recipients", "retention", "legal_basis")


def defaults() -> Mapping[UUID, Mapping[str, str]]:
    """Return the entries in the reader's language, in their order."""
    return {
        key: dict(zip(FIELDS, texts, strict=True))
        for key, texts in ((CUSTOMERS, _customers()), (DIARY, _diary()), (ADVERTISING, _ads()), (STAFF, _staff()))
    }


def _customers() -> tuple[str, ...]:
    return (
        _("Customers and sales"),
        _("Answering enquiries, making offers, and carrying out what was agreed."),
        _("Customers, prospects and the people one talks to there."),
        _("Name, job title, company, phone, e-mail, address, birthday where given, deals and their amounts."),
        _("Our own members according to their role; the provider of this software on our behalf."),
        _("As long as the business relation lasts, and afterwards as long as the law asks for it."),
        _("Contract or steps towards one (GDPR article 6 (1) b); legitimate interest in business contacts (f)."),
    )


def _diary() -> tuple[str, ...]:
    return (
        _("Calls, visits and messages"),
        _("Keeping what was said and promised, so that nobody has to say it twice."),
        _("Customers, prospects and the people one talks to there."),
        _("Day, kind, outcome and notes of conversations."),
        _("Our own members according to their role; the provider of this software on our behalf."),
        _("With the record of the person; emptied when the person is erased."),
        _("Legitimate interest in serving customers well (GDPR article 6 (1) f)."),
    )


def _ads() -> tuple[str, ...]:
    return (
        _("News and advertising"),
        _("Telling people about products and events who agreed to that."),
        _("People who agreed."),
        _("Name, the address of the channel they agreed to, when and how they agreed."),
        _("Our own members according to their role; the provider of this software on our behalf."),
        _("Until they withdraw; the proof of consent three years longer."),
        _("Consent (GDPR article 6 (1) a), which can be withdrawn at any time."),
    )


def _staff() -> tuple[str, ...]:
    return (
        _("Members and the audit log"),
        _("Giving access only to those who need it, and being able to tell who changed what."),
        _("Our own members."),
        _("Name, e-mail, role, sign-ins with address and browser, changes made."),
        _("Administrators of this workspace; the provider of this software on our behalf."),
        _("As long as they are members; the log as long as the workspace decided."),
        _("Legitimate interest in security, and legal duties to prove it (GDPR articles 6 (1) c and f, 32)."),
    )
