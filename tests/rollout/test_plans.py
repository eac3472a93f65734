"""Plans while a release is rolled out: what a workspace lacks the tables for is not limited yet."""

from __future__ import annotations

from saas_crm.core import limits
from tenants.db import tenant_scope
from tests.rollout.conftest import Rollout
from tests.support.billing import give_plan
from tests.support.clients import browser_of


def test_before_its_tables_are_there_a_limit_stops_nobody_and_then_it_counts_everything(rollout: Rollout) -> None:
    give_plan(rollout.app, rollout.place, "acme", {"customers": 1, "members": 100})
    browser = browser_of(rollout.app, rollout.cast["rep"])
    for name in ("First", "Second"):
        assert browser.post("/acme/companies", data={"name": name}).status_code == 303
    directory = rollout.app.extensions["directory"]
    with rollout.app.app_context(), tenant_scope(directory.by_slug("acme")):
        assert set(limits.usage()) == {"members"}
    rollout.upgrade("acme")
    with rollout.app.app_context(), tenant_scope(directory.by_slug("acme")):
        assert limits.usage()["customers"] >= 2
