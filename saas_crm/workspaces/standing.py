"""Whether a workspace is open to its people."""

from __future__ import annotations

from tenants.archive.writing import UnknownTenant
from tenants.migrate import connect

_SET = """
    UPDATE public.tenants t SET status = CASE WHEN t.status = %(before)s THEN %(status)s ELSE t.status END
    FROM public.tenants was WHERE t.slug = %(slug)s AND was.id = t.id RETURNING was.status
"""


def set_status(owner_url: str, slug: str, status: str, before: str) -> str:
    """Bring a workspace from one status to another; returns which it had, and changes nothing where that differs.

    Running processes notice within seconds. Raises UnknownTenant.
    """
    with connect(owner_url) as connection:
        row = connection.execute(_SET, {"slug": slug, "status": status, "before": before}).fetchone()
    if row is None:
        raise UnknownTenant(slug)
    return str(row[0])
