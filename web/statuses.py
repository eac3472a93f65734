"""Which status an error is answered with."""

from __future__ import annotations

from flask import request
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException

from saas_crm.access.throttle import TooManyAttempts
from saas_crm.core.errors import AlreadyExists, Forbidden, InvalidInput, NamesGone, NotFound, VersionConflict
from saas_crm.core.saving import contradicts
from tenants.provisioning import NoSpareReady


def status_of(error: Exception) -> int:
    """Return the status of the answer to what has gone wrong; 500 for what nobody knows."""
    if isinstance(error, NamesGone) and error.errors.keys() & (request.view_args or {}).keys():
        return 404  # what the address names has just gone
    if isinstance(error, HTTPException):
        return error.code or 500
    by_kind: tuple[tuple[type[Exception], int], ...] = (
        (NotFound, 404), (Forbidden, 403), (InvalidInput, 422), (VersionConflict, 409), (StaleDataError, 409),
        (AlreadyExists, 409), (TooManyAttempts, 429), (NoSpareReady, 503), (PoolTimeout, 503), (OperationalError, 503),
    )  # fmt: skip
    for kind, status in by_kind:
        if isinstance(error, kind):
            return status
    if contradicts(error):
        return 409
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return 503
    return 500
