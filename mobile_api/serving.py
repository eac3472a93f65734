"""From declared operations to routes: what is described is what is read, and nothing else is."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial, wraps
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, g, request
from sqlalchemy import or_, select, update

from mobile_api import idempotency
from mobile_api.limiting import count_request, tell_limit
from mobile_api.openapi import Operation, Registry
from mobile_api.reading import MAX_BODY, read_body, read_idempotency_key, read_query, refuse_query
from mobile_api.registry import BASE
from saas_crm.access.models import ApiToken
from saas_crm.core.audit import record_act
from saas_crm.core.clock import now
from saas_crm.edge.input import input_context
from tenants.db import db
from tenants.one_at_a_time import let_go
from tenants.versions import lacks_tables

View = Callable[..., Response]
SEEN_EVERY = 600.0  # seconds
TOLD_OF_WRITES = timedelta(days=1)
"""So long ago a use must be for one that writes to be noted: what only ever writes is in use, too."""


def routes(registry: Registry) -> Blueprint:
    """Return the blueprint with a route for every operation, all of them without the browser's session."""
    bp = Blueprint("api", __name__, url_prefix=BASE)
    for operation, view in registry.bound():
        bp.add_url_rule(operation.path, operation.operation_id, _reading(operation, view), methods=[operation.method])
    bp.before_request(_begin)
    bp.after_request(tell_limit)
    return bp


def _begin() -> None:
    request.max_content_length = MAX_BODY
    count_request()
    if "token_id" in g and (request.method == "GET" or now() - g.token_used_at > TOLD_OF_WRITES):
        _mark_used(g.token_id)


def _reading(operation: Operation, view: Callable[..., Any]) -> View:
    """Return the view that reads query and body as described, and hands them over as `query` and `body`."""

    @wraps(view)
    def answer(**given: Any) -> Response:
        if operation.query_model is not None:
            given["query"] = read_query(operation.query_model, request.args.items(multi=True), context=input_context())
        else:
            refuse_query(request.args.items(multi=True))
        if operation.request_model is not None:
            given["body"] = read_body(
                operation.request_model, request.get_data(), request.content_type,
                allowed=operation.body_types, context=input_context(),
            )  # fmt: skip
        outside = operation.tag == "billing"
        if outside:
            let_go(keep=True)  # Stripe is asked, and nothing is open then; written was only when a token was used
        if operation.idempotent:
            return _once(partial(view, **given), outside=outside)
        response: Response = view(**given)
        return response

    return answer


def _once(work: Callable[[], Response], *, outside: bool) -> Response:
    """Do the work once for a key. What asks `outside` holds no key meanwhile: it looks first, and is once by that."""
    key = read_idempotency_key(request.headers.get("Idempotency-Key"))
    if key is None:
        return work()
    known = idempotency.claim(key)
    if known is not None:
        return known
    if outside:
        db.session.rollback()
    response = work()
    if outside and (known := idempotency.claim(key)) is not None:
        return known
    idempotency.keep(key, response)
    return response


_seen: dict[UUID, float] = {}
"""When this process last noted the use of each token, so that hardly any request writes it down."""


def _mark_used(token_id: UUID) -> None:
    """Note now and then that a token is in use; hardly ever with writes, which have no statements to spare."""
    moment = time.monotonic()
    if _seen.get(token_id, -SEEN_EVERY) > moment - SEEN_EVERY:
        return
    if len(_seen) > 10_000:
        _seen.clear()
    _seen[token_id] = moment
    earlier = now() - timedelta(seconds=SEEN_EVERY)
    unmarked = or_(ApiToken.last_used_at.is_(None), ApiToken.last_used_at < earlier)
    before = select(ApiToken.id, ApiToken.last_used_at).where(ApiToken.id == token_id, unmarked).with_for_update().cte()
    marking = (
        update(ApiToken)
        .where(ApiToken.id == before.c.id)
        .values(last_used_at=now(), updated_at=ApiToken.updated_at, **_place())
        .returning(before.c.last_used_at)
        .execution_options(synchronize_session=False)
    )
    marked = db.session.execute(marking).one_or_none()
    if marked is not None and marked[0] is None:
        record_act(db.session(), "first_use", "token", token_id)


def _place() -> dict[str, str]:
    """Return from where a token is used, as it is noted; a workspace that is a release behind has no place for it."""
    return {} if lacks_tables(g.tenant) else {"address": request.remote_addr or ""}
