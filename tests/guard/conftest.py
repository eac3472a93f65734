"""The guard looks at a product as it is shipped: so many threads, and one that takes money.

Where no money is taken the pages of billing are not there (`test_billing_off`). Elsewhere tests ask from as many
threads as they like; here requests go by the doors and desks of what people install.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import structlog
from flask import Flask

from saas_crm.app import create_app
from tenants.settings import Settings
from tests.conftest import Stage
from tests.support.installation import dispose
from tests.support.selling import on_sale

SHIPPED = {name: Settings.model_fields[name].default for name in ("web_threads", "web_workspace_threads")}


@pytest.fixture(scope="module")
def on_sale_here(stage: Stage) -> Iterator[Flask]:
    """The application, at a double of Stripe; both workspaces pay for the largest plan."""
    logs = structlog.get_config()  # an application writes its logs to the standard error of when it was made
    app = create_app(stage.installation.settings.model_copy(update=SHIPPED))
    with on_sale(app, {"acme": stage.cast["owner"], "other": stage.cast["outsider"]}):
        yield app
    structlog.configure(**logs)
    stage.pristine.restore()
    dispose(app)
    stage.installation.app.extensions["directory"].forget()
