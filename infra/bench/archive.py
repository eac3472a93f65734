"""Taking a workspace along and bringing it back, and whether it is the same again."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from infra.bench.results import Verdict
from saas_crm.workspaces.deleting import delete_workspace
from saas_crm.workspaces.restoring import restore_as
from saas_crm.workspaces.saving import save
from tenants.settings import Settings

SECONDS = 60
"""For 100 MB of rows there and back."""


def there_and_back(settings: Settings, slug: str) -> Verdict:
    """Measure exporting a workspace, restoring it as a new one and exporting that; the archives must agree."""
    copy = f"{slug}-copy"
    with tempfile.TemporaryDirectory() as folder:
        first, second = Path(folder, "first.zip"), Path(folder, "second.zip")
        began = time.perf_counter()
        before = save(settings.database_url, slug, first)
        saved = time.perf_counter()
        restore_as(settings.owner_url, settings.database_url, first, copy)
        restored = time.perf_counter()
        after = save(settings.database_url, copy, second)
        megabytes = sum(entry.size for entry in before.files.values()) / 1e6
        packed = first.stat().st_size / 1e6
    delete_workspace(settings.owner_url, copy)
    if before.files != after.files:
        raise SystemExit("the restored workspace is not the one that was exported")
    each = (restored - began) / megabytes * 100
    return Verdict(
        "100 MB exported and restored", round(each, 1), SECONDS, "s",
        note=f"{megabytes:,.0f} MB of {slug} ({packed:,.0f} MB packed): {saved - began:.0f} s and "
             f"{restored - saved:.0f} s; exported again it is the same",
    )  # fmt: skip
