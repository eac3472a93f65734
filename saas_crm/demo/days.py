"""What happened with the customers, and what is planned for these days."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from saas_crm.demo.scene import Row, Scene

_KINDS = {"call": 36, "email": 24, "meeting": 12, "visit": 10, "note": 18}
_LENGTH = {"call": (5, 10, 15, 20), "meeting": (45, 60, 90), "visit": (60, 90, 120)}
_OUTCOMES = {"call": ("reached", "reached", "reached", "no_answer", "left_message", "interested", "follow_up"),
             "visit": ("interested", "follow_up", "reached"), "meeting": ("interested", "follow_up", "")}  # fmt: skip


def invent_days(scene: Scene) -> None:
    """Add what happened along each deal and with each customer, then what everybody has before them."""
    for deal in scene.rows["opportunities"]:
        for _ in range(scene.rng.randint(2, 5)):
            last = deal["quiet_since"] or deal["closed_at"] or scene.now
            _happened(scene, scene.between(deal["created_at"], last), deal)
    for company in scene.rows["companies"]:
        for _ in range(scene.rng.randint(1, 5)):
            moment = scene.between(company["created_at"], scene.now - timedelta(hours=2))
            _happened(scene, moment, _about_company(scene, company))
    for owner_id in scene.owners:
        _plan(scene, owner_id)
    for deal in scene.rows["opportunities"]:
        deal.pop("quiet_since")
    _settle(scene)


def _about_company(scene: Scene, company: Row) -> Row:
    people = [row for row in scene.rows["contacts"] if row["company_id"] == company["id"]]
    return {"id": None, "company_id": company["id"], "contact_id": scene.rng.choice(people)["id"],
            "owner_id": company["owner_id"]}  # fmt: skip


def _happened(scene: Scene, moment: datetime, about: Row) -> None:
    kind = scene.rng.choices(list(_KINDS), weights=list(_KINDS.values()))[0]
    subject, body = scene.rng.choice(scene.words.happened[kind])
    moment = min(_at_work(scene, moment), scene.now - timedelta(minutes=scene.rng.randint(3, 50)))
    moment = max(moment, about.get("created_at") or moment)
    _activity(
        scene, about, kind=kind, subject=subject, body=body.format(**_names(scene, about)), at=moment, done_at=moment,
        due_at=None, created_at=moment, updated_at=moment,
    )  # fmt: skip


def _at_work(scene: Scene, moment: datetime) -> datetime:
    """Return the same day at a working hour, Saturdays and Sundays on the Friday before."""
    day = moment.date() - timedelta(days=max(moment.weekday() - 4, 0))
    return scene.at(day, scene.rng.choice((8.25, 9, 9.5, 10.25, 11, 11.75, 13.25, 14, 15.5, 16.25, 17)))


def _plan(scene: Scene, owner_id: UUID) -> None:
    """Add a member's next days: some overdue, a full day today, more to come."""
    about = _open_matters(scene, owner_id)
    if not about:
        return
    planned = scene.sizes.planned
    days = [-4, -1][: max(planned // 5, 1)] + [0] * (planned // 3) + [1, 1, 2, 3, 3, 5, 6, 8][: planned // 2]
    hours = (8.5, 9, 10.5, 11.5, 13.5, 15, 16.5)
    for number, ahead in enumerate(days):
        day = scene.today + timedelta(days=ahead)
        if ahead > 0:
            day += timedelta(days={5: 2, 6: 1}.get(day.weekday(), 0))
        kind = "task" if ahead < 0 else ("task", "call", "visit", "task", "meeting", "call")[number % 6]
        due = scene.at(day, hours[number % len(hours)])
        made = min(due, scene.now) - timedelta(days=scene.rng.randint(1, 6), hours=1)
        _activity(
            scene, about[number % len(about)], owner_id=owner_id, kind=kind,
            subject=scene.rng.choice(scene.words.planned[kind]), body="", at=due, due_at=due, done_at=None,
            created_at=made, updated_at=made,
        )  # fmt: skip


def _open_matters(scene: Scene, owner_id: UUID) -> list[Row]:
    deals = [row for row in scene.rows["opportunities"] if row["owner_id"] == owner_id and row["status"] == "open"]
    firms = [_about_company(scene, row) for row in scene.rows["companies"] if row["owner_id"] == owner_id]
    scene.rng.shuffle(deals)
    return [*deals[:6], *firms[:4]]


def _names(scene: Scene, about: Row) -> dict[str, str]:
    person = next(row["name"] for row in scene.rows["contacts"] if row["id"] == about["contact_id"])
    firm = next((row["name"] for row in scene.rows["companies"] if row["id"] == about["company_id"]), person)
    return {"person": person, "firm": firm}


def _activity(scene: Scene, about: Row, *, kind: str, **values: object) -> None:
    happened = values["done_at"] is not None
    meets = kind in ("meeting", "visit")
    scene.add(
        "activities",
        **{
            "kind": kind, "company_id": about["company_id"], "contact_id": about["contact_id"],
            "opportunity_id": about["id"], "owner_id": about["owner_id"],
            "outcome": scene.rng.choice(_OUTCOMES.get(kind, ("",))) if happened else "",
            "duration_minutes": scene.rng.choice(_LENGTH[kind]) if kind in _LENGTH and (meets or happened) else None,
            "location": scene.rng.choice(scene.words.rooms) if meets else "", **values,
        },
    )  # fmt: skip


def _settle(scene: Scene) -> None:
    """Note on customers and deals when something last happened, and what has become of each customer."""
    last: dict[object, datetime] = {}
    for row in scene.rows["activities"]:
        if row["done_at"] is not None:
            for key in ("company_id", "contact_id", "opportunity_id"):
                last[row[key]] = max(last.get(row[key], row["done_at"]), row["done_at"])
    for deal in scene.rows["opportunities"]:
        deal["last_activity_at"] = max(last.get(deal["id"], deal["created_at"]), deal["created_at"])
    for table, key in (("companies", "company_id"), ("contacts", "contact_id")):
        for row in scene.rows[table]:
            row["last_activity_at"] = last.get(row["id"])
            row["lifecycle"] = _lifecycle(scene, row, key)


def _lifecycle(scene: Scene, row: Row, key: str) -> str:
    statuses = {deal["status"] for deal in scene.rows["opportunities"] if deal[key] == row["id"]}
    quiet = row["last_activity_at"] is None or row["last_activity_at"] < scene.now - timedelta(days=75)
    if "won" in statuses:
        return "active"
    if "open" in statuses:
        return "potential" if row["created_at"] < scene.now - timedelta(days=45) else "new"
    if "lost" in statuses:
        return "lost"
    if row["created_at"] > scene.now - timedelta(days=30):
        return "new"
    return "dormant" if quiet else "potential"
