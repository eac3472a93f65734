"""Looking in begun by a command: it prints a link, which works in that operator's own browser and in no other.

Whoever has the shell names an operator; that it is them is proven where it always is, by password and code in the
console. Until then the offer belongs to no session, so it opens nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import select, update

from saas_crm.access.models import Member
from saas_crm.access.tokens import token_hash
from saas_crm.core.clock import now
from saas_crm.operators.acts import Place, Who, record
from saas_crm.operators.models import Operator, OperatorVisit
from saas_crm.operators.rules import OFFER, end_of_visit
from saas_crm.operators.signing_in import SignedInOperator
from saas_crm.operators.visits import check_allowed, ticket_for
from tenants.context import ActiveTenant
from tenants.db import SHARED, AnyRow, AnySelect, db, tenant_scope
from tenants.directory import shared_reader
from tenants.models import Tenant

NOBODYS = UUID(int=0)
"""The session of an offer that no browser has taken yet; no session ever has this id."""
BY_COMMAND = "command"
"""Why a visit ended that a command has ended."""
SHOWN = 50


def offer(operator_id: UUID, name: str, tenant: ActiveTenant, member_id: UUID) -> str:
    """Return the token of a link by which this operator may look in as a member, for five minutes; raises NotAllowed.

    Both are in the operators' log: the offer here, and later, by their own hand, that they look in.
    """
    who = Who(name, operator_id)
    token = ticket_for(who, operator_id, NOBODYS, tenant, member_id)
    with db.engines[SHARED].begin() as connection:
        record(connection, who, "look_in_offer", Place(tenant.id, tenant.slug), member=str(member_id))
    return token


def offered(operator: SignedInOperator, token: str) -> AnyRow | None:
    """Return what a link leads to (id, tenant_id, member_id) while it is good; None for every other operator."""
    table = OperatorVisit
    query = select(table.id, table.tenant_id, table.member_id).where(
        table.ticket_hash == token_hash(token), table.operator_id == operator.id, table.session_id == NOBODYS,
        table.begun_at.is_(None), table.ended_at.is_(None), table.asked_at > now() - OFFER,
    )  # fmt: skip
    with shared_reader() as connection:
        return connection.execute(query).one_or_none()


def take(operator: SignedInOperator, token: str, tenant: ActiveTenant, *, origin: Mapping[str, str]) -> bool:
    """Make the offer a ticket of this browser, good for the usual minute; returns whether it was there to be taken.

    It rests on the consent of now, which may be another than when it was offered.

    Raises NotAllowed where the workspace does not allow it any more.
    """
    found = offered(operator, token)
    if found is None or found.tenant_id != tenant.id:
        return False
    consent = check_allowed(operator.who(origin), tenant, found.member_id)
    mine = (
        update(OperatorVisit)
        .where(OperatorVisit.id == found.id, OperatorVisit.session_id == NOBODYS, OperatorVisit.ended_at.is_(None))
        .values(
            session_id=operator.session_id,
            asked_at=now(),
            consent_id=consent.id,
            until=end_of_visit(now(), consent.until),
        )
    )
    with db.engines[SHARED].begin() as connection:
        return connection.execute(mine).rowcount == 1


def take_back(visit_id: UUID, tenant: ActiveTenant) -> bool:
    """Let an offer that nobody used lead nowhere; returns whether there was one.

    Of it the workspace's log says nothing: nobody has looked in.
    """
    table = OperatorVisit
    unused = update(table).where(
        table.id == visit_id, table.tenant_id == tenant.id, table.begun_at.is_(None), table.ended_at.is_(None)
    )  # fmt: skip
    ended = unused.values(ended_at=now(), why=BY_COMMAND).returning(table.operator_id, table.member_id)
    with db.engines[SHARED].begin() as connection:
        row = connection.execute(ended).one_or_none()
        if row is not None:
            name = connection.scalar(select(Operator.name).where(Operator.id == row.operator_id)) or ""
            place = Place(tenant.id, tenant.slug)
            record(connection, Who(name, row.operator_id), "look_in_end", place, why=BY_COMMAND)
    return row is not None


def member_by_email(tenant: ActiveTenant, email: str) -> AnyRow | None:
    """Return id and name of an active member of a workspace."""
    query = select(Member.id, Member.name).where(
        Member.email == email, Member.status == "active", Member.deleted_at.is_(None)
    )
    with tenant_scope(tenant):
        return db.session.execute(query).one_or_none()


def visits(tenant_id: UUID | None = None) -> list[AnyRow]:
    """Return who looked in, or was offered to, the latest first: SHOWN at most, of one workspace or of all."""
    query = _listed().order_by(OperatorVisit.id.desc()).limit(SHOWN)
    if tenant_id is not None:
        query = query.where(OperatorVisit.tenant_id == tenant_id)
    with shared_reader() as connection:
        return list(connection.execute(query))


def visit(visit_id: UUID) -> AnyRow | None:
    """Return one of these by its id."""
    with shared_reader() as connection:
        return connection.execute(_listed().where(OperatorVisit.id == visit_id)).one_or_none()


def _listed() -> AnySelect:
    table = OperatorVisit
    return (
        select(
            table.id, Tenant.slug, Operator.name.label("operator"), table.member_id, table.asked_at, table.begun_at,
            table.until, table.ended_at, table.why,
        )
        .join(Tenant, Tenant.id == table.tenant_id)
        .join(Operator, Operator.id == table.operator_id)
    )  # fmt: skip
