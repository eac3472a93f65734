"""Hand-overs of what the rep has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from saas_crm.hand_over import actions
from saas_crm.hand_over.schemas import HandOverWrite
from tenants.context import current_tenant
from tests.hand_over.estate import BASE, Acting, Estate
from tests.support.making import Maker


@pytest.fixture
def estate(make: Maker) -> Estate:
    return Estate(make)


@pytest.fixture
def give(acting: Acting, make: Maker) -> Callable[..., UUID]:
    def act(*to: str, by: str = "one", who: str = "rep", actor: str = "owner", **fields: Any) -> UUID:
        with acting(actor) as member:
            data = HandOverWrite(from_id=make.member_id(who), by=by, to_ids=[make.member_id(t) for t in to], **fields)
            made = actions.hand_over(data, actor=member, tenant=current_tenant(), base_url=BASE)
            return made.id

    return act
