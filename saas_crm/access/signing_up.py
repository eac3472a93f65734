"""Signing a company up: checks, limits, and patience while a workspace is being made ready."""

from __future__ import annotations

import threading
import time
from uuid import UUID

from sqlalchemy import select

from saas_crm.access.founding import AddressTaken, Founder, found_workspace
from saas_crm.access.queries import user_by_email, user_by_id
from saas_crm.access.rules import SIGN_UPS_PER_ADDRESS
from saas_crm.access.schemas import NewWorkspace, SignUp
from saas_crm.access.sign_in import SignInRefused, authenticate
from saas_crm.access.throttle import count, network_of, throttle_key
from saas_crm.core.errors import InvalidInput
from saas_crm.core.i18n import gettext as _
from saas_crm.core.jobs import defer
from tenants.context import ActiveTenant
from tenants.db import SHARED, db
from tenants.directory import Directory, shared_reader
from tenants.models import Tenant
from tenants.provisioning import NoSpareReady, SlugTaken
from tenants.runtime import runtime_directory

PATIENCE_SECONDS = 5.0
PAUSE_SECONDS = 0.25
_waiting = threading.BoundedSemaphore(2)
"""At most two threads of a process wait for a workspace; the others must go on answering."""


def slug_taken(slug: str) -> bool:
    """Whether a workspace has this address, whatever its state, or had it until lately."""
    with shared_reader() as connection:
        if connection.scalar(select(Tenant.id).where(Tenant.slug == slug)) is not None:
            return True
    return runtime_directory().by_former_slug(slug) is not None


def slug_is_taken_message() -> str:
    """Return what is said beside an address that somebody has."""
    return _("Somebody has this address already. Choose another one.")


def sign_up(data: SignUp, *, directory: Directory, base_url: str, address: str) -> tuple[ActiveTenant, UUID]:
    """Found a workspace for a new person, or for one who gives the password of the sign-in they have.

    A wrong password here does tell that an address has a sign-in, as every sign-up does that lets people
    work at once; so attempts count against the caller's `address`, and guesses against the account as on
    the sign-in page. Raises InvalidInput, TooManyAttempts and NoSpareReady.
    """
    _count_attempt(address)
    user = user_by_email(data.email)
    if user is None:
        return _found(Founder(data.name, data.email, data.password), data, directory, base_url)
    try:
        user_id = authenticate(data.email, data.password, address)
    except SignInRefused:
        raise InvalidInput({"email": _address_taken()}, {"email": "taken"}) from None
    return _found_for(user_id, data, directory, base_url)


def add_workspace(
    data: NewWorkspace, *, user_id: UUID, directory: Directory, base_url: str, address: str
) -> ActiveTenant:
    """Found a further workspace for somebody who is signed in; raises as `sign_up` does."""
    _count_attempt(address)
    return _found_for(user_id, data, directory, base_url)[0]


def _count_attempt(address: str) -> None:
    count({throttle_key("sign-up", network_of(address)): SIGN_UPS_PER_ADDRESS})


def _address_taken() -> str:
    return _("This address has a sign-in with another password. Use that password, or set a new one first.")


def _found_for(user_id: UUID, data: NewWorkspace, directory: Directory, base_url: str) -> tuple[ActiveTenant, UUID]:
    user = user_by_id(user_id)
    if user is None:
        raise SignInRefused
    founder = Founder(user.name, user.email, "", user.id, user.locale, user.timezone, user.photo_digest)
    return _found(founder, data, directory, base_url)


def _found(founder: Founder, data: NewWorkspace, directory: Directory, base_url: str) -> tuple[ActiveTenant, UUID]:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return found_workspace(
                directory, founder, slug=data.slug, name=data.company, locale=data.locale, country=data.country,
                currency=data.currency, timezone=data.timezone, base_url=base_url,
            )  # fmt: skip
        except SlugTaken:
            raise InvalidInput({"slug": slug_is_taken_message()}, {"slug": "taken"}) from None
        except AddressTaken:
            raise InvalidInput({"email": _address_taken()}, {"email": "taken"}) from None
        except NoSpareReady:
            if time.monotonic() > deadline or not _waiting.acquire(blocking=False):
                raise
        try:
            _ask_for_spares()
            time.sleep(PAUSE_SECONDS)
        finally:
            _waiting.release()


def _ask_for_spares() -> None:
    with db.engines[SHARED].begin() as connection:
        defer(connection, "tenants.make_spares", queueing_lock="make_spares")
