"""An operator looks into a workspace: by its consent, as one of its members, without changing anything, for minutes.

Each is in the workspace's own log and in the operators'; whether it still holds is asked anew on every request.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb
from sqlalchemy import func, insert, or_, select, update
from sqlalchemy.exc import ProgrammingError

from saas_crm.access.permissions import CurrentMember
from saas_crm.access.queries import member_by_id
from saas_crm.access.tokens import new_token, token_hash
from saas_crm.core.clock import now
from saas_crm.core.errors import NotFound
from saas_crm.operators.acts import Place, Who, record, record_alone
from saas_crm.operators.consents import in_force
from saas_crm.operators.letters import begun
from saas_crm.operators.models import Operator, OperatorSession, OperatorVisit
from saas_crm.operators.rules import LONGEST_VISIT, TICKET, end_of_visit
from saas_crm.operators.signing_in import SignedInOperator
from saas_crm.workspaces.letters import owners_of, post
from tenants.context import ActiveTenant, entry_statement
from tenants.db import SHARED, AnyRow, db, new_id, tenant_scope
from tenants.directory import shared_reader
from tenants.migrate import connect

_LINE = (
    "INSERT INTO audit_log (id, through, action, resource, record_id, changes, origin)"
    " VALUES (%s, 'command', %s, 'member', %s, %s, %s)"
)
_LIMIT_MS = 15_000


@dataclass(frozen=True, slots=True)
class Visit:
    """Who looks in, as whom, by which consent, and until when at most."""

    id: UUID
    operator: str
    member_id: UUID
    consent_id: UUID
    until: datetime


class NotAllowed(Exception):
    """The workspace does not let anybody look in now, or this member cannot be looked as; `why` says which."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def consent_of(tenant: ActiveTenant) -> AnyRow | None:
    """Return the consent that a workspace gives now; None also where its tables are a release behind."""
    with tenant_scope(tenant):
        try:
            return in_force()
        except ProgrammingError as failed:
            if isinstance(failed.orig, psycopg.errors.UndefinedTable):
                return None
            raise


def ask_in(
    operator: SignedInOperator, tenant: ActiveTenant, member_id: UUID, *, origin: Mapping[str, str]
) -> str:  # fmt: skip
    """Return a ticket to look in as a member, good once and for a minute, in this browser; raises NotAllowed.

    What is refused is written down too.
    """
    return ticket_for(operator.who(origin), operator.id, operator.session_id, tenant, member_id)


def ticket_for(who: Who, operator_id: UUID, session_id: UUID, tenant: ActiveTenant, member_id: UUID) -> str:
    """Return a new ticket of an operator for the browser that has this session; raises NotAllowed."""
    consent = check_allowed(who, tenant, member_id)
    ticket = new_token()
    with db.engines[SHARED].begin() as connection:
        connection.execute(insert(OperatorVisit).values(
            operator_id=operator_id, session_id=session_id, tenant_id=tenant.id, member_id=member_id,
            consent_id=consent.id, ticket_hash=token_hash(ticket), until=end_of_visit(now(), consent.until),
        ))  # fmt: skip
    return ticket


def check_allowed(who: Who, tenant: ActiveTenant, member_id: UUID) -> AnyRow:
    """Return the consent by which one may look in as this member now; raises NotAllowed, and writes that down."""
    consent = consent_of(tenant)
    member = _member(tenant, member_id) if consent is not None else None
    if consent is None or member is None:
        why = "consent" if consent is None else "rights"
        record_alone(who, "look_in_refused", Place(tenant.id, tenant.slug), why=why)
        raise NotAllowed(why)
    return consent


def _member(tenant: ActiveTenant, member_id: UUID) -> CurrentMember | None:
    with tenant_scope(tenant):
        try:
            return member_by_id(member_id)
        except NotFound:
            return None


def begin(
    operator: SignedInOperator, tenant: ActiveTenant, ticket: str, *, origin: Mapping[str, str], database_url: str,
    log_url: str,
) -> Visit:  # fmt: skip
    """Use a ticket up, here and in this browser; the workspace's log and its owners are told. Raises NotAllowed."""
    who, place = operator.who(origin), Place(tenant.id, tenant.slug)
    used = (
        update(OperatorVisit)
        .where(
            OperatorVisit.ticket_hash == token_hash(ticket), OperatorVisit.begun_at.is_(None),
            OperatorVisit.ended_at.is_(None),
            OperatorVisit.asked_at > now() - TICKET, OperatorVisit.tenant_id == tenant.id,
            OperatorVisit.session_id == operator.session_id,
        )
        .values(begun_at=func.now())
        .returning(OperatorVisit.id, OperatorVisit.member_id, OperatorVisit.consent_id, OperatorVisit.until)
    )  # fmt: skip
    with db.engines[SHARED].begin() as connection:
        row = connection.execute(used).one_or_none()
        if row is not None:
            record(connection, who, "look_in", place, member=str(row.member_id), until=row.until.isoformat())
    if row is None:
        record_alone(who, "look_in_refused", place, why="ticket")
        raise NotAllowed("ticket")
    found = Visit(row.id, operator.name, row.member_id, row.consent_id, row.until)
    _tell(database_url, tenant, found, "support_begin", origin=origin, log_url=log_url,
          changes={"until": [None, found.until.isoformat()]})  # fmt: skip
    return found


def visit_of(visit_id: UUID, operator_token: str) -> Visit | None:
    """Return a visit that goes on in this browser, while its operator is signed in; None for any other."""
    query = (
        select(OperatorVisit.id, Operator.name, OperatorVisit.member_id, OperatorVisit.consent_id, OperatorVisit.until)
        .join(Operator, Operator.id == OperatorVisit.operator_id)
        .join(OperatorSession, OperatorSession.id == OperatorVisit.session_id)
        .where(
            OperatorVisit.id == visit_id, OperatorSession.token_hash == token_hash(operator_token),
            OperatorVisit.begun_at > now() - LONGEST_VISIT, OperatorVisit.ended_at.is_(None),
            OperatorVisit.until > now(), Operator.disabled_at.is_(None),
        )
    )  # fmt: skip
    with shared_reader() as connection:
        row = connection.execute(query).one_or_none()
    return Visit(*row) if row else None


def end(visit_id: UUID, tenant: ActiveTenant, why: str, *, origin: Mapping[str, str], database_url: str) -> None:
    """Note that looking in has ended: once, in both logs."""
    ended = (
        update(OperatorVisit)
        .where(OperatorVisit.id == visit_id, OperatorVisit.ended_at.is_(None), OperatorVisit.tenant_id == tenant.id)
        .values(ended_at=func.now(), why=why)
        .returning(OperatorVisit.operator_id, OperatorVisit.member_id, OperatorVisit.consent_id, OperatorVisit.until)
    )
    with db.engines[SHARED].begin() as connection:
        row = connection.execute(ended).one_or_none()
        if row is None:
            return
        name = connection.scalar(select(Operator.name).where(Operator.id == row.operator_id)) or ""
        record(connection, Who(name, row.operator_id, origin), "look_in_end", Place(tenant.id, tenant.slug), why=why)
    visit = Visit(visit_id, name, row.member_id, row.consent_id, row.until)
    _tell(database_url, tenant, visit, "support_end", origin=origin, changes={"why": [None, why]})


def overdue() -> list[tuple[UUID, UUID]]:
    """Return the visits that are over and of which no log says so yet, each with its workspace's id."""
    over = or_(
        OperatorVisit.until <= now(), OperatorVisit.begun_at <= now() - LONGEST_VISIT, OperatorSession.id.is_(None)
    )
    query = (
        select(OperatorVisit.id, OperatorVisit.tenant_id)
        .outerjoin(OperatorSession, OperatorSession.id == OperatorVisit.session_id)
        .where(OperatorVisit.begun_at.is_not(None), OperatorVisit.ended_at.is_(None), over)
        .limit(500)
    )
    with shared_reader() as connection:
        return [(row.id, row.tenant_id) for row in connection.execute(query)]


def note_refusal(
    visit: Visit, tenant: ActiveTenant, what: str, *, origin: Mapping[str, str], database_url: str
) -> None:
    """Note in both logs that an operator tried more than looking; `what` is the address that was asked for."""
    record_alone(Who(visit.operator, None, origin), "look_in_refused", Place(tenant.id, tenant.slug), why="change")
    _tell(database_url, tenant, visit, "support_refused", origin=origin, changes={"page": [None, what]})


def _tell(
    database_url: str, tenant: ActiveTenant, visit: Visit, action: str, *, origin: Mapping[str, str],
    changes: Mapping[str, object], log_url: str = "",
) -> None:  # fmt: skip
    """Write a line into the workspace's own log, and to its owners where it begins; in a transaction of its own."""
    told = Jsonb({"operator": visit.operator, **origin})
    with connect(database_url) as connection, connection.transaction():
        connection.execute(entry_statement(tenant.role_name, tenant.schema_name, _LIMIT_MS))
        connection.execute(_LINE, [new_id(), action, visit.member_id, Jsonb(dict(changes)), told])
        if log_url:
            post(connection, owners_of(connection), lambda reader: begun(reader, tenant.name, visit, log_url))
