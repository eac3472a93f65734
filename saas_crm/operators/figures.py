"""Taking the figures of all workspaces, by the owner's connection, and reading what was taken."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from psycopg.types.json import Jsonb
from sqlalchemy import select

from saas_crm.operators.models import InstallationFigures
from saas_crm.workspaces.capacity import capacity, machine_memory
from saas_crm.workspaces.capacity_rules import Capacity
from saas_crm.workspaces.overview import overviews
from tenants.directory import shared_reader
from tenants.migrate import connect
from tenants.settings import Settings

_PUT = """
    INSERT INTO public.tenant_figures (tenant_id, size, members, failed_jobs, last_seen_at, taken_at)
    SELECT t.id, %s, %s, %s, %s, now() FROM public.tenants t WHERE t.slug = %s
    ON CONFLICT (tenant_id) DO UPDATE SET size = excluded.size, members = excluded.members,
        failed_jobs = excluded.failed_jobs, last_seen_at = excluded.last_seen_at, taken_at = excluded.taken_at
"""
_PUT_WHOLE = """
    INSERT INTO public.installation_figures (id, figures, memory, taken_at) VALUES (1, %s, %s, now())
    ON CONFLICT (id) DO UPDATE SET figures = excluded.figures, memory = excluded.memory, taken_at = excluded.taken_at
"""


@dataclass(frozen=True, slots=True)
class Carried:
    """What the installation carries, as of a moment; `memory` is the machine's in bytes where it is known."""

    capacity: Capacity
    memory: int | None
    taken_at: datetime


def take_figures(settings: Settings) -> int:
    """Count all workspaces anew and keep what was found; returns how many."""
    found = overviews(settings.owner_url)
    whole = capacity(settings)
    rows = [
        (each.size, each.registered.members, each.registered.failed_jobs, each.last_seen_at, each.registered.slug)
        for each in found
    ]
    with connect(settings.owner_url) as connection, connection.transaction():
        with connection.cursor() as cursor:
            cursor.executemany(_PUT, rows)
        connection.execute(_PUT_WHOLE, [Jsonb(asdict(whole)), machine_memory(settings)])
    return len(rows)


def take_figures_of(settings: Settings, slugs: list[str]) -> None:
    """Count some workspaces anew; one that is gone meanwhile is left out."""
    with connect(settings.owner_url) as connection:
        known = connection.execute("SELECT slug FROM public.tenants WHERE slug = ANY(%s)", [slugs]).fetchall()
        found = overviews(settings.owner_url, [row[0] for row in known])
        for each in found:
            known_as = each.registered
            connection.execute(
                _PUT, [each.size, known_as.members, known_as.failed_jobs, each.last_seen_at, known_as.slug]
            )


def carried() -> Carried | None:
    """Return what was found last; None before the first time."""
    query = select(InstallationFigures.figures, InstallationFigures.memory, InstallationFigures.taken_at)
    with shared_reader() as connection:
        row = connection.execute(query).one_or_none()
    return Carried(Capacity(**row.figures), row.memory, row.taken_at) if row else None


def tables_are_there(owner_url: str) -> bool:
    """Whether the shared tables know figures: a release behind they do not."""
    with connect(owner_url) as connection:
        row: tuple[object, ...] | None = connection.execute(
            "SELECT to_regclass('public.installation_figures')"
        ).fetchone()
    return row is not None and row[0] is not None
