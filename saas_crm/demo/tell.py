"""Tells a story from its setting."""

from __future__ import annotations

from saas_crm.demo.days import invent_days
from saas_crm.demo.deals import invent_deals
from saas_crm.demo.people import invent_customers
from saas_crm.demo.scene import Scene


def tell(scene: Scene) -> Scene:
    """Fill a scene with customers, deals and days; the same scene and seed give the same rows but for the ids."""
    invent_customers(scene)
    invent_deals(scene)
    invent_days(scene)
    return scene
