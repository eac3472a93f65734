"""What gunicorn loads."""

import gc

gc.set_threshold(50_000, 20, 20)  # as `saas-crm` does: nothing that is loaded is garbage

from saas_crm.app import create_app  # noqa: E402

app = create_app()
