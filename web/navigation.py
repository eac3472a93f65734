"""The entries of the phone's bottom bar, the desktop's sidebar and the profile menu.

Who may open what is decided by the caller, in Python: an address that is not passed has no entry.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from saas_crm.core.i18n import gettext as _


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: `key` is compared with the page's `active`, and `part_of` with its group."""

    key: str
    label: str
    href: str
    icon: str
    part_of: str = ""


@dataclass(frozen=True, slots=True)
class Navigation:
    """What `layout.html` shows; `urls` are the addresses as given."""

    main: tuple[Entry, ...]
    more: tuple[Entry, ...]
    bar: tuple[Entry, ...]
    urls: Mapping[str, str] = field(hash=False)


def navigation(urls: Mapping[str, str]) -> Navigation:
    """Build the entries in the reader's language.

    Keys of `urls`, all optional: today, companies, contacts, deals, search, log, bin, settings, handed, profile,
    workspaces, signout.
    """

    def entry(key: str, label: str, icon: str, part_of: str = "") -> tuple[Entry, ...]:
        return (Entry(key, label, urls[key], icon, part_of),) if key in urls else ()

    customers = "companies" if "companies" in urls else "contacts"
    return Navigation(
        main=(
            *entry("today", _("Today"), "sun"),
            *entry("companies", _("Companies"), "building-2", "customers"),
            *entry("contacts", _("Contacts"), "users", "customers"),
            *entry("deals", _("Deals"), "handshake"),
        ),
        more=(*entry("bin", _("Recycle bin"), "trash-2"), *entry("settings", _("Settings"), "settings")),
        bar=(
            *entry("today", _("Today"), "sun"),
            *entry(customers, _("Customers"), "building-2", "customers"),
            *entry("deals", _("Deals"), "handshake"),
            *entry("search", _("Search"), "search"),
        ),
        urls=urls,
    )
