"""The board's kept totals against a recomputation: whatever is written, in whatever order, by whomever."""

from __future__ import annotations

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, suppress
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from flask import Flask
from sqlalchemy import delete, text
from sqlalchemy.orm.exc import StaleDataError

from saas_crm.access.permissions import CurrentMember
from saas_crm.access.visibility import reader
from saas_crm.core.fields import InputContext
from saas_crm.core.forms import parse, patch_of
from saas_crm.opportunities import actions, board, closing, queries
from saas_crm.opportunities.models import OpportunityTotal, OwnerSum
from saas_crm.opportunities.pipelines import stages
from saas_crm.opportunities.schemas import Closure, OpportunityWrite, StageMove
from tenants.db import db, fetch
from tenants.migrations.tenant.r0019_owner_sums import SUM_UP
from tests.support.cast import Cast
from tests.support.making import Maker
from tests.support.making import acting as acting_as

Acting = Callable[[str], AbstractContextManager[CurrentMember]]
FORM = InputContext(form=True)
RECOMPUTED = text("""
    SELECT stage_id, coalesce(owner_id, '00000000-0000-0000-0000-000000000000') AS owner_id,
        coalesce(date_trunc('month', expected_close)::date, '1970-01-01') AS month, currency,
        count(*) AS count, sum(amount) AS amount
    FROM opportunities WHERE deleted_at IS NULL GROUP BY 1, 2, 3, 4
""")
KEPT = text("SELECT stage_id, owner_id, month, currency, count, amount FROM opportunity_totals WHERE count <> 0")
SUMMED = text("""
    SELECT stage_id, month, currency, sum(count), sum(amount) FROM opportunity_sums
    GROUP BY 1, 2, 3 HAVING sum(count) <> 0 OR sum(amount) <> 0
""")
OF_ALL = text("""
    SELECT stage_id, coalesce(date_trunc('month', expected_close)::date, '1970-01-01'), currency, count(*), sum(amount)
    FROM opportunities WHERE deleted_at IS NULL GROUP BY 1, 2, 3
""")
BY_OWNER = text("SELECT owner_id, stage_id, month, currency, count, amount FROM opportunity_owner_sums")
OF_EACH = text("""
    SELECT coalesce(owner_id, '00000000-0000-0000-0000-000000000000'), stage_id,
        coalesce(CASE status WHEN 'open' THEN date_trunc('month', expected_close)::date END, '1970-01-01'), currency,
        count(*), sum(amount)
    FROM opportunities WHERE deleted_at IS NULL GROUP BY 1, 2, 3, 4
""")
EMPTY = text("SELECT count(*) FROM opportunity_totals WHERE count = 0 AND amount <> 0")


def differences() -> set[tuple[Any, ...]]:
    """Return what the kept totals and the recomputed ones do not have in common."""
    kept, recomputed, summed, of_all, by_owner, of_each = (
        {tuple(row) for row in db.session.execute(query)}
        for query in (KEPT, RECOMPUTED, SUMMED, OF_ALL, BY_OWNER, OF_EACH)
    )
    assert db.session.scalar(EMPTY) == 0
    return (kept ^ recomputed) | (summed ^ of_all) | (by_owner ^ of_each)


def open_some(make: Maker, number: int) -> list[UUID]:
    chance = random.Random(7)
    return [
        make.deal(
            "owner", amount=str(chance.randrange(0, 100_000)), owner=chance.choice(["owner", "rep", "colleague"]),
            expected_close=chance.choice(["", "2026-01-15", "2026-02-01", "2026-02-28"]),
        ).id
        for _ in range(number)
    ]  # fmt: skip


def one_step(deal_id: UUID, member: CurrentMember, chance: random.Random) -> None:
    """Do one thing of those that people do with a deal."""
    deal = queries.get_opportunity(deal_id, member=member)
    open_stages = [stage.id for stage in stages(member) if stage.kind == "open"]
    patch = patch_of(OpportunityWrite, "OpportunityPatch")
    doing: list[Callable[[], Any]] = [
        lambda: actions.move_to_stage(deal, StageMove(stage_id=chance.choice(open_stages)), actor=member),
        lambda: closing.close(deal, Closure(outcome="won"), actor=member),
        lambda: closing.close(deal, Closure(outcome="lost", reason="price"), actor=member),
        lambda: closing.reopen(deal, actor=member),
        lambda: actions.update_opportunity(
            deal, parse(patch, {"amount": str(chance.randrange(9_999)), "stage_id": str(chance.choice(open_stages)),
                                "expected_close": chance.choice(["", "2026-03-31"])}, FORM), actor=member,
        ),
        lambda: (actions.recycle(deal, actor=member), db.session.flush(), actions.restore(deal, actor=member)),
    ]  # fmt: skip
    chance.choice(doing)()
    db.session.commit()


def test_totals_follow_every_kind_of_change(app: Flask, make: Maker, acting: Acting) -> None:
    deals = open_some(make, 20)
    chance = random.Random(11)
    with acting("owner") as owner:
        for _ in range(150):
            one_step(chance.choice(deals), owner, chance)
        gone = queries.get_opportunity(deals[0], member=owner)
        actions.recycle(gone, actor=owner)
        db.session.commit()
        assert differences() == set()
        db.session.execute(text("DELETE FROM stage_changes WHERE opportunity_id = :id"), {"id": deals[1]})
        db.session.execute(text("DELETE FROM opportunities WHERE id = :id"), {"id": deals[1]})
        assert differences() == set()


def test_totals_hold_under_concurrent_moves_and_nothing_deadlocks(app: Flask, cast: Cast, make: Maker) -> None:
    deals = open_some(make, 8)

    def work(seed: int) -> int:
        chance, lost = random.Random(seed), 0
        with acting_as(app, cast, "owner") as owner:
            for _ in range(40):
                try:
                    one_step(chance.choice(deals), owner, chance)
                except StaleDataError:  # somebody was first: that is what a person is told, too
                    lost += 1
                    db.session.rollback()
        return lost

    with ThreadPoolExecutor(4) as pool:
        lost = sum(pool.map(work, range(4)))  # a deadlock would be raised here as an OperationalError
    assert lost < 160
    with acting_as(app, cast, "owner"):
        assert differences() == set()


def test_the_board_shows_those_totals_to_each_as_far_as_they_see(make: Maker, acting: Acting) -> None:
    for who, amount in (("owner", "1000"), ("rep", "200"), ("teammate", "30"), ("colleague", "4")):
        make.deal("owner", amount=amount, owner=who, expected_close="2026-05-01")
    seen = {"owner": "1234", "viewer": "1234", "rep": "230", "manager": "230", "colleague": "4"}
    for who, total in seen.items():
        with acting(who) as member, suppress(StopIteration):
            found = board.board(member, currency="USD", today=date(2026, 5, 9))
            assert found.columns[0].amount == Decimal(total), who
            assert sum(card.amount for card in found.columns[0].cards) == Decimal(total), who
            assert found.forecast[0].amount == Decimal(total), who
            assert found.forecast[0].weighted == Decimal(total) / 10, who


def test_a_column_is_narrowed_to_one_owner(make: Maker, acting: Acting, cast: Cast) -> None:
    make.deal("owner", amount="1000")
    make.deal("rep", amount="200")
    with acting("owner") as owner:
        found = board.board(owner, currency="USD", today=date(2026, 5, 9), owner_id=cast["rep"].member_id)
    assert (found.columns[0].count, found.columns[0].amount, len(found.columns[0].cards)) == (1, Decimal(200), 1)


def test_more_cards_follow_without_a_gap_or_a_repetition(make: Maker, acting: Acting) -> None:
    made = [str(make.deal("rep").id) for _ in range(board.CARDS + 3)]
    with acting("rep") as rep:
        first = board.board(rep, currency="USD", today=date(2026, 5, 9)).columns[0]
        last = first.cards[-1]
        stage_id = UUID(last.stage_id)
        more = board.more_cards(rep, stage_id, after=(last.stage_since, UUID(last.id)))
    assert first.more
    assert [card.id for card in (*first.cards, *more.rows)] == made[::-1]
    assert more.after is None


def test_the_summands_of_all_owners_are_added_up_now_and_then(make: Maker, acting: Acting) -> None:
    open_some(make, 20)
    dearer = text("UPDATE opportunities SET amount = amount + 1, version = version + 1")
    with acting("owner"):
        for _ in range(150):
            db.session.execute(dearer)
        db.session.commit()
        assert db.session.scalar(text("SELECT count(*) FROM opportunity_sums")) < 6_000  # the summands of 3,000 changes
        assert differences() == set()


def test_what_the_migration_sums_up_is_what_the_trigger_keeps(make: Maker, acting: Acting) -> None:
    deals = open_some(make, 20)
    chance = random.Random(13)
    with acting("owner") as owner:
        for _ in range(60):
            one_step(chance.choice(deals), owner, chance)
        db.session.execute(delete(OwnerSum))
        assert differences() != set()
        db.session.execute(text(SUM_UP))
        assert differences() == set()


def test_a_tenant_without_the_sums_by_owner_is_told_the_same_from_its_totals(make: Maker, acting: Acting) -> None:
    deals = [make.deal("owner", amount="30", owner=who, expected_close="2026-05-01").id for who in ("rep", "colleague")]
    with acting("owner") as owner:
        closing.close(queries.get_opportunity(deals[0], member=owner), Closure(outcome="won"), actor=owner)
        db.session.commit()
    for who in ("owner", "manager", "rep", "colleague"):
        with acting(who) as member:
            found = []
            for kept in (OpportunityTotal, OwnerSum):
                query = board._totals_for(reader(member, "opportunity:read"), None, kept)
                values = {"pipeline": stages(member)[0].pipeline_id, "in_currency": "USD"}
                found.append(sums_of(fetch(query, values)))
            assert found[0] == found[1], who
            assert found[0], who


def sums_of(rows: list[Any]) -> dict[Any, tuple[int, Decimal]]:
    """Return count and amount by stage and, of open deals, month."""
    held: dict[Any, tuple[int, Decimal]] = {}
    for stage_id, month, count, amount, _chance, kind in rows:
        key = (stage_id, month if kind == "open" else None)
        held[key] = (held.get(key, (0, Decimal(0)))[0] + count, held.get(key, (0, Decimal(0)))[1] + amount)
    return held
