"""Who has one of a plan's seats: plain values."""

from __future__ import annotations

from tenants.plan import Plan


def has_seat(place: int | None, plan: Plan) -> bool:
    """Whether the member at a place (1 is the first) has a seat; everybody, where the plan has seats without limit.

    Who has no place yet came in just now, and has one until it is known.
    """
    most = plan.most("members")
    return most is None or place is None or place <= most
