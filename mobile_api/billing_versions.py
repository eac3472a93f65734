"""Which state of the subscription a program has seen: it costs money, so whoever changes it says so."""

from __future__ import annotations

import hashlib

import orjson
from flask import Response, g, request

from billing.subscriptions import held
from mobile_api.billing_shape import account_fields
from mobile_api.problems import ApiProblem, problem
from mobile_api.reading import versions_named
from mobile_api.records import shown
from mobile_api.shapes import Fields
from saas_crm.core.errors import VersionConflict
from saas_crm.edge.current import directory
from tenants.context import ActiveTenant


def shown_account(tenant: ActiveTenant) -> Response:
    """Answer with what a workspace has and pays, and its ETag."""
    fields = account_fields(tenant)
    return shown(fields, tag=_tag(fields))


def _tag(fields: Fields) -> str:
    """Return the ETag: the version that changes ask for, and a digest of what is used, which is nobody's change."""
    content = orjson.dumps(fields, option=orjson.OPT_UTC_Z)
    return f'"v{fields["version"]}.{hashlib.blake2b(content, digest_size=6).hexdigest()}"'


def seen_version() -> int | None:
    """Return the version that the writer has seen, None where any will do (`*`); what is shown after a lost race.

    Raises ApiProblem (428) where they do not say, and VersionConflict (412) where it is not what is there.
    """
    g.show_current = _current
    named = request.headers.get("If-Match")
    if named is None:
        raise ApiProblem(problem("precondition-required"))
    versions = versions_named(named, "")
    if versions is None:
        return None
    found = held(g.tenant.id)
    if found is None or found.version not in versions:
        raise VersionConflict(None)
    return found.version


def _current() -> tuple[Fields, str]:
    fields = account_fields(directory().renew(g.tenant.id) or g.tenant)
    return fields, _tag(fields)
