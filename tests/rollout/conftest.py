"""An installation whose shared tables are of this release, and whose workspaces are as the former release left them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from saas_crm.access.models import Role
from saas_crm.app import create_app
from tenants.db import db, tenant_scope
from tenants.migrate import upgrade_tenants
from tenants.provisioning import make_spares
from tests.guard.endpoints import Samples, make_samples
from tests.support.cast import Cast, found_cast
from tests.support.installation import Installation, Place, dispose, new_place, settings_for
from tests.support.making import Maker
from tests.support.release import Release


@dataclass(frozen=True)
class Rollout:
    """This release on workspaces of the former: the cast's two, and two spares."""

    installation: Installation
    cast: Cast
    make: Maker
    samples: Samples

    @property
    def app(self) -> Flask:
        """The application."""
        return self.installation.app

    @property
    def place(self) -> Place:
        """The database."""
        return self.installation.place

    def upgrade(self, slug: str) -> None:
        """Bring one workspace up, as `db upgrade --tenant` does."""
        [outcome] = upgrade_tenants(self.place.owner_url, only=[slug])
        assert outcome.error is None, outcome.error
        self.app.extensions["directory"].forget()

    def role_ids(self) -> dict[str, str]:
        """Return the ids of acme's roles as forms send them."""
        with self.app.app_context(), tenant_scope(self.cast.tenants["acme"]):
            return {str(key): str(role_id) for key, role_id in db.session.execute(select(Role.key, Role.id))}


@pytest.fixture
def rollout(installation: Installation, worker_id: str, tmp_path: Path) -> Iterator[Rollout]:
    """A database of its own, made anew for each test: a workspace that was brought up does not go back."""
    with new_place(installation.place.owner_url, f"crm_rollout_{worker_id}") as place:
        with pytest.MonkeyPatch.context() as monkeypatch:
            Release(monkeypatch).is_the_former()
            make_spares(place.owner_url, place.runtime_url, wanted=4)
        settings = settings_for(place, tmp_path)
        app = create_app(settings)
        cast = found_cast(app)
        there = Installation(place, tmp_path, settings, app)
        yield Rollout(there, cast, Maker(app, cast), make_samples(app, cast, "rep", "owner"))
        dispose(app)
