"""What is told of why somebody sees a record is why they see it."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import AbstractContextManager
from uuid import UUID

import pytest

from saas_crm.access.explaining import explained
from saas_crm.access.permissions import CurrentMember
from saas_crm.core.errors import NotFound
from tenants.db import db
from tests.access.sight import check_told_of_each, roles_by_key, scopes, seen_now
from tests.support.making import Maker

Acting = Callable[[str], AbstractContextManager[CurrentMember]]


def test_the_reason_told_is_the_reason_it_is_seen(records: list[tuple[str, UUID]], acting: Acting) -> None:
    """First with the roles as they come, then with others."""
    dice = random.Random(5)
    with acting("owner") as owner:
        for _ in range(4):
            check_told_of_each(dice.sample(records, 20), owner, seen_now())
            for key, role in roles_by_key().items():
                if key != "owner":
                    role.permissions = scopes(dice)
            db.session.flush()


def test_who_does_not_see_a_record_is_told_nothing_of_it(acting: Acting, make: Maker) -> None:
    company = make.company("colleague")
    with acting("rep") as rep, pytest.raises(NotFound):
        explained("company", company.id, asker=rep)
