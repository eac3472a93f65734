"""The audit log for programs."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from flask import Response
from pydantic import BaseModel, Field

from mobile_api.lists import Listing, Sought, answer_list, cursor_after, listing, start
from mobile_api.openapi import list_of, sparse
from mobile_api.registry import api
from mobile_api.shapes import Shape
from saas_crm.access.audit_log import ENTRY, ORDERS, AuditFilter, entries, named_records, told_changes
from saas_crm.access.audit_search import FIELD_DAYS, is_field
from saas_crm.access.field_rules import check_askable
from saas_crm.core.audit import AuditEntry
from saas_crm.core.clock import now
from saas_crm.core.errors import InvalidInput
from saas_crm.core.fields import Line, Moment, OrNone
from saas_crm.core.i18n import gettext as _
from saas_crm.edge.current import current_member
from saas_crm.edge.declared import requires
from saas_crm.search.logged import records_of

SomeMoment = Annotated[Moment | None, OrNone]


class AuditRead(BaseModel):
    """One act: who did what to which record, when, from where and through what."""

    id: UUID
    at: datetime
    member_id: UUID | None = Field(description="Who acted; null for jobs and the operator.")
    through: str = Field(description="`web`, `api`, `import`, `job`, `command` or another way.")
    action: str = Field(description="`create`, `update`, `recycle`, `restore`, `purge`, `export`, `sign_in` …")
    resource: str
    record_id: UUID | None
    request_id: str | None
    changes: dict[str, Any] = Field(
        description="By field: `[before, after]`. Empty for a record that the member does not see.",
        examples=[{"city": ["Bonn", "Berlin"]}],
    )
    origin: dict[str, str] = Field(
        description="`address` and `browser` of the caller; `as` is the member as whom somebody looked.",
        examples=[{"address": "192.0.2.1", "browser": "Chrome on Android"}],
    )


class AuditFilters(Listing):
    """Which acts."""

    member_id: UUID | None = None
    action: Line = ""
    resource: Line = ""
    record_id: UUID | None = None
    through: Line = ""
    since: SomeMoment = Field(default=None, description="Acts at this moment or later.")
    before: SomeMoment = Field(default=None, description="Acts before this moment.")
    q: Sought = Field(default="", description="Words in the names of the records it was done with.")
    field: Line = Field(
        default="", examples=["company.city"],
        description="A field with its kind of record, as `contact.phone`; without `since` within 90 days.",
    )  # fmt: skip


AUDIT = Shape(AuditRead, {name: getattr(AuditEntry, name) for name in AuditRead.model_fields})
AuditListing = listing(AuditFilters, AuditRead, ORDERS, "-at")
_COLUMNS = (*ENTRY, AuditEntry.request_id)


@api.operation("GET", "/audit", tag="audit", query_model=AuditListing, responses={200: list_of(sparse(AuditRead))})
@requires("audit:read")
def list_audit(query: AuditFilters) -> Response:
    """List what was done, newest first.

    With scope `all` everything; with a narrower one what the members within it did.
    """
    member = current_member()
    if query.field and not is_field(query.field):
        raise InvalidInput({"field": _("There is no such field.")}, {"field": "unknown"})
    resource, _dot, name = query.field.partition(".")
    check_askable(member, resource, **{name: "field"})
    since = query.since
    if query.field and since is None:
        since = (query.before or now()) - timedelta(days=FIELD_DAYS)
    wanted = AuditFilter(
        member_id=query.member_id, action=query.action, resource=query.resource, record_id=query.record_id,
        through=query.through, since=since, before=query.before,
        q=query.q, records=records_of(query.q, member) if query.q else None, field=query.field,
    )  # fmt: skip
    after = start(query, "audit", ORDERS)
    page = entries(member, wanted, columns=_COLUMNS, after=after, limit=query.limit)
    names = named_records(page.rows, {}, member)
    shown, _columns = AUDIT.select(query.fields)
    found = [
        [told_changes(row, names, member) if name == "changes" else getattr(row, name) for name in shown]
        for row in page.rows
    ]
    return answer_list(AUDIT.rows(shown, found), cursor_after(page, query, "audit"))
