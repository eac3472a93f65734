"""Changing owners in bulk: whole kinds by one statement each, with an audit row for every record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import CTE, String, Uuid, and_, cast, column, func, insert, literal, literal_column, select, update
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from saas_crm.core.audit import AuditEntry, acting
from saas_crm.hand_over.models import HandOverItem
from saas_crm.hand_over.registry import HandedOver, handed_over
from tenants.db import db

TIMEOUT_MS = 45_000
"""How long one statement of a hand-over may take: more than a request's usual, less than the server waits for one."""


def take_time() -> None:
    """Let the statements of this transaction take longer than a request's usually may, but not for ever."""
    db.session.execute(select(func.set_config("statement_timeout", str(TIMEOUT_MS), True)))


def note_items(hand_over_id: UUID, from_id: UUID, division: Mapping[UUID, UUID], *, closed: bool) -> int:
    """Hold the records that go and note who gets each; returns how many they are.

    They are held kind by kind, parents first, as everybody does who changes several: nobody waits in a circle.
    What changed hands since the plan was made is not theirs to give any more, and is left out.
    """
    noted = 0
    for resource, kind in handed_over.items():
        noted += _note(resource, kind, hand_over_id, from_id, division, closed=closed)
    return noted


def _note(
    resource: str, kind: HandedOver, hand_over_id: UUID, from_id: UUID, division: Mapping[UUID, UUID], *, closed: bool
) -> int:
    model = kind.model
    held = (
        select(model.id, kind.customer.label("customer"))
        .where(model.owner_id == from_id, kind.goes(closed=closed))
        .order_by(model.id)
        .with_for_update(of=model)
        .cte("held")
        .prefix_with("MATERIALIZED", dialect="postgresql")
    )
    places = func.unnest(literal(list(division), ARRAY(Uuid)), literal(list(division.values()), ARRAY(Uuid)))
    plan = places.table_valued(column("customer", Uuid), column("to_id", Uuid)).render_derived(name="plan")
    chosen = select(literal(hand_over_id, Uuid), held.c.id, literal(resource, String), plan.c.to_id).join_from(
        held, plan, plan.c.customer == held.c.customer
    )
    names = ["hand_over_id", "record_id", "resource", "to_id"]
    return _rows(insert(HandOverItem).from_select(names, chosen, include_defaults=False))


def give(hand_over_id: UUID, from_id: UUID) -> int:
    """Make those owners to whom records were noted to go; returns how many records went."""
    return _move(hand_over_id, from_id, back=False)


def give_back(hand_over_id: UUID, from_id: UUID) -> int:
    """Make a member the owner again of what still belongs to whom it was given; returns how many records that were."""
    return _move(hand_over_id, from_id, back=True)


def _move(hand_over_id: UUID, from_id: UUID, *, back: bool) -> int:
    for kind in handed_over.values():
        if back:
            _hold(kind, hand_over_id)
    for kind in handed_over.values():
        if kind.hold is not None:
            kind.hold()
    moved = sum(_move_kind(resource, hand_over_id, from_id, back=back) for resource in handed_over)
    takers = select(HandOverItem.to_id).where(HandOverItem.hand_over_id == hand_over_id).distinct()
    concerned = [from_id, *db.session.scalars(takers)]
    for kind in handed_over.values():
        if kind.settle is not None:
            kind.settle(concerned)
    return moved


def _hold(kind: HandedOver, hand_over_id: UUID) -> None:
    """Hold what goes back before anything is changed, kind by kind, as on the way there."""
    given = (HandOverItem.record_id == kind.model.id, HandOverItem.hand_over_id == hand_over_id)
    theirs = select(kind.model.id).join(HandOverItem, and_(*given)).where(kind.model.owner_id == HandOverItem.to_id)
    held = theirs.order_by(kind.model.id).with_for_update(of=kind.model).cte("held")
    db.session.execute(select(func.count()).select_from(held))


def _move_kind(resource: str, hand_over_id: UUID, from_id: UUID, *, back: bool) -> int:
    model = handed_over[resource].model
    former = HandOverItem.to_id if back else literal(from_id, Uuid)
    latter = literal(from_id, Uuid) if back else HandOverItem.to_id
    moved = (
        update(model)
        .where(HandOverItem.hand_over_id == hand_over_id, HandOverItem.resource == resource)
        .where(model.id == HandOverItem.record_id, model.owner_id == former)
        .values(owner_id=latter, version=model.version + 1, updated_at=func.now())
        .returning(model.id, HandOverItem.to_id)
        .cte("moved")
    )
    return _rows(_audited(resource, moved, from_id, back=back))


def _audited(resource: str, moved: CTE, from_id: UUID, *, back: bool) -> Any:
    """Return the statement that moves the records and writes for each who owned it before and who owns it now."""
    actor = acting(db.session())
    theirs, mine = cast(moved.c.to_id, String), literal(str(from_id), String)
    change = func.jsonb_build_array(*((theirs, mine) if back else (mine, theirs)))
    rows = select(
        new_key(), literal(actor.member_id, Uuid), literal(actor.through, String), literal(actor.request_id, String),
        literal("update", String), literal(resource, String), moved.c.id,
        func.jsonb_build_object(literal("owner_id", String), change, type_=JSONB), literal(actor.origin, JSONB),
    )  # fmt: skip
    names = ["id", "member_id", "through", "request_id", "action", "resource", "record_id", "changes", "origin"]
    return insert(AuditEntry).from_select(names, rows, include_defaults=False)


def new_key() -> Any:
    """Return the SQL of a new UUIDv7 for each row, as `tenants.db.new_id` makes them here (RFC 9562, 5.7)."""
    milliseconds = "int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint)"
    dated = f"overlay(uuid_send(gen_random_uuid()) PLACING substring({milliseconds} FROM 3) FROM 1 FOR 6)"
    # Version 4 becomes 7: the two bits between them.
    marked = f"encode(set_bit(set_bit({dated}, 52, 1), 53, 1), 'hex')::uuid"
    return literal_column(marked, Uuid)


def _rows(statement: Any) -> int:
    """Run a bulk statement past the objects in the session, and return how many rows it wrote."""
    db.session.flush()
    result: Any = db.session.connection().execute(statement, execution_options={"preserve_rowcount": True})
    return int(result.rowcount)
