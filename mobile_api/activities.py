"""Activities."""

from __future__ import annotations

from uuid import UUID

from flask import Response

from mobile_api.lists import Listing, listed, listing, start
from mobile_api.openapi import list_of, sparse
from mobile_api.records import Identified, agreed_version, gone, made, shown, taken_id
from mobile_api.registry import api
from mobile_api.shapes import Fields, Shape
from saas_crm.activities import actions, queries
from saas_crm.activities.models import Activity
from saas_crm.activities.queries import ORDERS, ActivityFilter
from saas_crm.activities.records import record, records
from saas_crm.activities.schemas import ActivityRead, ActivityWrite, Kind
from saas_crm.core.forms import patch_of
from saas_crm.edge.current import current_member
from saas_crm.edge.declared import requires

ACTIVITY = Shape(ActivityRead, {name: getattr(Activity, name) for name in ActivityRead.model_fields})
ActivityPatch = patch_of(ActivityWrite, "ActivityPatch", ids_kept=("owner_id",))


class NewActivity(Identified, ActivityWrite):
    """A new activity: done (`done_at`) or planned (`due_at`).

    A kind that happens, such as a call, has just happened when neither is given.
    """


class ActivityFilters(Listing):
    """Which activities, in which order, and what of them."""

    kind: Kind | None = None
    owner_id: UUID | None = None
    company_id: UUID | None = None
    contact_id: UUID | None = None
    opportunity_id: UUID | None = None
    done: bool | None = None


ActivityListing = listing(ActivityFilters, ActivityRead, ORDERS, "-at")


@api.operation(
    "GET", "/activities", tag="activities", query_model=ActivityListing, responses={200: list_of(sparse(ActivityRead))}
)
@requires("activity:read")
def list_activities(query: ActivityFilters) -> Response:
    """List activities: the timeline of a record, or what is to be done.

    `at` is an activity's place in time: when it happened, else is due, else was written.
    """
    names, columns = ACTIVITY.select(query.fields)
    wanted = ActivityFilter(
        kind=query.kind or "", owner_id=query.owner_id, company_id=query.company_id, contact_id=query.contact_id,
        opportunity_id=query.opportunity_id, done=query.done,
    )  # fmt: skip
    after = start(query, "activities", ORDERS)
    page = records(current_member(), wanted, columns=columns, sort=query.sort, after=after, limit=query.limit)
    return listed(page, names, ACTIVITY, query, "activities")


@api.operation(
    "POST", "/activities", tag="activities", request_model=NewActivity, responses={201: ActivityRead}, etag=True,
    idempotent=True,
)  # fmt: skip
@requires("activity:create")
def create_activity(body: NewActivity) -> Response:
    """Log or plan an activity."""
    activity = actions.create_activity(body, actor=current_member(), activity_id=taken_id(body))
    return made(ACTIVITY.of(activity), f"activities/{activity.id}")


@api.operation("GET", "/activities/<uuid:activity_id>", tag="activities", responses={200: ActivityRead}, etag=True)
@requires("activity:read")
def show_activity(activity_id: UUID) -> Response:
    """Show an activity."""
    return shown(_activity(activity_id))


@api.operation(
    "PATCH", "/activities/<uuid:activity_id>", tag="activities", request_model=ActivityPatch,
    responses={200: ActivityRead}, etag=True, if_match=True, idempotent=True,
)  # fmt: skip
@requires("activity:update")
def change_activity(activity_id: UUID, body: ActivityWrite) -> Response:
    """Change an activity; `done_at` ticks it off."""
    activity = queries.get_activity(activity_id, member=current_member())
    version = agreed_version(activity, lambda: _activity(activity_id))
    actions.update_activity(activity, body, actor=current_member(), version=version)
    return shown(ACTIVITY.of(activity))


@api.operation(
    "DELETE", "/activities/<uuid:activity_id>", tag="activities", responses={204: None}, if_match=True, idempotent=True
)
@requires("activity:delete")
def recycle_activity(activity_id: UUID) -> Response:
    """Put an activity into the recycle bin."""
    activity = queries.get_activity(activity_id, member=current_member())
    version = agreed_version(activity, lambda: _activity(activity_id))
    actions.recycle(activity, actor=current_member(), version=version)
    return gone()


def _activity(activity_id: UUID) -> Fields:
    names, columns = ACTIVITY.select()
    return ACTIVITY.shown(names, record(activity_id, current_member(), columns))
