"""`saas-crm db reseal`: sealing anew, with the SECRET_KEY of today, what the one of before sealed.

Recovery codes are kept as digests, from which nothing can be made anew: those of before stop working with the former
key, and their owners make new ones.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import click
from sqlalchemy import func, select, update
from sqlalchemy.orm import InstrumentedAttribute

from saas_crm.access.factors.models import AuthenticatorApp
from saas_crm.access.factors.sealing import Unreadable, seal, unseal
from saas_crm.access.models import IdentityProvider
from saas_crm.cli.configuration import load_settings
from saas_crm.cli.failures import FAILED
from tenants.context import ActiveTenant
from tenants.db import SHARED, AnyRow, db, tenant_scope
from tenants.directory import shared_reader
from tenants.models import Tenant
from tenants.runtime import runtime_directory
from tenants.versions import lacks_tables, served_first


@click.command()
def reseal() -> None:
    """Seal stored secrets with the SECRET_KEY of today, so that SECRET_KEY_FORMER can be taken away.

    These are the secrets of authenticator apps, and those that identity providers share with workspaces. Recovery codes
    cannot be sealed anew: people who still have some of before make new ones in their profile.
    """
    settings = load_settings()
    from saas_crm.app import create_app

    with create_app(settings).app_context():
        found = reseal_all()
    click.echo(f"{found.done} secret{'s' if found.done != 1 else ''} sealed anew.")
    if found.lost:
        click.echo(f"{found.lost} could not be opened. Put the SECRET_KEY of before into SECRET_KEY_FORMER.", err=True)
        sys.exit(FAILED)


@dataclass(slots=True)
class Resealed:
    """How many secrets were sealed anew, and how many no key of this installation opens."""

    done: int = 0
    lost: int = 0


def reseal_all() -> Resealed:
    """Seal anew the secrets of authenticator apps, and of identity providers of all workspaces; again changes nothing.

    A secret that is changed at the same moment is left as it is: it was sealed with the key of today. Raises
    TenantBehind, after all others are done, for a workspace that this release cannot read yet.
    """
    found = Resealed()
    with db.engines[SHARED].begin() as connection:
        apps = connection.execute(select(AuthenticatorApp.user_id, AuthenticatorApp.secret)).all()
        _reseal(connection.execute, apps, AuthenticatorApp.user_id, AuthenticatorApp.secret, found)
    for tenant in served_first(_tenants()):
        with tenant_scope(tenant):
            if (
                lacks_tables(tenant)
                and db.session.scalar(select(func.to_regclass(IdentityProvider.__tablename__))) is None
            ):
                continue  # a release behind there were no providers
            rows = db.session.execute(select(IdentityProvider.id, IdentityProvider.client_secret)).all()
            _reseal(db.session.execute, rows, IdentityProvider.id, IdentityProvider.client_secret, found)
            db.session.commit()
    return found


def _reseal(
    execute: Callable[..., Any], rows: Iterable[AnyRow], key: InstrumentedAttribute[Any],
    column: InstrumentedAttribute[bytes], found: Resealed,
) -> None:  # fmt: skip
    for at, sealed in rows:
        try:
            values: dict[Any, Any] = {column.key: seal(unseal(sealed))}
        except Unreadable:
            found.lost += 1
            continue
        model = key.class_
        if hasattr(model, "updated_at"):  # nobody changed it
            values["updated_at"] = model.updated_at
        same = update(model).where(key == at, column == sealed).values(values)
        found.done += execute(same.execution_options(synchronize_session=False)).rowcount


def _tenants() -> list[ActiveTenant]:
    with shared_reader() as connection:
        ids = connection.scalars(select(Tenant.id).where(Tenant.slug.is_not(None))).all()
    known = (runtime_directory().by_id(tenant_id) for tenant_id in ids)
    return [tenant for tenant in known if tenant is not None]
