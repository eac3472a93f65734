"""Deals in every stage, with the way each has come."""

from __future__ import annotations

from datetime import datetime, timedelta

from saas_crm.demo.scene import Row, Scene, Step
from saas_crm.demo.words import Ware


def invent_deals(scene: Scene) -> None:
    """Add the open, won and lost deals with their stage history."""
    steps = scene.open_steps
    for place, count in enumerate(scene.sizes.open_deals):
        for number in range(count):
            _open_deal(scene, min(place, len(steps) - 1), quiet=number == count - 1 and count > 2)
    for outcome, count in (("won", scene.sizes.won), ("lost", scene.sizes.lost)):
        for _ in range(count):
            _closed_deal(scene, outcome)


def _open_deal(scene: Scene, place: int, *, quiet: bool) -> None:
    """Add a deal in its `place`-th stage; a quiet one has heard nothing for over a month."""
    age = scene.rng.randint(48, 90) if quiet else scene.rng.randint(2, 12) + place * scene.rng.randint(8, 16)
    made = scene.ago(age)
    last = scene.ago(scene.rng.randint(36, 44)) if quiet else scene.ago(scene.rng.randint(0, min(age, 9)))
    deal = _deal(scene, made, status="open", step=scene.open_steps[place])
    deal["expected_close"] = scene.today + timedelta(days=scene.rng.randint(-6, 20) + (4 - min(place, 4)) * 12)
    deal["quiet_since"] = last if quiet else None
    _walk(scene, deal, scene.open_steps[: place + 1], made, max(last, made))


def _closed_deal(scene: Scene, outcome: str) -> None:
    closed_days = scene.rng.randint(0, 110)
    closed = scene.ago(closed_days)
    made = scene.ago(closed_days + scene.rng.randint(20, 90))
    words = scene.words.won if outcome == "won" else scene.words.lost
    reason = scene.rng.choice(list(words))
    step = scene.closing_step(outcome)
    deal = _deal(scene, made, status=outcome, step=step)
    deal |= {"closed_at": closed, "close_reason": reason, "close_note": words[reason],
             "expected_close": closed.date(), "quiet_since": None}  # fmt: skip
    gone = scene.rng.randint(max(len(scene.open_steps) - 2, 1), len(scene.open_steps))
    _walk(scene, deal, [*scene.open_steps[:gone], step], made, closed)


def _deal(scene: Scene, made: datetime, *, status: str, step: Step) -> Row:
    ware, customer = _subject(scene)
    return scene.add(
        "opportunities",
        name=ware.name.format(scene.rng.randint(2, 6)), amount=scene.price(ware), currency=scene.currency,
        pipeline_id=step.pipeline_id, stage_id=step.id, status=status, description="", closed_at=None,
        close_reason="", close_note="", created_at=made, updated_at=made, stage_since=made, last_activity_at=made,
        **customer,
    )  # fmt: skip


def _subject(scene: Scene) -> tuple[Ware, Row]:
    """Return what is sold and to whom: mostly companies, now and then a consumer."""
    consumers = [row for row in scene.rows["contacts"] if row["company_id"] is None]
    if consumers and scene.rng.random() < 0.12:
        person = scene.rng.choice(consumers)
        return scene.words.consumer_ware, {
            "company_id": None, "contact_id": person["id"], "owner_id": person["owner_id"],
        }  # fmt: skip
    company = scene.rng.choice(scene.rows["companies"])
    people = [row for row in scene.rows["contacts"] if row["company_id"] == company["id"]]
    return scene.rng.choice(scene.words.wares), {
        "company_id": company["id"], "contact_id": scene.rng.choice(people)["id"], "owner_id": company["owner_id"],
    }  # fmt: skip


def _walk(scene: Scene, deal: Row, steps: list[Step], made: datetime, last: datetime) -> None:
    """Write the history: into the first stage when it was made, into the last at the end."""
    moments = sorted(scene.between(made, last) for _ in steps[1:-1])
    former = None
    for step, moment in zip(steps, [made, *moments, last], strict=False):
        scene.add(
            "stage_changes", opportunity_id=deal["id"], from_stage_id=former, to_stage_id=step.id,
            amount=deal["amount"], member_id=deal["owner_id"], at=moment,
        )  # fmt: skip
        former = step.id
        deal["stage_since"] = deal["updated_at"] = moment
