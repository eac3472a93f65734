"""What strangers could reach that is meant for this machine, or read on its way to another."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address
from urllib.parse import parse_qs, urlsplit

from psycopg.conninfo import conninfo_to_dict

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


ENCRYPTED = {"require", "verify-ca", "verify-full"}
"""Modes of a connection to PostgreSQL that never go on in the clear; "prefer", the usual one, may."""


def examine_encryption(settings: Settings) -> Iterator[Finding]:
    """Yield what speaks to another machine without insisting on encryption: the database, the mail server."""
    clear = [
        name for name, url in (("DATABASE_URL", settings.database_url), ("DATABASE_OWNER_URL", settings.owner_url))
        if not _is_encrypted(url)
    ]  # fmt: skip
    if clear:
        yield warning(
            "encryption", f"{clear[0]} names another machine and does not insist on encryption",
            "Add ?sslmode=verify-full to it, or sslmode=require where the server's certificate is its own.",
        )  # fmt: skip
    parts = urlsplit(settings.mail_url or "")
    if parts.scheme == "smtp" and _is_elsewhere(parts.hostname or "") and "tls" not in parse_qs(parts.query):
        yield warning(
            "encryption", "MAIL_URL names another machine, and mails and login go there in the clear",
            "Add ?tls=starttls to it, or begin it with smtps://.",
        )  # fmt: skip
    elif not clear:
        yield good("encryption", "nothing goes to another machine in the clear")


def _is_encrypted(url: str) -> bool:
    known = conninfo_to_dict(url)
    hosts = str(known.get("hostaddr") or known.get("host") or "").split(",")
    return known.get("sslmode") in ENCRYPTED or not any(map(_is_elsewhere, hosts))


def _is_elsewhere(host: str) -> bool:
    """Whether a host is surely not this machine: no socket, no loopback address, no bare name such as a container's."""
    if not host or host.startswith("/"):
        return False
    try:
        return not ip_address(host).is_loopback
    except ValueError:
        return "." in host.rstrip(".")
