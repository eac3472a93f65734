"""What programs are told where the workspace's plan allows no more, or has a feature not: why, and the way on."""

from __future__ import annotations

from flask import g

from billing.ways import PLANS_PAGE, slower, way_on
from mobile_api.problems import Problem, problem, problem_of
from saas_crm.core.errors import FeatureNotInPlan, LimitReached
from saas_crm.edge.current import member_or_none, settings
from tenants.address import address_of


def beyond_plan(error: LimitReached | FeatureNotInPlan) -> Problem:
    """Return the problem of a limit or a missing feature; whom to ask is told by one statement."""
    way = way_on(error.limit if isinstance(error, LimitReached) else "", pays=_pays(), sold=settings().bills)
    return problem_of(error).model_copy(update={"detail": way, "plans_url": _plans_url()})


def too_fast(most: int) -> Problem:
    """Return the problem for more requests in a minute than the plan allows a token, without asking anything."""
    told = problem("too-many-requests", slower(most, pays=_pays(), sold=settings().bills))
    return told.model_copy(update={"limit": "api_per_minute", "most": most, "plans_url": _plans_url()})


def _pays() -> bool:
    member = member_or_none()
    return settings().bills and member is not None and member.can("billing:update") and member.can("billing:read")


def _plans_url() -> str | None:
    return address_of(g.tenant, settings().base_url) + PLANS_PAGE if _pays() else None
