"""Claiming a domain, looking whether it is the workspace's own, and giving it up; each is in the workspace's log."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import psycopg
from psycopg.rows import class_row
from sqlalchemy import select
from sqlalchemy.exc import ProgrammingError

from saas_crm.access.permissions import CurrentMember
from saas_crm.core import limits
from saas_crm.core.clock import now
from saas_crm.core.errors import NotFound
from saas_crm.workspaces.domains.asking import look
from saas_crm.workspaces.domains.rules import GRACE, Held, Seen, Verdict, judge
from saas_crm.workspaces.letters import domain_lost, owners_of, post
from saas_crm.workspaces.noting import note
from saas_crm.workspaces.standing import held_for
from tenants.address import slug_address
from tenants.context import ActiveTenant
from tenants.directory import shared_reader
from tenants.models import TenantDomain
from tenants.one_at_a_time import let_go
from tenants.settings import Settings

PAGE = "/settings/domain"
_READ = """
    SELECT domain, token, verified_at, checked_at, lost_since FROM public.tenant_domains
    WHERE tenant_id = %s FOR UPDATE
"""
_CLAIM = """
    INSERT INTO public.tenant_domains (tenant_id, domain, token) VALUES (%s, %s, %s)
    ON CONFLICT (tenant_id) DO UPDATE SET domain = excluded.domain, token = excluded.token, verified_at = NULL,
        checked_at = NULL, lost_since = NULL, created_at = now()
"""
_JUDGED = """
    UPDATE public.tenant_domains SET verified_at = %s, checked_at = %s, lost_since = %s WHERE tenant_id = %s
"""
_DROP = "DELETE FROM public.tenant_domains WHERE tenant_id = %s RETURNING domain"


@dataclass(frozen=True, slots=True)
class By:
    """Who acts, as the workspace's log tells it."""

    member_id: UUID | None = None
    through: str = "web"

    @classmethod
    def member(cls, actor: CurrentMember, through: str) -> By:
        """Return a member who may change the workspace; raises Forbidden."""
        actor.require("workspace:update")
        return cls(actor.id, through)


@dataclass(frozen=True, slots=True)
class Checked:
    """What a look at DNS came to: how the claim stands now, what was seen, and whether another workspace has it."""

    held: Held
    seen: Seen
    taken: bool = False


def domain_of(tenant_id: UUID) -> Held | None:
    """Return a workspace's claim, None where it has none, or the shared tables know of none yet."""
    columns = (TenantDomain.domain, TenantDomain.token, TenantDomain.verified_at, TenantDomain.checked_at,
               TenantDomain.lost_since)  # fmt: skip
    let_go()
    try:
        with shared_reader() as connection:
            row = connection.execute(select(*columns).where(TenantDomain.tenant_id == tenant_id)).one_or_none()
    except ProgrammingError as failed:
        if isinstance(failed.orig, psycopg.errors.UndefinedTable):
            return None
        raise
    return Held(*row) if row else None


def claim(settings: Settings, tenant: ActiveTenant, domain: str, by: By) -> Held:
    """Note which domain a workspace wants, with a new word for its record; the same one again changes nothing.

    Another one takes the place of the former at once. Nobody else is kept from it by that. Raises NotFound.
    """
    with held_for(settings.database_url, tenant) as (connection, tenant_id, _status):
        former = _read(connection, tenant_id)
        if former is not None and former.domain == domain:
            return former
        limits.check_feature("own_domain", of=tenant)
        made = Held(domain, secrets.token_hex(16))
        connection.execute(_CLAIM, [tenant_id, made.domain, made.token])
        changes = {"domain": [former.domain if former else None, domain]}
        note(connection, tenant_id, "set_domain", changes, member_id=by.member_id, through=by.through)
    return made


def give_up(settings: Settings, tenant: ActiveTenant, by: By) -> bool:
    """Serve the workspace at no domain of its own any more; returns whether it had one. Raises NotFound."""
    with held_for(settings.database_url, tenant) as (connection, tenant_id, _status):
        row = connection.execute(_DROP, [tenant_id]).fetchone()
        if row is None:
            return False
        changes = {"domain": [row[0], None]}
        note(connection, tenant_id, "remove_domain", changes, member_id=by.member_id, through=by.through)
    return True


def check(settings: Settings, tenant: ActiveTenant, by: By, held: Held | None = None) -> Checked:
    """Ask DNS whether the domain is the workspace's own, and note what that means; nothing is held while DNS is asked.

    `held` is its claim where that has just been read. Where the record is gone its owners are told once. Raises
    NotFound and TooManyAttempts.
    """
    found = held or domain_of(tenant.id)
    if found is None:
        raise NotFound
    return settle(settings, tenant, by, (found, look(found, settings.name_servers)))


def settle(settings: Settings, tenant: ActiveTenant, by: By, answer: tuple[Held, Seen]) -> Checked:
    """Note what was seen of a claim as it was asked about.

    One that was changed meanwhile is left as it is; raises NotFound for one that is gone.
    """
    (asked, seen), at = answer, now()
    with held_for(settings.database_url, tenant) as (connection, tenant_id, _status):
        held = _read(connection, tenant_id)
        if held is None:
            raise NotFound
        if (held.domain, held.token) != (asked.domain, asked.token):
            return Checked(held, seen)
        verdict = judge(held, seen, at)
        if not _put(connection, tenant_id, verdict):
            return Checked(held, seen, taken=True)
        if verdict.event is not None:
            changes = {"domain": [held.domain, None] if verdict.event in ("lose", "end") else [None, held.domain]}
            note(connection, tenant_id, f"{verdict.event}_domain", changes, member_id=by.member_id, through=by.through)
        if verdict.event == "lose":
            url = f"{slug_address(tenant, settings.base_url)}{PAGE}"  # the domain may lead elsewhere by now
            due = (at + GRACE).astimezone(ZoneInfo(tenant.timezone))
            letter = partial(domain_lost, workspace=tenant.name, domain=held.domain, due=due, url=url)
            post(connection, owners_of(connection), letter)
    return Checked(Held(held.domain, held.token, verdict.verified_at, verdict.checked_at, verdict.lost_since), seen)


def _read(connection: psycopg.Connection[Any], tenant_id: UUID) -> Held | None:
    with connection.cursor(row_factory=class_row(Held)) as cursor:
        return cursor.execute(_READ, [tenant_id]).fetchone()


def _put(connection: psycopg.Connection[Any], tenant_id: UUID, verdict: Verdict) -> bool:
    """Write a verdict; False where another workspace has shown the domain to be its own, if only just now."""
    try:
        with connection.transaction():
            connection.execute(_JUDGED, [verdict.verified_at, verdict.checked_at, verdict.lost_since, tenant_id])
    except psycopg.errors.UniqueViolation:
        return False
    return True
