"""Changing how a workspace looks."""

from __future__ import annotations

from sqlalchemy import ColumnElement, func, select

from saas_crm.access.looks.rules import USUAL, is_colour, is_readable, suggestion
from saas_crm.access.models import Policy
from saas_crm.access.ownership import check_decided
from saas_crm.access.permissions import CurrentMember
from saas_crm.access.photos import Photo
from saas_crm.access.policy import own_policy
from saas_crm.core import limits
from saas_crm.core.errors import InvalidInput, NotFound
from saas_crm.core.i18n import gettext as _
from tenants.context import current_tenant
from tenants.db import db


def choose_accent(accent: str | None, *, actor: CurrentMember, version: int | None = None) -> None:
    """Give the workspace an accent, or with None the usual one.

    Raises Forbidden, VersionConflict, and InvalidInput for one that cannot be read, with one that can.
    """
    actor.require("workspace:update")
    if accent is not None and not is_colour(accent):
        raise InvalidInput({"accent": _("Write a colour as %(colour)s.", colour=USUAL)}, {"accent": "colour"})
    if accent is not None and not is_readable(accent):
        message = _("On a light page this is too pale to read. %(colour)s would do.", colour=suggestion(accent))
        raise InvalidInput({"accent": message}, {"accent": "contrast"})
    found = own_policy("accent")
    check_decided(found, version)
    found.accent = accent
    db.session.flush()


def put_logo(logo: Photo | None, *, actor: CurrentMember) -> None:
    """Give the workspace a logo, or take it away; raises Forbidden, and LimitReached where the plan has no room.

    It takes the place of the former one: what is smaller than that needs no room.
    """
    actor.require("workspace:update")
    if logo is not None and current_tenant().plan.most("storage_bytes") is not None:
        former = db.session.scalar(select(func.octet_length(Policy.logo))) or 0
        if len(logo.content) > former:
            limits.make_room("storage_bytes", len(logo.content) - former)
    found = own_policy("logo_digest")
    found.logo = logo.content if logo else None
    found.logo_digest = logo.digest if logo else None
    db.session.flush()


def stored_bytes() -> ColumnElement[int]:
    """Return the expression for how many bytes of files a workspace keeps: its logo, so far."""
    return select(func.sum(func.octet_length(Policy.logo))).scalar_subquery()


def logo(digest: str) -> bytes:
    """Return the workspace's logo; raises NotFound. The digest is part of its address, so that may be kept for ever."""
    found = db.session.scalar(select(Policy.logo).where(Policy.logo_digest == digest))
    if found is None:
        raise NotFound
    return found


def looks_version() -> int:
    """Return the version of the row that says how the workspace looks, 0 before there is one."""
    return db.session.scalar(select(Policy.version)) or 0


limits.counted("storage_bytes", stored_bytes)
