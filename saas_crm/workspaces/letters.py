"""What the owners of a workspace are told by mail about its end and its archives, each in their own language."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from babel.dates import format_date

from saas_crm.core.i18n import gettext as _
from saas_crm.core.i18n import in_language, ngettext, spoken
from saas_crm.core.mail import Letter, send
from tenants.standing import BILLING

_OWNERS = """
    SELECT m.name, m.email, m.locale FROM members m JOIN roles r ON r.id = m.role_id
    WHERE r.key = 'owner' AND m.status = 'active' AND m.deleted_at IS NULL ORDER BY m.id
"""


@dataclass(frozen=True, slots=True)
class Reader:
    """Whom a letter goes to."""

    name: str
    email: str
    locale: str


def owners_of(connection: psycopg.Connection[Any]) -> list[Reader]:
    """Return the owners of the workspace whose tables are on the connection's path."""
    return [Reader(*row) for row in connection.execute(_OWNERS)]


def post(connection: psycopg.Connection[Any], readers: Iterable[Reader], write: Callable[[Reader], Letter]) -> int:
    """Queue a letter to each reader in the transaction at hand; returns how many."""
    count = 0
    for reader in readers:
        with in_language(reader.locale):
            send(connection, write(reader))
        count += 1
    return count


def deletion_asked(reader: Reader, workspace: str, who: str, due: datetime, url: str) -> Letter:
    """Tell that somebody asked for the deletion, and that it can be taken back."""
    return Letter(
        reader.email,
        _("%(workspace)s will be deleted on %(date)s", workspace=workspace, date=_day(due)),
        [
            _("Hello %(name)s,", name=reader.name),
            _("%(who)s asked for the workspace %(workspace)s to be deleted.", who=who, workspace=workspace)
            if who != BILLING
            else _("The subscription of the workspace %(workspace)s is over, and nobody has chosen a plan since.",
                   workspace=workspace),
            _("Until %(date)s it is closed to its members. You can read everything, take it along as an archive, and "
              "keep the workspace after all with one click. After that day nothing of it is left, and no backup.",
              date=_day(due)),
        ],
        (_("See the workspace"), url),
    )  # fmt: skip


def deletion_near(reader: Reader, workspace: str, days: int, due: datetime, url: str) -> Letter:
    """Remind that the day comes near."""
    return Letter(
        reader.email,
        ngettext("%(workspace)s will be deleted in %(num)s day", "%(workspace)s will be deleted in %(num)s days", days,
                 workspace=workspace),
        [
            _("Hello %(name)s,", name=reader.name),
            _("on %(date)s the workspace %(workspace)s will be deleted, with everything in it and all its backups.",
              date=_day(due), workspace=workspace),
            _("Until then you can take everything along as an archive, or keep the workspace after all."),
        ],
        (_("See the workspace"), url),
    )  # fmt: skip


def deletion_done(reader: Reader, workspace: str, number: str, *, stays: bool = False) -> Letter:
    """Tell that nothing is left; or what others have to keep, where something `stays` with them."""
    kept = _("What was paid for it has ended. The invoices stay with the payment service, because they have to be kept "
             "by law.")  # fmt: skip
    return Letter(
        reader.email,
        _("%(workspace)s is deleted", workspace=workspace),
        [
            _("Hello %(name)s,", name=reader.name),
            _("the workspace %(workspace)s is deleted: its records, files, members and backups are gone.",
              workspace=workspace),
            *([kept] if stays else []),
            _("The certificate of it has the number %(number)s.", number=number),
        ],
    )  # fmt: skip


def domain_lost(reader: Reader, workspace: str, domain: str, due: datetime, url: str) -> Letter:
    """Tell that the record which showed the domain to be theirs is gone, and what happens if it stays so."""
    return Letter(
        reader.email,
        _("%(domain)s: the DNS record is gone", domain=domain),
        [
            _("Hello %(name)s,", name=reader.name),
            _("the workspace %(workspace)s is served at %(domain)s. The TXT record that shows that this domain is "
              "yours cannot be found any more.", workspace=workspace, domain=domain),
            _("If it is not there again by %(date)s, the workspace is no longer served at this domain. At its usual "
              "address it stays as it is.", date=_day(due)),
        ],
        (_("See the domain"), url),
    )  # fmt: skip


def archive_ready(reader: Reader, workspace: str, days: int, url: str) -> Letter:
    """Tell that the archive can be downloaded."""
    return Letter(
        reader.email,
        _("The archive of %(workspace)s is ready", workspace=workspace),
        [
            _("Hello %(name)s,", name=reader.name),
            ngettext("the archive that you asked for can be downloaded for %(num)s day, by you alone.",
                     "the archive that you asked for can be downloaded for %(num)s days, by you alone.", days),
        ],
        (_("To the archive"), url),
        footer=_("If you did not ask for it, change your password and tell the owner of the workspace."),
    )  # fmt: skip


def _day(moment: datetime) -> str:
    """Write the day of a moment in the time zone it is given in: the workspace's."""
    return str(format_date(moment, "long", locale=spoken()))
