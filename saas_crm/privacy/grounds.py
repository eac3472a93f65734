"""On what legal ground personal data is worked with, by the law of the workspace's country.

Sources: GDPR articles 6 and 32; PIPL of China articles 13, 15 and 51; Taiwan's Personal Data Protection Act articles
19, 20 and 27; Hong Kong's Personal Data (Privacy) Ordinance, schedule 1 and Part 6A. Elsewhere no law is named: who
knows theirs writes it into the entry.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from saas_crm.core.i18n import gettext as _

GDPR_COUNTRIES = frozenset({
    "AT", "BE", "BG", "HR", "CY", "CZ", "DK", "EE", "FI", "FR", "DE", "GR", "HU", "IE", "IT", "LV", "LT", "LU", "MT",
    "NL", "PL", "PT", "RO", "SK", "SI", "ES", "SE", "IS", "LI", "NO", "GB",
})  # fmt: skip
"""The European Union, the rest of the European Economic Area, and the United Kingdom, which kept the same articles."""


class Grounds(NamedTuple):
    """The ground of each entry with which a register begins."""

    customers: str
    diary: str
    advertising: str
    staff: str


def grounds(country: str) -> Grounds:
    """Return the grounds by the law of a country (ISO 3166-1 alpha-2), in the reader's language."""
    if country in GDPR_COUNTRIES:
        return _gdpr()
    return _LAWS.get(country, _elsewhere)()


def _gdpr() -> Grounds:
    return Grounds(
        _("Contract or steps towards one (GDPR article 6 (1) b); legitimate interest in business contacts (f)."),
        _("Legitimate interest in serving customers well (GDPR article 6 (1) f)."),
        _("Consent (GDPR article 6 (1) a), which can be withdrawn at any time."),
        _("Legitimate interest in security, and legal duties to prove it (GDPR articles 6 (1) c and f, 32)."),
    )


def _china() -> Grounds:
    return Grounds(
        _("Concluding and performing a contract (PIPL article 13 (2)); else consent (article 13 (1))."),
        _("Performing a contract (PIPL article 13 (2)); what goes beyond it with consent (article 13 (1))."),
        _("Consent (PIPL article 13 (1)), which can be withdrawn at any time (article 15)."),
        _("Managing our staff, and legal duties (PIPL article 13 (2) and (3)); security measures (article 51)."),
    )


def _taiwan() -> Grounds:
    return Grounds(
        _("Contract or steps towards one (PDPA of Taiwan article 19 (1) 2); used for this purpose (article 20)."),
        _("Contract or steps towards one (PDPA of Taiwan article 19 (1) 2); what goes beyond it with consent (5)."),
        _("Consent (PDPA of Taiwan article 19 (1) 5); who refuses advertising gets no more of it (article 20 (2))."),
        _("Contract with our staff, and legal duties (PDPA of Taiwan article 19 (1) 1 and 2); security (article 27)."),
    )


def _hong_kong() -> Grounds:
    return Grounds(
        _("Needed for a lawful purpose of our business (PDPO principle 1), and used for that alone (principle 3)."),
        _("Needed to serve customers (PDPO principle 1), and used for that alone (principle 3)."),
        _("Consent to direct marketing (PDPO section 35E); it ends as soon as somebody asks for it (section 35G)."),
        _("Needed to keep personal data secure (PDPO principles 1 and 4)."),
    )


def _elsewhere() -> Grounds:
    return Grounds(
        _("Contract or steps towards one; our interest in business contacts."),
        _("Our interest in serving customers well."),
        _("Consent, which can be withdrawn at any time."),
        _("Our interest in security, and legal duties to prove it."),
    )


_LAWS: dict[str, Callable[[], Grounds]] = {"CN": _china, "TW": _taiwan, "HK": _hong_kong}
