"""Making a workspace from the command line: what the sign-up page does, with the operator vouching."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from uuid import UUID

from saas_crm.access.founding import Founder, found_workspace
from saas_crm.access.mailed import make_link
from saas_crm.access.queries import user_by_email
from saas_crm.access.strength import MAXIMUM, MINIMUM, weakness
from saas_crm.access.unconfirmed import take_over
from saas_crm.app import create_app
from saas_crm.cli.failures import Failure, WrongCall
from saas_crm.core.emails import EmailError, parse_email
from saas_crm.core.places import countries, currency_of, timezone_of
from tenants.context import ActiveTenant
from tenants.db import SHARED, db
from tenants.provisioning import NoSpareReady, SlugTaken, make_spares
from tenants.runtime import runtime_directory, runtime_settings
from tenants.settings import Settings

_WEAK = {
    "short": f"has fewer than {MINIMUM} characters",
    "long": f"is longer than {MAXIMUM} characters",
    "common": "is among the first that are tried",
    "personal": "is hardly more than the person's own name, address or workspace",
    "guessable": "is too easy to guess",
}


@dataclass(frozen=True, slots=True)
class Order:
    """A workspace as the operator ordered it; without a password its owner sets one by a link."""

    slug: str
    name: str
    locale: str
    country: str
    owner_email: str
    owner_name: str | None
    owner_password: str | None


def carry_out(settings: Settings, order: Order) -> tuple[ActiveTenant, str | None]:
    """Found the workspace; returns it and, where the owner needs one, the link that sets a password.

    So does an owner whose address somebody signed up with and never confirmed: that may have been anybody. Raises
    Failure for a slug that is taken and WrongCall for what cannot be.
    """
    if order.country not in countries():
        raise WrongCall(f"{order.country!r} is no country.", "Use its two letters, such as DE.")
    with create_app(settings).app_context():
        founder = _founder(order)
        needs_link = order.owner_password is None and (founder.user_id is None or _taken_over(founder.email))
        tenant, user_id = _claim(order, founder)
        if not needs_link:
            return tenant, None
        with db.engines[SHARED].begin() as connection:
            token = make_link(connection, "reset", user_id)
    return tenant, f"{settings.base_url}/reset/{token}"


def _founder(order: Order) -> Founder:
    """Return the owner-to-be, by their present sign-in if they have one."""
    password = order.owner_password
    try:
        email = parse_email(order.owner_email)
    except EmailError as wrong:
        raise WrongCall(f"{order.owner_email!r}: {wrong.message}") from None
    name = (order.owner_name or "").strip() or email.partition("@")[0]
    workspace = f"{order.name} {order.slug}"
    if password is not None and (weak := weakness(password, email=email, name=name, workspace=workspace)):
        raise WrongCall(f"The password {_WEAK[weak]}.", "Choose a longer one of your own.")
    known = user_by_email(email)
    if known is not None and password is not None:
        raise WrongCall(
            f"{email} has a sign-in already, and its password is not changed from here.",
            "Leave --owner-password out: the present one stays.",
        )
    # Nobody ever learns the random password: the printed link sets the first real one.
    return Founder(name, email, password or secrets.token_urlsafe(32), known.id if known else None)


def _taken_over(email: str) -> bool:
    """Take a sign-in from whoever made it, where nobody has confirmed its address; says whether it was so."""
    user = user_by_email(email)
    if user is None or user.email_verified_at is not None:
        return False
    with db.engines[SHARED].begin() as connection:
        take_over(connection, user.id)
    return True


def _claim(order: Order, founder: Founder) -> tuple[ActiveTenant, UUID]:
    """Claim a spare; where none is ready one is made first."""
    settings = runtime_settings()
    values = {
        "slug": order.slug, "name": order.name, "locale": order.locale, "country": order.country,
        "currency": currency_of(order.country), "timezone": timezone_of(order.country), "base_url": settings.base_url,
    }  # fmt: skip
    for _ in range(3):
        try:
            return found_workspace(runtime_directory(), founder, verified=True, **values)
        except SlugTaken:
            raise Failure(f"The address {order.slug!r} is taken.", "Choose another one.") from None
        except NoSpareReady:
            make_spares(settings.owner_url, settings.database_url, wanted=1)
    raise Failure("All spare workspaces were claimed by others.", "Try again.")
