"""Release V on workspaces of release V-1: what the former did is done, what is new waits for its tables, nothing fails.

`former_addresses.txt` holds every address inside a workspace that the former release had: none of them may ever answer
"being upgraded". It is written anew when `tenants.versions.FORMER` is raised.
"""

from __future__ import annotations

from saas_crm.workspaces.standing import lift, suspend
from tenants.migrate import tenant_states
from tenants.migrations.lines import head
from tenants.standing import Suspension
from tenants.versions import FORMER
from tests.guard.endpoints import SAFE, endpoints
from tests.rollout.conftest import Rollout
from tests.rollout.journey import Traveller, by_the_api, coming_in, customers_and_work, people, pipeline
from tests.support.behind import FORMER_ADDRESSES
from tests.support.clients import browser_of
from tests.support.mailbox import Mailbox


def revisions(rollout: Rollout) -> dict[str | None, str]:
    return {state.slug: state.revision for state in tenant_states(rollout.place.owner_url)}


def waiting(rollout: Rollout) -> set[str]:
    """Return the addresses one can look at that are not there before the upgrade; nothing may fail."""
    owner = Traveller(rollout, "owner")
    asked = [endpoint for endpoint in endpoints(rollout.app) if endpoint.method == "GET" and endpoint.in_workspace]
    for endpoint in asked:
        owner.look(rollout.samples.address(rollout.app, endpoint))
    failed = {address: told for address, told in owner.noted.items() if told & {500, 502}}
    assert not failed
    assert len(asked) > 120
    return {address for address, told in owner.noted.items() if 503 in told}


def test_all_that_can_be_looked_at(rollout: Rollout) -> None:
    """Half of the workspaces are upgraded then; in the other half nothing changes."""
    new = waiting(rollout)
    assert not new & FORMER_ADDRESSES
    assert {"GET /settings/privacy", "GET /hand-overs", "GET /settings/audit"} <= new, "they need their own tables"
    rollout.upgrade("acme")
    assert revisions(rollout)["acme"] == head("tenant")
    assert revisions(rollout)["other"] == FORMER["tenant"]
    assert waiting(rollout) == set()


def test_all_that_can_be_done(rollout: Rollout) -> None:
    owner = Traveller(rollout, "owner")
    stages = [str(stage.id) for stage in rollout.make.stages("owner")]
    roles = rollout.role_ids()
    customers_and_work(owner, stages)
    people(owner, rollout.make.member_id("colleague"), roles)
    pipeline(owner, str(rollout.samples.values["pipeline_id"]))
    by_the_api(owner, stages)
    coming_in(owner, Mailbox(rollout.installation), roles)
    changes = {address for address in FORMER_ADDRESSES if address.partition(" ")[0] not in SAFE}
    assert changes - set(owner.noted) == set()
    assert {address: told for address, told in owner.noted.items() if any(status >= 400 for status in told)} == {}


def test_an_operator_suspends_one_that_is_behind(rollout: Rollout) -> None:
    """Its log has no place yet that says from where somebody acts: the operator's name stands among the changes."""
    url = rollout.installation.settings.database_url
    owner, page = browser_of(rollout.app, rollout.cast["owner"]), "/acme/companies"
    assert owner.get(page).status_code == 200
    assert suspend(url, "acme", Suspension("operator", "closed"), operator="Olga").changed
    assert owner.get(page).status_code == 403, "from the next request on"
    assert lift(url, "acme", operator="Olga").changed
    assert owner.get(page).status_code == 200
    with rollout.place.owner() as connection:
        schema = rollout.cast.tenants["acme"].schema_name
        told = connection.execute(
            f"SELECT action, changes -> 'operator' ->> 1 FROM {schema}.audit_log WHERE action IN ('suspend', 'resume')"
        ).fetchall()
    assert sorted(told) == [("resume", "Olga"), ("suspend", "Olga")]
