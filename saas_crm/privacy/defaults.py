"""What every workspace does with personal data as it comes: the entries with which its register begins."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from saas_crm.core.i18n import gettext as _
from saas_crm.privacy.grounds import grounds
from tenants.context import current_tenant

CUSTOMERS, DIARY, ADVERTISING, STAFF = (UUID(f"00000000-0000-7000-8000-00000000000{number}") for number in range(1, 5))
FIELDS = ("name", "purpose", "people", "data", "recipients", "retention", "legal_basis")


def defaults() -> Mapping[UUID, Mapping[str, str]]:
    """Return the entries in the reader's language, in their order, with the grounds of the workspace's country."""
    law = grounds(current_tenant().country)
    texts = (
        (CUSTOMERS, _customers(law.customers)), (DIARY, _diary(law.diary)), (ADVERTISING, _ads(law.advertising)),
        (STAFF, _staff(law.staff)),
    )  # fmt: skip
    return {key: dict(zip(FIELDS, text, strict=True)) for key, text in texts}


def _customers(ground: str) -> tuple[str, ...]:
    return (
        _("Customers and sales"),
        _("Answering enquiries, making offers, and carrying out what was agreed."),
        _("Customers, prospects and the people one talks to there."),
        _("Name, job title, company, phone, e-mail, address, birthday where given, deals and their amounts."),
        _("Our own members according to their role; the provider of this software on our behalf."),
        _("As long as the business relation lasts, and afterwards as long as the law asks for it."),
        ground,
    )


def _diary(ground: str) -> tuple[str, ...]:
    return (
        _("Calls, visits and messages"),
        _("Keeping what was said and promised, so that nobody has to say it twice."),
        _("Customers, prospects and the people one talks to there."),
        _("Day, kind, outcome and notes of conversations."),
        _("Our own members according to their role; the provider of this software on our behalf."),
        _("With the record of the person; emptied when the person is erased."),
        ground,
    )


def _ads(ground: str) -> tuple[str, ...]:
    return (
        _("News and advertising"),
        _("Telling people about products and events who agreed to that."),
        _("People who agreed."),
        _("Name, the address of the channel they agreed to, when and how they agreed."),
        _("Our own members according to their role; the provider of this software on our behalf."),
        _("Until they withdraw; the proof of consent three years longer."),
        ground,
    )


def _staff(ground: str) -> tuple[str, ...]:
    return (
        _("Members and the audit log"),
        _("Giving access only to those who need it, and being able to tell who changed what."),
        _("Our own members."),
        _("Name, e-mail, role, sign-ins with address and browser, changes made."),
        _("Administrators of this workspace; the provider of this software on our behalf."),
        _("As long as they are members; the log as long as the workspace decided."),
        ground,
    )
