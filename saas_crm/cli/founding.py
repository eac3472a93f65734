"""Making a workspace from the command line: what the sign-up page does, with the operator vouching."""

from __future__ import annotations

import secrets

from babel.core import get_global
from babel.numbers import get_territory_currencies

from saas_crm.access.founding import Founder, found_workspace
from saas_crm.access.mailed import make_link
from saas_crm.access.passwords import weakness
from saas_crm.access.queries import user_by_email
from saas_crm.app import create_app
from saas_crm.cli.failures import WRONG_CALL, Failure
from saas_crm.core.emails import EmailError, parse_email
from tenants.context import ActiveTenant
from tenants.db import SHARED, db
from tenants.directory import Directory
from tenants.provisioning import NoSpareReady, SlugTaken, make_spares
from tenants.settings import Settings

_WEAK = {
    "short": "has fewer than 10 characters",
    "long": "is longer than 1,000 characters",
    "common": "is among the first that are tried",
    "personal": "is the person's own name or address",
}


def founder_of(settings: Settings, email: str, name: str | None, password: str | None) -> Founder:
    """Return the owner-to-be, their present sign-in if they have one; raises Failure for a bad address or password."""
    try:
        address = parse_email(email)
    except EmailError as wrong:
        raise Failure(f"{email!r}: {wrong.message}", exit_code=WRONG_CALL) from None
    name = (name or "").strip() or address.partition("@")[0]
    if password is not None and (weak := weakness(password, email=address, name=name)):
        raise Failure(f"The password {_WEAK[weak]}.", "Choose a longer one of your own.", exit_code=WRONG_CALL)
    with create_app(settings).app_context():
        known = user_by_email(address)
    if known is not None and password is not None:
        raise Failure(
            f"{address} has a sign-in already, and its password is not changed from here.",
            "Leave --owner-password out: the present one stays.",
            exit_code=WRONG_CALL,
        )
    # Nobody ever learns this password: the printed link sets the first real one.
    return Founder(name, address, password or secrets.token_urlsafe(32), known.id if known else None)


def found(
    settings: Settings, founder: Founder, *, slug: str, name: str, locale: str, country: str, wants_link: bool
) -> tuple[ActiveTenant, str | None]:
    """Found the workspace; returns it and the link that sets the owner's password if one is needed.

    Makes a spare first when none is ready. Raises Failure when the slug is taken.
    """
    currency, timezone = money_and_time(country)
    app = create_app(settings)
    with app.app_context():
        directory: Directory = app.extensions["directory"]
        for attempt in (1, 2):
            try:
                tenant, user_id = found_workspace(
                    directory, founder, slug=slug, name=name, locale=locale, country=country, currency=currency,
                    timezone=timezone, base_url=settings.base_url, verified=True,
                )  # fmt: skip
                break
            except SlugTaken:
                raise Failure(f"The address {slug!r} is taken.", "Choose another one.") from None
            except NoSpareReady:
                if attempt == 2:
                    raise Failure("All spare workspaces were claimed by others.", "Try again.") from None
                make_spares(settings.owner_url, settings.database_url, wanted=1)
        if founder.user_id is not None or not wants_link:
            return tenant, None
        with db.engines[SHARED].begin() as connection:
            token = make_link(connection, "reset", user_id)
    return tenant, f"{settings.base_url}/reset/{token}"


def money_and_time(country: str) -> tuple[str, str]:
    """Return a country's currency and its (first) time zone, after CLDR; raises Failure for no country."""
    currencies = get_territory_currencies(country)
    zones = [zone for zone, territory in get_global("zone_territories").items() if territory == country]
    if not currencies or not zones:
        raise Failure(f"{country!r} is no country.", "Use its two letters, such as DE.", exit_code=WRONG_CALL)
    return currencies[0], _PREFERRED.get(country, sorted(zones)[0])


_PREFERRED = {
    "US": "America/New_York", "CN": "Asia/Shanghai", "DE": "Europe/Berlin", "CA": "America/Toronto",
    "AU": "Australia/Sydney", "BR": "America/Sao_Paulo", "RU": "Europe/Moscow", "MX": "America/Mexico_City",
    "ES": "Europe/Madrid", "PT": "Europe/Lisbon", "NZ": "Pacific/Auckland", "CL": "America/Santiago",
    "ID": "Asia/Jakarta", "UA": "Europe/Kyiv", "KZ": "Asia/Almaty", "AR": "America/Argentina/Buenos_Aires",
}  # fmt: skip
"""Where most people of a country with several time zones live."""
