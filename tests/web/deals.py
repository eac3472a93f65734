"""What tests of deals read from the database and from answers."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any
from uuid import UUID

from sqlalchemy import select
from werkzeug.test import TestResponse

from saas_crm.access.permissions import CurrentMember
from saas_crm.opportunities import queries
from saas_crm.opportunities.models import Opportunity, OpportunityContact
from saas_crm.opportunities.pipelines import stages as stages_of
from tenants.db import db

Acting = Callable[[str], AbstractContextManager[CurrentMember]]
HTMX = {"HX-Request": "true"}


def stored(acting: Acting, deal_id: UUID, who: str = "owner") -> Opportunity:
    """Return a deal as it is stored."""
    with acting(who):
        found = db.session.get(Opportunity, deal_id)
        assert found is not None
        return found


def in_use(acting: Acting, who: str = "owner") -> list[str]:
    """Return the names of the stages in use, in order, as a member reads them."""
    with acting(who) as member:
        return [stage.name for stage in stages_of(member)]


def further(acting: Acting, deal_id: UUID) -> set[UUID]:
    """Return the further contacts of a deal."""
    with acting("owner"):
        query = select(OpportunityContact.contact_id).where(OpportunityContact.opportunity_id == deal_id)
        return set(db.session.scalars(query))


def history(acting: Acting, deal_id: UUID) -> list[tuple[str | None, str]]:
    """Return the steps of a deal, the first first."""
    with acting("owner"):
        return [(row.from_name, row.to_name) for row in queries.stage_history(deal_id)][::-1]


def id_in(location: str) -> UUID:
    """Return the id that an address ends with."""
    return UUID(location.rpartition("/")[2])


def toast(answer: TestResponse) -> dict[str, Any]:
    """Return what an answer tells the scripts of the page."""
    found: dict[str, Any] = json.loads(answer.headers.get("HX-Trigger", "{}"))
    return found


def partials(answer: TestResponse) -> dict[str, str]:
    """Return the parts of the page that an answer replaces beside its card."""
    found = re.findall(r'<hx-partial hx-target="#([\w-]+)"[^>]*>(.*?)</hx-partial>', answer.text, re.S)
    return {target: " ".join(re.sub(r"<[^>]+>", " ", part).split()) for target, part in found}
