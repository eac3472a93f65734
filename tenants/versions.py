"""Which versions of a database this release serves: its own, the one before, and whatever is newer.

Release V runs on schema V-1 and V, and the release before it on V too. So a release can be rolled out while
another one serves, before or after the database is brought up. What makes it safe is how migrations are written:
the newest one only adds, code does without it until the release after, and what nobody needs any more is
taken away one release later still ("expand, then contract").
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from tenants.context import ActiveTenant
from tenants.migrations.lines import known

# Before the first release nobody ran on less: these revisions belong to it as a whole.
_NEEDED = {"shared": "0002"}

Standing = Literal["older", "previous", "current", "newer"]


class TenantBehind(RuntimeError):
    """A tenant's tables are older than this release serves; work for it waits until `db upgrade` has run."""


def standing(revision: str, revisions: Sequence[str]) -> Standing:
    """Return how a database at `revision` stands to a release that knows `revisions`, oldest first.

    Revisions are numbers of one width, so they sort as they are written; one that the release does not know
    and that comes after all it knows was made by a newer release. "" is an empty database.
    """
    if revision >= revisions[-1]:
        return "current" if revision == revisions[-1] else "newer"
    return "previous" if revision in revisions[-2:] else "older"


def is_served(revision: str, revisions: Sequence[str]) -> bool:
    """Whether a release that knows `revisions` may serve a database at `revision`."""
    return standing(revision, revisions) != "older"


def serves(line: str, revision: str) -> bool:
    """Whether this release may serve shared tables ("shared") or a tenant ("tenant") at a revision."""
    return is_served(revision, known(line)) and revision >= _NEEDED.get(line, "")


def stands(line: str, revision: str) -> Standing:
    """Return how shared tables ("shared") or a tenant ("tenant") at a revision stand to this release.

    What it does not serve is "older", also where it would be the one before of a line that is still young.
    """
    return standing(revision, known(line)) if serves(line, revision) else "older"


def served_from(line: str) -> str:
    """Return the oldest revision this release serves, to be compared in SQL: all that sort after it are served."""
    return max(known(line)[-2:][0], _NEEDED.get(line, ""))


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
