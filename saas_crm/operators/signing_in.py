"""Operators' own sign-in: password, then always a code; sessions of their own that nothing else opens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection, delete, func, insert, select, update

from saas_crm.access.factors.rules import looks_like_app_code, matching_step, plain_recovery_code
from saas_crm.access.factors.sealing import digests, unseal
from saas_crm.access.passwords import password_matches
from saas_crm.access.rules import PER_ACCOUNT, PER_ADDRESS
from saas_crm.access.sign_in import SignInRefused
from saas_crm.access.throttle import count, forgive, network_of, take_back, throttle_key
from saas_crm.access.tokens import new_token, token_hash
from saas_crm.core.clock import now
from saas_crm.operators.acts import Who, record, record_alone
from saas_crm.operators.models import Operator, OperatorSession
from saas_crm.operators.rules import LIFETIME, PROVEN, is_good
from tenants.db import SHARED, AnyRow, db
from tenants.directory import shared_reader

SEEN_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class SignedInOperator:
    """Who is behind a session; while it is `pending` the code is still owed, and nothing is open."""

    id: UUID
    email: str
    name: str
    session_id: UUID
    pending: bool
    proven_at: datetime | None

    def who(self, origin: Mapping[str, str]) -> Who:
        """Return the same for what is written down."""
        return Who(self.name, self.id, origin)

    @property
    def is_proven(self) -> bool:
        """Whether password and code were given a moment ago."""
        return self.proven_at is not None and now() - self.proven_at < PROVEN


def take_password(email: str, password: str, address: str, *, origin: Mapping[str, str]) -> UUID:
    """Return the id of the operator with this address and password.

    Raises SignInRefused, with the same work for an address that nobody has, somebody who is not set up, or is
    disabled; and TooManyAttempts.
    """
    account, caller = throttle_key("operator", email), throttle_key("operator-from", network_of(address))
    until = count({account: PER_ACCOUNT, caller: PER_ADDRESS})
    with shared_reader() as connection:
        found = connection.execute(select(Operator).where(Operator.email == email)).one_or_none()
    able = found is not None and found.enrolled_at is not None and found.disabled_at is None
    if not password_matches(found.password_hash if able and found else None, password) or found is None:
        # What was typed is not kept where nobody has it: it may be a password in the wrong field.
        record_alone(Who(found.name, found.id, origin) if found else Who("", None, origin), "sign_in_refused")
        raise SignInRefused
    forgive(account)
    take_back(caller, until[caller])
    operator_id: UUID = found.id
    return operator_id


def begin_pending(operator_id: UUID, *, origin: Mapping[str, str]) -> str:
    """Note that a browser gave an operator's password; returns the token it gets, which opens the code's form alone."""
    with db.engines[SHARED].begin() as connection:
        connection.execute(delete(OperatorSession).where(OperatorSession.created_at < now() - LIFETIME))
        return _new_session(connection, operator_id, pending=True, origin=origin)


def take_code(operator: SignedInOperator, typed: str, address: str, *, origin: Mapping[str, str]) -> None:
    """Use a code of the app, or a recovery code, up; raises SignInRefused and TooManyAttempts."""
    account, caller = (
        throttle_key("operator-code", str(operator.id)),
        throttle_key("operator-from", network_of(address)),
    )
    until = count({account: PER_ACCOUNT, caller: PER_ADDRESS})
    with db.engines[SHARED].begin() as connection:
        taken = _used_up(connection, operator.id, typed)
        if not taken:
            record(connection, operator.who(origin), "code_refused")
        elif not looks_like_app_code(typed):
            record(connection, operator.who(origin), "recovery_code_used")
    if not taken:
        raise SignInRefused
    forgive(account)
    take_back(caller, until[caller])


def _used_up(connection: Connection, operator_id: UUID, typed: str) -> bool:
    held = select(Operator.secret, Operator.last_step, Operator.codes).where(
        Operator.id == operator_id, Operator.enrolled_at.is_not(None), Operator.disabled_at.is_(None)
    )
    row = connection.execute(held.with_for_update()).one_or_none()
    if row is None:
        return False
    mine = update(Operator).where(Operator.id == operator_id)
    if looks_like_app_code(typed):
        step = matching_step(unseal(row.secret), typed, now(), after=row.last_step)
        if step is not None:
            connection.execute(mine.values(last_step=step))
        return step is not None
    fitting = [code for code in digests(plain_recovery_code(typed)) if code in row.codes]
    if fitting:
        connection.execute(mine.values(codes=func.array_remove(Operator.codes, fitting[0])))
    return bool(fitting)


def begin_session(operator: SignedInOperator, *, origin: Mapping[str, str]) -> str | None:
    """Open a session in place of the pending one, and return its token; None where that was used up meanwhile."""
    ended = delete(OperatorSession).where(OperatorSession.id == operator.session_id, OperatorSession.pending)
    with db.engines[SHARED].begin() as connection:
        if not connection.execute(ended).rowcount:
            return None
        record(connection, operator.who(origin), "sign_in")
        return _new_session(connection, operator.id, pending=False, origin=origin)


def _new_session(connection: Connection, operator_id: UUID, *, pending: bool, origin: Mapping[str, str]) -> str:
    token = new_token()
    connection.execute(insert(OperatorSession).values(
        token_hash=token_hash(token), operator_id=operator_id, pending=pending,
        proven_at=None if pending else now(), address=origin.get("address", ""), browser=origin.get("browser", ""),
    ))  # fmt: skip
    return token


def session_operator(token: str) -> SignedInOperator | None:
    """Return who is behind a token; None if it is unknown or over, or the operator is disabled."""
    query = (
        select(
            Operator.id, Operator.email, Operator.name, OperatorSession.id.label("session_id"),
            OperatorSession.pending, OperatorSession.proven_at, OperatorSession.created_at, OperatorSession.seen_at,
        )
        .join(OperatorSession, OperatorSession.operator_id == Operator.id)
        .where(OperatorSession.token_hash == token_hash(token), Operator.disabled_at.is_(None),
               Operator.enrolled_at.is_not(None))
    )  # fmt: skip
    with shared_reader() as connection:
        row: AnyRow = connection.execute(query).one_or_none()
        if row is None or not is_good(row.created_at, row.seen_at, now(), pending=row.pending):
            return None
        if not row.pending and now() - row.seen_at > SEEN_EVERY:
            seen = update(OperatorSession).where(OperatorSession.id == row.session_id)
            connection.execute(seen.values(seen_at=now()))
    return SignedInOperator(row.id, row.email, row.name, row.session_id, row.pending, row.proven_at)


def note_proof(operator: SignedInOperator) -> None:
    """Note that password and code were given again."""
    mine = update(OperatorSession).where(OperatorSession.id == operator.session_id)
    with db.engines[SHARED].begin() as connection:
        connection.execute(mine.values(proven_at=now()))


def end_session(operator: SignedInOperator, *, origin: Mapping[str, str]) -> None:
    """Sign this browser out."""
    with db.engines[SHARED].begin() as connection:
        connection.execute(delete(OperatorSession).where(OperatorSession.id == operator.session_id))
        if not operator.pending:
            record(connection, operator.who(origin), "sign_out")
