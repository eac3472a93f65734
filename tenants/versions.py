"""Which versions of a database this release serves: its own, the one before, and whatever is newer.

Release V runs on schema V-1 and V, and the release before it on V too. So a release can be rolled out while
another one serves, before or after the database is brought up. What makes it safe is how migrations are written:
they only add, what was there before does without it until the release after, and what nobody needs any more is
taken away one release later still ("expand, then contract"). What is new, and cannot do without its own tables,
answers "being upgraded" until they are there (`lacks_tables`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from tenants.context import ActiveTenant
from tenants.migrations.lines import known

# Where the release before this one ended, to be raised with each release: a release may bring several revisions.
FORMER = {"shared": "0002", "tenant": "0003"}

Standing = Literal["older", "previous", "current", "newer"]
BEHIND: tuple[Standing, ...] = ("previous", "older")
"""What `db upgrade` brings up."""


class TenantBehind(RuntimeError):
    """A tenant's tables are older than this release serves; work for it waits until `db upgrade` has run."""


def standing(revision: str, newest: str, former: str) -> Standing:
    """Return how a database at `revision` stands to a release of revision `newest`, before which `former` was served.

    Revisions are numbers of one width, so they sort as they are written; one that comes after all the release knows
    was made by a newer release. "" is an empty database. What stands between both was interrupted on its way.
    """
    if revision >= newest:
        return "current" if revision == newest else "newer"
    return "previous" if revision >= former else "older"


def stands(line: str, revision: str) -> Standing:
    """Return how shared tables ("shared") or a tenant ("tenant") at a revision stand to this release."""
    return standing(revision, known(line)[-1], FORMER[line])


def serves(line: str, revision: str) -> bool:
    """Whether this release may serve shared tables ("shared") or a tenant ("tenant") at a revision."""
    return stands(line, revision) != "older"


def served_from(line: str) -> str:
    """Return the oldest revision this release serves, to be compared in SQL: all that sort after it are served."""
    return FORMER[line]


def lacks_tables(tenant: ActiveTenant) -> bool:
    """Whether a tenant that is served lacks what this release brings: what needs it has to wait for `db upgrade`."""
    return stands("tenant", tenant.schema_version) == "previous"


def check_served(tenant: ActiveTenant) -> None:
    """Raise TenantBehind for a tenant that this release cannot serve yet."""
    if not serves("tenant", tenant.schema_version):
        raise TenantBehind(f"{tenant.schema_name} is at {tenant.schema_version or 'nothing'}")


def served_first(tenants: Sequence[ActiveTenant]) -> Iterator[ActiveTenant]:
    """Yield the tenants this release serves; raises TenantBehind at the end if that was not all of them."""
    behind = [tenant for tenant in tenants if not serves("tenant", tenant.schema_version)]
    yield from (tenant for tenant in tenants if tenant not in behind)
    for tenant in behind:
        check_served(tenant)
