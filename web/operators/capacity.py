"""What the installation carries and could, as the worker found it last."""

from __future__ import annotations

from flask import render_template

from saas_crm.edge.declared import operators_only
from saas_crm.operators import work
from saas_crm.operators.figures import carried
from saas_crm.workspaces.capacity_rules import LONGEST_RECOVERY, MOST_CONNECTIONS, MOST_TENANTS
from web.operators import words
from web.operators.blueprint import bp
from web.operators.frame import frame


@bp.get("/capacity")
@operators_only
def capacity() -> str:
    """Show it, with what should be looked at before it becomes a limit."""
    found = carried()
    return render_template(
        "operators/capacity.html", found=found, whole=found and found.capacity,
        concerns=words.concerns(found.capacity, found.memory) if found else [],
        running=work.latest(None, (work.FIGURES,)), most_tenants=MOST_TENANTS,
        most_connections=int(found.capacity.connections_allowed * MOST_CONNECTIONS) if found else 0,
        longest_recovery=int(LONGEST_RECOVERY), **frame("capacity"),
    )  # fmt: skip
