"""Changing the workspace itself: its row in the shared registry, what it decided beside it, and lines in its audit."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import select, update

from saas_crm.access.models import Policy
from saas_crm.access.permissions import CurrentMember
from saas_crm.access.policy import own_policy
from saas_crm.access.ways import ways_of
from saas_crm.access.workspace_schemas import WorkspaceWrite
from saas_crm.core.audit import record_beside
from saas_crm.core.errors import InvalidInput
from saas_crm.core.fiscal import CALENDAR
from saas_crm.core.forms import given
from saas_crm.core.i18n import LANGUAGES
from saas_crm.core.i18n import gettext as _
from tenants.context import ActiveTenant, current_tenant
from tenants.db import SHARED, db
from tenants.directory import Directory, shared_reader
from tenants.models import Tenant
from tenants.one_at_a_time import let_go
from tenants.versions import lacks_tables

DECIDED = ("fiscal_month", "languages")
FIELDS = ("name", "locale", "country", "currency", "timezone")


def registered(tenant: ActiveTenant) -> dict[str, str]:
    """Return the FIELDS as the registry has them now; what a process remembers may be seconds old."""
    query = select(*(getattr(Tenant, name) for name in FIELDS)).where(Tenant.id == tenant.id)
    with shared_reader() as connection:
        return dict(connection.execute(query).mappings().one())


def update_workspace(
    data: WorkspaceWrite,
    *,
    actor: CurrentMember,
    tenant: ActiveTenant,
    directory: Directory,
    has_deals: bool,
    said: Collection[str] = (*FIELDS, *DECIDED),
    held: Policy | None = None,
    present: Mapping[str, Any] | None = None,
) -> None:
    """Store a workspace's name, language, country, currency and time zone, and, where given, its year and languages.

    Only what is `said` is written: of the rest the writer knows no more than what was there when they looked.
    Sums would lie if deals of two currencies stood in them, so the currency stays once there are deals.
    `held` are the decisions of `held_decisions`, and `present` what was `registered` since, where the writer has them.
    The audit row is of the registry's transaction. Raises Forbidden and InvalidInput.
    """
    actor.require("workspace:update")
    if has_deals and data.currency != tenant.currency:
        message = _("There are deals in %(currency)s already; the currency stays.", currency=tenant.currency)
        raise InvalidInput({"currency": message}, {"currency": "in_use"})
    values = {name: getattr(data, name) for name in FIELDS if name in said}
    if held is None:
        let_go()
    present = present or (registered(tenant) if values else {})
    changes = {name: [present[name], new] for name, new in values.items() if present[name] != new}
    if changes:
        with db.engines[SHARED].begin() as connection:
            connection.execute(update(Tenant).where(Tenant.id == tenant.id).values(**values))
            record_beside(connection, tenant, "update", changes)
        directory.forget()
    _decide(data, said, held)
    db.session.flush()


def held_decisions() -> Policy | None:
    """Return the row with the year and the languages, held: who changes the workspace comes after whoever does so now.

    None where the workspace has no such row yet, being a release behind.
    """
    return None if lacks_tables(current_tenant()) else own_policy(*DECIDED)


def told(held: Policy) -> dict[str, Any]:
    """Return the year and the languages that hold, as they are decided in a row that is held."""
    ways = ways_of({name: getattr(held, name) for name in DECIDED})
    return {"fiscal_month": ways.fiscal_month, "languages": list(ways.languages)}


def _decide(data: WorkspaceWrite, said: Collection[str], held: Policy | None) -> None:
    """Store when years begin and which languages are offered, as far as it was given and has its columns here."""
    wanted: dict[str, Any] = {name: value for name, value in given(data).items() if name in {*DECIDED} & {*said}}
    if not wanted or lacks_tables(current_tenant()):
        return
    found = held or own_policy(*DECIDED)
    for name, value in wanted.items():
        usual = value == (CALENDAR if name == "fiscal_month" else list(LANGUAGES))
        setattr(found, name, None if usual else value)


def offered_language(locale: str) -> str:
    """Return the language in which the workspace that speaks meets somebody who reads this one: a newcomer's."""
    tenant = current_tenant()
    if lacks_tables(tenant):
        return locale
    offered = db.session.scalar(select(Policy.languages))
    return ways_of({"languages": offered}).speaks(locale, tenant.locale)
