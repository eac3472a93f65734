"""What billing hears of: workspaces that are founded, restored and deleted, and people who come and go."""

from __future__ import annotations

from billing import closing, leaving, seats
from billing.founding import begin_trial
from billing.restored import give_plan
from saas_crm.access import seat_letters
from saas_crm.access.founding import WorkspaceClaimed
from saas_crm.access.people_changed import PeopleChanged
from saas_crm.core import events
from saas_crm.workspaces.events import DeletionComes, DeletionDecided, WorkspaceGoes, WorkspaceRestored


def listen() -> None:
    """Let trials begin with workspaces, seats follow their people, and nothing be paid for what is deleted.

    Where billing is off none of them does anything.
    """
    events.subscribe(WorkspaceClaimed, begin_trial)
    events.subscribe(WorkspaceRestored, give_plan)
    events.subscribe(PeopleChanged, seats.follow)
    events.subscribe(PeopleChanged, seat_letters.follow)
    events.subscribe(DeletionDecided, closing.follow)
    events.subscribe(DeletionComes, leaving.end_before)
    events.subscribe(WorkspaceGoes, leaving.leave)
