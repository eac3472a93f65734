"""Addresses that a workspace had until lately: they lead on for whom they led anywhere."""

from __future__ import annotations

from typing import NoReturn

from flask import current_app, request, session
from werkzeug.exceptions import NotFound

from saas_crm.access.queries import member_of_token
from saas_crm.access.sessions import SignedInUser, only_in, session_user, workspaces_of
from saas_crm.edge.current import NotSignedIn, directory, user_or_none
from saas_crm.edge.declared import leads_on
from tenants.context import ActiveTenant
from tenants.db import tenant_scope


class WorkspaceMoved(Exception):
    """The workspace has another address; `location` is the same page there."""

    def __init__(self, location: str) -> None:
        super().__init__(location)
        self.location = location


def lead_on(slug: str, *, token: str | None) -> NoReturn:
    """Raise WorkspaceMoved for who may know of the workspace that had this slug; else NotFound or NotSignedIn.

    What has a secret in its address leads everybody on (an invitation, the public register); all else only members, and
    who is not signed in signs in first. `token` is what a program sent, None for a browser: without a good one it is
    told what it would be told of a workspace that never was.
    """
    tenant = directory().by_former_slug(slug)
    if tenant is None or not (_is_public() or _knows(tenant, token)):
        raise NotFound
    former = request.script_root
    path = request.full_path if request.query_string else request.path
    raise WorkspaceMoved(f"{former.removesuffix(slug)}{tenant.slug}{path}")


def _is_public() -> bool:
    return leads_on(request.endpoint and current_app.view_functions[request.endpoint])


def _by_provider_of(tenant: ActiveTenant) -> SignedInUser | None:
    """Return who came in by the workspace's identity provider: at its former address nobody knows that session."""
    kept = session.get("_user_id")
    return session_user(kept) if isinstance(kept, str) and only_in(kept) == tenant.id else None


def _knows(tenant: ActiveTenant, token: str | None) -> bool:
    if token is not None:
        with tenant_scope(tenant):
            return member_of_token(token) is not None
    user = user_or_none() or _by_provider_of(tenant)
    if user is None:
        raise NotSignedIn
    return any(found.slug == tenant.slug for found in workspaces_of(user.id))
