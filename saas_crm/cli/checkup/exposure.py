"""What strangers could reach that is meant for this machine."""

from __future__ import annotations

from collections.abc import Iterator

from saas_crm.cli.checkup import Finding, good, warning
from tenants.settings import Settings


def examine_exposure(settings: Settings) -> Iterator[Finding]:
    """Yield who may read /metrics. Behind a proxy on the same machine every visitor comes from this machine."""
    if settings.metrics_token is not None:
        yield good("metrics", "for the bearer of METRICS_TOKEN")
    elif settings.environment == "production" and settings.trusted_proxies == 0:
        yield warning(
            "metrics", "/metrics trusts this machine, and a proxy on it that is not in TRUSTED_PROXIES is this machine",
            "Give METRICS_TOKEN a value, and TRUSTED_PROXIES the number of proxies in front.",
        )  # fmt: skip
    else:
        yield good("metrics", "for this machine only")
