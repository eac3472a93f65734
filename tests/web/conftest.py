"""Who drives the pages of deals and stages, and the stages they begin with."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from uuid import UUID

import pytest

from saas_crm.access.permissions import CurrentMember
from saas_crm.opportunities.pipelines import StageView, pipelines
from tests.support.clients import Browser
from tests.support.making import Maker


@pytest.fixture
def admin(client_for: Callable[..., Browser]) -> Browser:
    """An admin's browser."""
    return client_for("admin")


@pytest.fixture
def rep(client_for: Callable[..., Browser]) -> Browser:
    """A sales rep's browser."""
    return client_for("rep")


@pytest.fixture
def stages(make: Maker) -> list[StageView]:
    """The stages of the first pipeline, in order."""
    return make.stages()


@pytest.fixture
def pipeline_id(acting: Callable[[str], AbstractContextManager[CurrentMember]]) -> UUID:
    """The first pipeline."""
    with acting("owner") as owner:
        return pipelines(owner)[0].id
