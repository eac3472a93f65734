"""What the workspace decided about privacy, and the link under which others see its register."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from saas_crm.access.ownership import check_decided
from saas_crm.access.permissions import CurrentMember
from saas_crm.core.audit import record_act
from saas_crm.core.errors import InvalidInput, NotFound
from saas_crm.core.forms import given
from saas_crm.core.i18n import gettext as _
from saas_crm.privacy.models import PrivacySettings
from saas_crm.privacy.rules import KEEP_YEARS, USUAL_KEEP_YEARS
from saas_crm.privacy.schemas import PrivacySettingsWrite
from tenants.db import db, fetch, new_id

keep_years = func.coalesce(select(PrivacySettings.keep_years).scalar_subquery(), USUAL_KEEP_YEARS)
"""The SQL of how many years a customer with a won deal is kept."""


@dataclass(frozen=True, slots=True)
class Decided:
    """The decisions; without `public_token` nobody outside sees the register."""

    keep_years: int = USUAL_KEEP_YEARS
    responsible: str = ""
    public_token: str | None = None
    version: int = 0


def decided() -> Decided:
    """Return what holds, also where nothing was decided."""
    columns = ("keep_years", "responsible", "public_token", "version")
    row = fetch(select(*(getattr(PrivacySettings, name) for name in columns))).first()
    return Decided(*row) if row else Decided()


def held_settings() -> PrivacySettings:
    """Return the one row of decisions, held, and made first where there is none."""
    made = insert(PrivacySettings).values(id=new_id(), keep_years=USUAL_KEEP_YEARS)
    db.session.execute(made.on_conflict_do_nothing())
    held = select(PrivacySettings).with_for_update().execution_options(populate_existing=True)
    return db.session.scalars(held).one()


def decide(data: PrivacySettingsWrite, *, actor: CurrentMember, version: int | None = None) -> None:
    """Save the decisions; raises Forbidden, InvalidInput, VersionConflict."""
    actor.require("privacy:update")
    if data.keep_years not in KEEP_YEARS:
        raise InvalidInput({"keep_years": _("Choose one of the values offered.")}, {"keep_years": "enum"})
    found = held_settings()
    check_decided(found, version)
    for name, value in given(data).items():
        if getattr(found, name) != value:
            setattr(found, name, value)
    db.session.flush()


def open_register(wanted: bool, *, actor: CurrentMember) -> None:
    """Let everybody who has the link see the register, or nobody: a link that was closed never opens again."""
    actor.require("privacy:update")
    found = held_settings()
    if wanted == (found.public_token is not None):
        return
    found.public_token = secrets.token_urlsafe(24) if wanted else None
    record_act(db.session(), "open_register" if wanted else "close_register", "privacy_settings", found.id)
    db.session.flush()


def by_link(token: str) -> Decided:
    """Return the decisions to who has the link; raises NotFound."""
    found = decided()
    if found.public_token is None or not secrets.compare_digest(found.public_token.encode(), token.encode()):
        raise NotFound
    return found
