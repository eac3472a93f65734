"""Where a workspace is, in links that leave the product: mails, and what people copy."""

from __future__ import annotations

from urllib.parse import urlsplit

from tenants.context import ActiveTenant


def address_of(tenant: ActiveTenant, base_url: str) -> str:
    """Return a workspace's address without a slash at its end: its own domain where it has one, else its slug's."""
    return domain_address(tenant.domain, base_url) if tenant.domain else slug_address(tenant, base_url)


def slug_address(tenant: ActiveTenant, base_url: str) -> str:
    """Return the address that every workspace has, whether it has a domain besides or not."""
    return f"{base_url}/{tenant.slug}"


def domain_address(domain: str, base_url: str) -> str:
    """Return the address of a domain, served as the installation is: by https, and at its port where it names one."""
    parts = urlsplit(base_url)
    return f"{parts.scheme}://{domain}" + (f":{parts.port}" if parts.port else "")
