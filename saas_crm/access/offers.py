"""Writing invitations: one open for an address, in the place of one that has expired."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from saas_crm.access.models import Invitation
from saas_crm.access.people_changed import PeopleChanged
from saas_crm.core.clock import now
from saas_crm.core.errors import AlreadyExists, InvalidInput
from saas_crm.core.events import publish
from saas_crm.core.i18n import gettext as _
from tenants.db import db


def insert_offers(offers: Sequence[Invitation]) -> None:
    """Write invitations, each in the place of one to the same address that has expired.

    Raises InvalidInput if an address was invited at this very moment by somebody else.
    """
    try:
        with db.session.begin_nested():
            _withdraw_expired([offer.email for offer in offers])
            db.session.add_all(offers)
            db.session.flush()
    except IntegrityError as taken:
        if "uq_invitations_open" not in str(taken.orig):
            raise AlreadyExists(str(offers[0].id)) from taken
        said = {"email": _("This address has an open invitation already.")}
        raise InvalidInput(said, {"email": "owner"}) from taken
    publish(PeopleChanged())


def _withdraw_expired(emails: Sequence[str]) -> None:
    stale = select(Invitation).where(
        Invitation.email.in_(emails), Invitation.accepted_at.is_(None), Invitation.withdrawn_at.is_(None),
        Invitation.expires_at <= now(),
    )  # fmt: skip
    for invitation in db.session.scalars(stale.order_by(Invitation.id).with_for_update()):
        invitation.withdrawn_at = now()
    db.session.flush()
