"""Two who change members at once, and one of whom gives a role that the other one takes an owner's place for."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from threading import Event, Thread
from typing import Any

from sqlalchemy import select, text

from saas_crm.access.bulk import hold_owners
from saas_crm.access.models import Role
from saas_crm.access.permissions import CurrentMember
from saas_crm.access.roles import held_role
from tenants.db import db

Acting = Callable[[str], AbstractContextManager[CurrentMember]]


def role_id(key: str) -> Any:
    return db.session.scalar(select(Role.id).where(Role.key == key))


def test_who_gives_a_role_to_many_and_who_demotes_an_owner_do_not_wait_for_each_other(acting: Acting) -> None:
    """One holds the owners' role first and the wanted one then, the other one the other way round."""
    has_role, ends, failed = Event(), Event(), []

    def demote() -> None:
        try:
            with acting("owner"):
                held_role(role_id("viewer"))
                has_role.set()
                ends.wait(5)
                hold_owners()
        except Exception as error:
            failed.append(error)

    other = Thread(target=demote)
    other.start()
    try:
        with acting("owner"):
            assert has_role.wait(10)
            db.session.execute(text("SET LOCAL lock_timeout = '2s'"))
            assert held_role(role_id("viewer"), owners=True).key == "viewer"
    finally:
        ends.set()
        other.join(10)
    assert failed == []


def test_the_owners_role_itself_is_held_for_giving_it(acting: Acting) -> None:
    with acting("owner"):
        assert held_role(role_id("owner"), owners=True).key == "owner"
