"""Quick records: made by the product's own actions, in the name of one of the cast, and committed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any
from uuid import UUID

from flask import Flask, g

from saas_crm.access.models import Role
from saas_crm.access.permissions import CurrentMember
from saas_crm.access.queries import member_by_id
from saas_crm.activities import actions as activities
from saas_crm.activities.models import Activity
from saas_crm.activities.schemas import ActivityWrite
from saas_crm.core.audit import Actor, act_as
from saas_crm.core.fields import InputContext
from saas_crm.core.forms import parse
from saas_crm.customers import actions as customers
from saas_crm.customers.models import Company, Contact
from saas_crm.customers.schemas import CompanyWrite, ContactWrite
from saas_crm.opportunities import actions as opportunities
from saas_crm.opportunities import closing, pipelines
from saas_crm.opportunities.models import Opportunity
from saas_crm.opportunities.pipelines import StageView
from saas_crm.opportunities.queries import get_opportunity
from saas_crm.opportunities.schemas import Closure, OpportunityWrite
from tenants.context import ActiveTenant
from tenants.db import db, tenant_scope
from tenants.veils import read_under
from tests.support.cast import Cast


@contextmanager
def acting(app: Flask, cast: Cast, who: str) -> Iterator[CurrentMember]:
    """Work as one of the cast inside their workspace; commits at the end, rolls back when something raises.

    Leave the block before a client is used: two transactions of one thread would wait for each other.
    """
    person = cast[who]
    tenant = cast.tenants[person.slug]
    assert person.member_id is not None, f"{who} is a member of nothing"
    with app.app_context(), tenant_scope(tenant):
        member = member_by_id(person.member_id)
        g.tenant, g.member = tenant, member
        act_as(db.session(), Actor(member.id, "web", "test"))
        with read_under(member.fields):
            yield member
            db.session.commit()


class Maker:
    """Factories. `make.company("rep", name="Ada")` is Rita's; every field of the form may be given by name.

    The records come back detached: read their columns, not their relationships.
    """

    def __init__(self, app: Flask, cast: Cast) -> None:
        self._app = app
        self._cast = cast
        self._numbers = count(1)

    def company(self, who: str = "rep", **fields: Any) -> Company:
        """Make a company."""
        fields.setdefault("name", f"Company {next(self._numbers)}")
        with acting(self._app, self._cast, who) as member:
            return customers.create_company(self._read(CompanyWrite, fields, who), actor=member)

    def contact(self, who: str = "rep", **fields: Any) -> Contact:
        """Make a contact."""
        fields.setdefault("name", f"Person {next(self._numbers)}")
        with acting(self._app, self._cast, who) as member:
            return customers.create_contact(self._read(ContactWrite, fields, who), actor=member)

    def deal(self, who: str = "rep", **fields: Any) -> Opportunity:
        """Open a deal; `amount` as people type it. `outcome="won"` or `"lost"` closes it at once."""
        fields.setdefault("name", f"Deal {next(self._numbers)}")
        outcome = fields.pop("outcome", None)
        currency = self._tenant(who).currency
        with acting(self._app, self._cast, who) as member:
            data = self._read(OpportunityWrite, fields, who)
            deal = opportunities.open_opportunity(data, actor=member, currency=currency)
            if outcome:
                db.session.flush()
                deal = get_opportunity(deal.id, member=member)
                closing.close(deal, Closure(outcome=outcome, reason="price"), actor=member)
            return deal

    def activity(self, who: str = "rep", **fields: Any) -> Activity:
        """Write an activity down; a call unless `kind` says otherwise."""
        fields.setdefault("kind", "call")
        fields.setdefault("subject", f"Activity {next(self._numbers)}")
        with acting(self._app, self._cast, who) as member:
            return activities.create_activity(self._read(ActivityWrite, fields, who), actor=member)

    def stages(self, who: str = "rep") -> list[StageView]:
        """Return the stages of the workspace's pipeline, in order."""
        with acting(self._app, self._cast, who) as member:
            return pipelines.stages(member)

    def own_role(self, who: str = "owner", name: str = "Partners", **permissions: str) -> str:
        """Make a role and return its id; permissions are written `company__read="team"`."""
        with acting(self._app, self._cast, who):
            wanted = {field.replace("__", ":"): scope for field, scope in permissions.items()}
            role = Role(key=None, name=name, permissions=wanted or {"company:read": "own"})
            db.session.add(role)
            db.session.flush()
            return str(role.id)

    def _tenant(self, who: str) -> ActiveTenant:
        return self._cast.tenants[self._cast[who].slug]

    def _read(self, schema: Any, fields: dict[str, Any], who: str) -> Any:
        tenant = self._tenant(who)
        owner = fields.pop("owner", None)
        if owner is not None:
            fields["owner_id"] = self.member_id(owner)
        context = InputContext(
            country=tenant.country, currency=tenant.currency, locale=tenant.locale, timezone=tenant.timezone,
            form=True,
        )  # fmt: skip
        return parse(schema, fields, context)

    def team_id(self, key: str) -> UUID:
        """Return the id of one of the teams of the cast."""
        return self._cast.teams[key]

    def member_id(self, who: str) -> UUID:
        """Return the member id of one of the cast."""
        found = self._cast[who].member_id
        assert found is not None, f"{who} is a member of nothing"
        return found
