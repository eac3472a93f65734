"""The settings of billing: a part of `tenants.settings.Settings`, read and checked with it."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings


class BillingSettings(BaseSettings):
    """How an installation takes money. Without STRIPE_SECRET_KEY it takes none, and no workspace has a limit."""

    stripe_secret_key: SecretStr | None = Field(
        None, description="Stripe's secret or restricted key (sk_…, rk_…); empty: billing is off, nothing is limited."
    )
    stripe_webhook_secret: SecretStr | None = Field(
        None,
        description="What Stripe signs its events with (whsec_…); while it is being changed: both, with a comma.",
    )
    stripe_api_base: str | None = Field(
        None,
        description="Where Stripe's API is, for a local double; empty: the real one. https://, or on this machine.",
    )
    billing_plans: str | None = Field(
        None,
        description="File with the plans and prices of this installation; empty: those that come with the product.",
    )

    @field_validator("stripe_api_base")
    @classmethod
    def _is_safe_or_here(cls, url: str | None) -> str | None:
        parts = urlsplit(url or "")
        if url is not None and not (parts.scheme == "https" and parts.hostname) and not _is_here(url):
            raise ValueError("must be an https:// address, or an http:// one on this machine (127.0.0.1, ::1)")
        return url.rstrip("/") if url else url

    @property
    def bills(self) -> bool:
        """Whether workspaces pay: a Stripe key is set."""
        return self.stripe_secret_key is not None

    @property
    def webhook_secrets(self) -> list[str]:
        """The secrets an event may be signed with; none: no event is taken."""
        told = self.stripe_webhook_secret.get_secret_value() if self.stripe_webhook_secret else ""
        return [part for part in told.replace(",", " ").split() if part]


def _is_here(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme == "http" and parts.port != 0 and ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return False
