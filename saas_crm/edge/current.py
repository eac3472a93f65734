"""Who asks, as the views see it."""

from __future__ import annotations

from flask import g
from flask_login import current_user

from saas_crm.access.permissions import CurrentMember
from saas_crm.access.sessions import SignedInUser
from tenants.directory import Directory
from tenants.runtime import runtime_directory, runtime_settings
from tenants.settings import Settings


class NotSignedIn(Exception):
    """The endpoint needs a sign-in and there is none."""


def current_member() -> CurrentMember:
    """Return the member who asks; raises NotSignedIn on endpoints that have none."""
    member: CurrentMember | None = g.get("member")
    if member is None:
        raise NotSignedIn
    return member


def member_or_none() -> CurrentMember | None:
    """Return the member who asks, or None."""
    found: CurrentMember | None = g.get("member")
    return found


def user_or_none() -> SignedInUser | None:
    """Return the signed-in person, or None."""
    user = current_user._get_current_object() if current_user else None
    return user if isinstance(user, SignedInUser) else None


def signed_in_user() -> SignedInUser:
    """Return the signed-in person; raises NotSignedIn."""
    user = user_or_none()
    if user is None:
        raise NotSignedIn
    return user


def settings() -> Settings:
    """Return the application's settings."""
    return runtime_settings()


def directory() -> Directory:
    """Return the application's directory of tenants."""
    return runtime_directory()
