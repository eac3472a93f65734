"""Changing the workspace itself: its row in the shared registry, what it decided beside it, and lines in its audit."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from saas_crm.access.models import Policy
from saas_crm.access.permissions import CurrentMember
from saas_crm.access.policy import own_policy
from saas_crm.access.ways import ways_of
from saas_crm.access.workspace_schemas import WorkspaceWrite
from saas_crm.core.audit import act_as, acting, record_act
from saas_crm.core.errors import InvalidInput
from saas_crm.core.fiscal import CALENDAR
from saas_crm.core.forms import given
from saas_crm.core.i18n import LANGUAGES
from saas_crm.core.i18n import gettext as _
from tenants.context import ActiveTenant, current_tenant
from tenants.db import SHARED, db
from tenants.directory import Directory, shared_reader
from tenants.models import Tenant
from tenants.one_at_a_time import let_go, step_in
from tenants.versions import lacks_tables

DECIDED = ("fiscal_month", "languages")
FIELDS = ("name", "locale", "country", "currency", "timezone")
Values = Mapping[str, Any]


def registered(tenant: ActiveTenant) -> dict[str, str]:
    """Return the FIELDS as the registry has them now; what a process remembers may be seconds old."""
    with shared_reader() as connection:
        return dict(connection.execute(_row_of(tenant)).mappings().one())


def _row_of(tenant: ActiveTenant) -> Any:
    return select(*(getattr(Tenant, name) for name in FIELDS)).where(Tenant.id == tenant.id)


def update_workspace(
    data: WorkspaceWrite,
    *,
    actor: CurrentMember,
    tenant: ActiveTenant,
    directory: Directory,
    has_deals: bool,
    said: Collection[str] = (*FIELDS, *DECIDED),
) -> None:
    """Store a workspace's name, language, country, currency and time zone, and, where given, its year and languages.

    Only what is `said` is written: of the rest the writer knows no more than what was there when they looked.
    Raises Forbidden and InvalidInput.
    """
    decided = given(data)
    changes = {name: getattr(data, name) for name in FIELDS if name in said}
    changes |= {name: decided[name] for name in DECIDED if name in said and name in decided}
    change_workspace(changes, actor=actor, tenant=tenant, directory=directory, has_deals=has_deals)


def change_workspace(
    changes: Values,
    *,
    actor: CurrentMember,
    tenant: ActiveTenant,
    directory: Directory,
    has_deals: bool,
    agreed: Callable[[Values], object] | None = None,
) -> None:
    """Store some of FIELDS and DECIDED, checked values each, with their lines in the log: all in one transaction.

    The registry's row is held first, so who changes the workspace comes after whoever does so now. `agreed` is told
    what was there then, and raises where the writer did not mean that, or where all together makes no sense: then
    nothing is changed. Sums would lie if deals of two currencies stood in them, so with `has_deals` the currency stays.
    A workspace a release behind has no place for DECIDED, and the database refuses what is not the usual.
    Raises Forbidden and InvalidInput.
    """
    actor.require("workspace:update")
    let_go()
    with db.engines[SHARED].begin() as connection:
        # No one else's reference to the row waits for this: its key stays.
        held = _row_of(tenant).with_for_update(key_share=True)
        former: Values = dict(connection.execute(held).mappings().one())
        said = {name: changes[name] for name in FIELDS if name in changes}
        changed = {name: [former[name], new] for name, new in said.items() if new != former[name]}
        if has_deals and "currency" in changed:
            message = _("There are deals in %(currency)s already; the currency stays.", currency=former["currency"])
            raise InvalidInput({"currency": message}, {"currency": "in_use"})
        if changed:
            values = {name: new for name, (_former, new) in changed.items()}
            connection.execute(update(Tenant).where(Tenant.id == tenant.id).values(**values))
        with step_in(connection, tenant) as session:
            act_as(session, acting(db.session()))
            found = _decisions(session, changes, needed=agreed is not None)
            if agreed is not None:
                agreed({**former, **(told(found) if found is not None else {})})
            if found is not None or not decides_nothing(changes):
                _decide(own_policy(*DECIDED, session=session) if found is None else found, changes)
            if changed:
                record_act(session, "update", "workspace", tenant.id, changed)
    if changed:
        directory.forget()


def _decisions(session: Session, changes: Values, *, needed: bool) -> Policy | None:
    """Return the row with year and languages, held, where it is changed or needed.

    None also where the workspace has no such row yet, being a release behind.
    """
    if lacks_tables(current_tenant()) or not (needed or {*DECIDED} & changes.keys()):
        return None
    return own_policy(*DECIDED, session=session)


def told(found: Policy) -> dict[str, Any]:
    """Return the year and the languages that hold, by a row of decisions."""
    ways = ways_of({name: getattr(found, name) for name in DECIDED})
    return {"fiscal_month": ways.fiscal_month, "languages": list(ways.languages)}


def decides_nothing(changes: Values) -> bool:
    """Whether of the year and the languages nothing is said but the usual, which holds where nothing is decided."""
    return all(_is_usual(name, changes[name]) for name in DECIDED if name in changes)


def _decide(found: Policy, changes: Values) -> None:
    """Put down when years begin and which languages are offered, as far as it is said; the usual is no decision."""
    for name in DECIDED:
        if name in changes:
            setattr(found, name, None if _is_usual(name, changes[name]) else changes[name])


def _is_usual(name: str, decided: object) -> bool:
    return decided == (CALENDAR if name == "fiscal_month" else list(LANGUAGES))


def offered_language(locale: str) -> str:
    """Return the language in which the workspace that speaks meets somebody who reads this one: a newcomer's."""
    tenant = current_tenant()
    if lacks_tables(tenant):
        return locale
    offered = db.session.scalar(select(Policy.languages))
    return ways_of({"languages": offered}).speaks(locale, tenant.locale)
