"""A write that is sent twice happens once: the answer is kept with the key, in the transaction of the change.

The key is claimed before the work begins, so that the same request at the same moment waits for the first,
and then gets its answer. An error leaves nothing behind, neither a change nor a claim: the key is free again.

What the member may see can change within the 24 hours. So with the answer is kept what it was made under, and where
that is not so any more, its body is not told again: the answer is 204, which still says that all is done, and where
the record is, so that it can be read as it may be read now.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any, cast

from flask import Response, request
from sqlalchemy import bindparam, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import OperationalError

from mobile_api.problems import ApiProblem, problem
from saas_crm.access.permissions import CurrentMember
from saas_crm.core.clock import now
from saas_crm.core.idempotency import IdempotencyKey
from saas_crm.edge.current import current_member
from tenants.db import db, run

LIFETIME = timedelta(hours=24)
KEPT_HEADERS = ("Content-Type", "ETag", "Location")
MADE_UNDER = "Made-Under"
"""What is kept beside the headers and never sent: a digest of all by which a member sees what they see."""
_CANCELLED = ("57014", "55P03")  # the statement or the lock took too long

# Built once, on the table itself: the machinery for writing objects takes longer than PostgreSQL does.
_KEYS: Any = IdempotencyKey.__table__
_NEW = insert(_KEYS)
_CLAIM = (
    _NEW.values(
        member_id=bindparam("member_id"), key=bindparam("key"), fingerprint=bindparam("fingerprint"), status=None,
        headers=bindparam("headers"), body=None, created_at=func.now(),
    )
    .on_conflict_do_update(
        index_elements=["member_id", "key"],
        set_={name: _NEW.excluded[name] for name in ("fingerprint", "status", "headers", "body", "created_at")},
        where=_KEYS.c.created_at < bindparam("ended"),
    )
    .returning(_KEYS.c.key)
)  # fmt: skip
_KEEP = (
    update(_KEYS)
    .where(_KEYS.c.member_id == bindparam("whose"), _KEYS.c.key == bindparam("which"))
    .values(status=bindparam("status"), body=bindparam("body"), headers=bindparam("headers"))
)


def claim(key: str) -> Response | None:
    """Claim a key for this request; return the answer that it had already, if it had one.

    Waits while the same key is being worked on. Raises ApiProblem: 422 when the key was used for another
    request, 409 when the first takes too long.
    """
    fingerprint = _fingerprint()
    if _take(key, fingerprint):
        return None
    kept = db.session.execute(
        select(IdempotencyKey.fingerprint, IdempotencyKey.status, IdempotencyKey.headers, IdempotencyKey.body).where(
            IdempotencyKey.member_id == current_member().id, IdempotencyKey.key == key
        )
    ).one_or_none()
    if kept is None:  # forgotten between the two statements
        raise _in_progress()
    if kept.fingerprint != fingerprint:
        raise ApiProblem(problem("key-reused"))
    headers = cast("dict[str, str]", dict(kept.headers))
    if headers.pop(MADE_UNDER, None) == _sight(current_member()):
        return _again(kept.status, headers, kept.body)
    return _again(204, {name: headers[name] for name in ("Location",) if name in headers})


def _again(status: int, headers: dict[str, str], body: bytes | None = None) -> Response:
    answer = Response(body, status)
    answer.headers.clear()  # an answer without a body had no Content-Type either
    answer.headers.extend({**headers, "Idempotent-Replayed": "true"})
    return answer


def keep(key: str, response: Response) -> None:
    """Keep a good answer for the next time; it is committed with the change or not at all."""
    headers = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
    headers[MADE_UNDER] = _sight(current_member())
    run(
        db.session(),
        _KEEP,
        {
            "whose": current_member().id, "which": key, "status": response.status_code, "body": response.get_data(),
            "headers": headers,
        },
    )  # fmt: skip


def _take(key: str, fingerprint: bytes) -> bool:
    """Write the claim; one of more than 24 hours ago counts no more."""
    values = {
        "member_id": current_member().id, "key": key, "fingerprint": fingerprint, "headers": {},
        "ended": now() - LIFETIME,
    }  # fmt: skip
    try:
        return run(db.session(), _CLAIM, values).one_or_none() is not None
    except OperationalError as failed:
        if getattr(failed.orig, "sqlstate", "") in _CANCELLED:
            raise _in_progress() from failed
        raise


def _fingerprint() -> bytes:
    """Return a digest of what is asked: the method, the address and every byte of the body."""
    digest = hashlib.sha256(f"{request.method} {request.full_path}\n".encode())
    digest.update(request.get_data())
    return digest.digest()


def _sight(member: CurrentMember) -> str:
    """Return a digest of what decides what a member sees: permissions and scopes, rules of fields, teams and walls."""
    rules = (sorted(member.permissions.items()), sorted(member.fields.items()))
    reach = (member.team_id, sorted(member.teams), sorted(member.walls), member.shares, member.children_follow)
    return hashlib.blake2b(repr((rules, reach)).encode(), digest_size=12).hexdigest()


def _in_progress() -> ApiProblem:
    return ApiProblem(problem("in-progress"), {"Retry-After": "1"})
