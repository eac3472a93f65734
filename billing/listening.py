"""What billing hears of: a workspace that is founded, and people who come and go."""

from __future__ import annotations

from billing import seats
from billing.founding import begin_trial
from saas_crm.access.founding import WorkspaceClaimed
from saas_crm.access.people_changed import PeopleChanged
from saas_crm.core import events


def listen() -> None:
    """Let trials begin with workspaces, and seats follow their people; where billing is off both do nothing."""
    events.subscribe(WorkspaceClaimed, begin_trial)
    events.subscribe(PeopleChanged, seats.follow)
