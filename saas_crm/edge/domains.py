"""A workspace's own domain: what is served there, and what stays at the installation's address.

Who runs a domain may send its visitors past a machine of their own. So a session begun there is good in that workspace
alone, and what belongs to the person in all their workspaces (profile, password, passkeys, the
choice of a workspace) is done at the installation's address only.
"""

from __future__ import annotations

from typing import Any

from flask import g, request
from werkzeug.exceptions import NotFound

from saas_crm.access.factors.passkeys import domain
from saas_crm.edge.current import settings
from saas_crm.edge.declared import Declared, works_on_domains
from tenants.address import address_of, domain_address, slug_address
from tenants.context import ActiveTenant
from tenants.middleware import DOMAIN_KEY, FAILED_KEY, domain_in


class AtMainAddress(Exception):
    """What was asked for belongs to the person and is done at the installation's address, which is `location`."""

    def __init__(self, location: str) -> None:
        super().__init__(location)
        self.location = location


def domain_tenant() -> ActiveTenant | None:
    """Return the workspace at whose own domain this request came in, None at the installation's address.

    Raises what the database raised when it was asked whose domain it is.
    """
    failed: Exception | None = request.environ.get(FAILED_KEY)
    if failed is not None:
        raise failed
    found: ActiveTenant | None = request.environ.get(DOMAIN_KEY)
    return found


def place_of(session_tenant: ActiveTenant | None) -> ActiveTenant | None:
    """Return the workspace in which a session has to be good: the present one, else the one whose domain it is."""
    return session_tenant or request.environ.get(DOMAIN_KEY)


def check_domain(declared: Declared, view: Any) -> bool:
    """Whether the workspace speaks at what was asked for. At its own domain it does not where one signs in and out.

    Of the installation nothing else is served there: raises AtMainAddress for a page of the person, NotFound for all
    else, and for the operators' ways into a workspace.
    """
    if request.environ.get(DOMAIN_KEY) is None:
        return True
    if declared.kind not in ("operator", "operator-door"):
        if declared.place != "outside":
            return True
        if works_on_domains(view):
            return False
    if declared.kind == "signed-in" and request.method in ("GET", "HEAD"):
        raise AtMainAddress(main_address(request.full_path.rstrip("?")))
    raise NotFound


def main_address(path: str) -> str:
    """Return a path of the installation as a link: whole where the request came to a workspace's own domain."""
    return f"{settings().base_url}{path}" if request.environ.get(DOMAIN_KEY) is not None else path


def passkeys_here() -> bool:
    """Whether passkeys can be used at this address: they are made for the installation's, and no other's."""
    return bool(domain()) and request.environ.get(DOMAIN_KEY) is None


def here() -> str:
    """Return the address of the present workspace at which the request came in, without a slash at its end."""
    base_url = settings().base_url
    at_home = domain_tenant()
    known = domain_in(request.host) if at_home is not None else ""
    return domain_address(known, base_url) if known else slug_address(g.tenant, base_url)


def workspace_address() -> str:
    """Return the present workspace's address as it stands in mails, without a slash at its end."""
    return address_of(g.tenant, settings().base_url)
