"""Talking to an identity provider: where its parts are, a code for a token, and its keys.

The address is one that somebody typed. So in production it is https, of a public network, and no answer leads
elsewhere; what is read is small, and waited for shortly.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx

from tenants.runtime import runtime_settings

SECONDS = 5.0
LARGEST = 300_000  # bytes of one answer


class ProviderFailed(Exception):
    """The provider did not answer as it should; the text says how, for those who set it up."""


@dataclass(frozen=True, slots=True)
class Discovered:
    """Where a provider's parts are (OpenID Connect Discovery 1.0)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    methods: tuple[str, ...]


def discover(issuer: str) -> Discovered:
    """Ask a provider where its parts are; raises ProviderFailed, also where it calls itself otherwise."""
    told = _asked("GET", issuer.rstrip("/") + "/.well-known/openid-configuration")
    parts = {name: str(told.get(name, "")) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")}
    if told.get("issuer") != issuer:
        raise ProviderFailed(f"it calls itself {str(told.get('issuer'))[:200]}")
    for address in parts.values():
        _check(address, resolve=False)
    methods = told.get("token_endpoint_auth_methods_supported")
    return Discovered(
        issuer, **parts, methods=tuple(methods) if isinstance(methods, list) else ("client_secret_basic",)
    )


def fetch_tokens(found: Discovered, *, client: tuple[str, str], **sent: str) -> dict[str, Any]:
    """Give a code and get the tokens (RFC 6749, 4.1.3), with PKCE; raises ProviderFailed."""
    client_id, secret = client
    form = {"grant_type": "authorization_code", "client_id": client_id, **sent}
    if "client_secret_basic" in found.methods or "client_secret_post" not in found.methods:
        return _asked("POST", found.token_endpoint, data=form, auth=(client_id, secret))
    return _asked("POST", found.token_endpoint, data={**form, "client_secret": secret})


def fetch_keys(found: Discovered) -> dict[str, Any]:
    """Return the keys the provider signs with; raises ProviderFailed."""
    return _asked("GET", found.jwks_uri)


def _asked(
    method: str, address: str, *, data: Mapping[str, str] | None = None, auth: tuple[str, str] | None = None
) -> dict[str, Any]:
    _check(address)
    try:
        with httpx.Client(timeout=SECONDS, follow_redirects=False, trust_env=False) as client:
            headers = {"Accept": "application/json"}
            with client.stream(method, address, data=data, auth=auth, headers=headers) as answer:
                content = _read(answer)
        told = answer.status_code == 200 and httpx.Response(200, content=content).json()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as failed:
        raise ProviderFailed(f"{urlsplit(address).path or '/'}: {type(failed).__name__}") from None
    if not isinstance(told, dict):
        raise ProviderFailed(f"{urlsplit(address).path or '/'}: {answer.status_code}")
    return told


def _read(answer: httpx.Response) -> bytes:
    content = b""
    for part in answer.iter_bytes():
        content += part
        if len(content) > LARGEST:
            raise ValueError("too much")
    return content


def _check(address: str, *, resolve: bool = True) -> None:
    """Raise ProviderFailed for an address we do not ask: of a machine inside, or without encryption."""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise ProviderFailed("no address") from None
    if runtime_settings().environment != "production":
        return
    if parts.scheme != "https" or not host:
        raise ProviderFailed("only https:// is asked")
    if resolve and not all(_is_public(found) for found in _addresses(host, port or 443)):
        raise ProviderFailed("its address is of an inner network")


def _addresses(host: str, port: int) -> list[str]:
    try:
        return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except OSError:
        raise ProviderFailed("its name is not known") from None


def _is_public(address: str) -> bool:
    found = ipaddress.ip_address(address.partition("%")[0])
    return (getattr(found, "ipv4_mapped", None) or found).is_global
