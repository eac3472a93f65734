"""The guard looks at a product that takes money: where it does not, the pages of billing are not there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.conftest import Stage
from tests.support.selling import on_sale


@pytest.fixture(scope="module")
def on_sale_here(stage: Stage) -> Iterator[Flask]:
    """The application, at a double of Stripe; both workspaces pay for the largest plan."""
    app = stage.installation.app
    with on_sale(app, {"acme": stage.cast["owner"], "other": stage.cast["outsider"]}):
        yield app
    stage.pristine.restore()
    app.extensions["directory"].forget()
