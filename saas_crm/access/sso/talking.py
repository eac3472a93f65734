"""Talking to an identity provider: where its parts are, a code for a token, and its keys.

The address is one that somebody typed. So in production it is https, of a public network, and no answer leads
elsewhere; what is read is small, and the whole of an answer is waited for shortly (`asking`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx
import orjson

from saas_crm.access.sso.asking import ProviderFailed, ask, check_address
from saas_crm.access.sso.remembering import Remembered

__all__ = ["Discovered", "ProviderFailed", "discover", "fetch_keys", "fetch_tokens", "forget_providers"]


@dataclass(frozen=True, slots=True)
class Discovered:
    """Where a provider's parts are (OpenID Connect Discovery 1.0)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    methods: tuple[str, ...]


_parts: Remembered[Discovered] = Remembered()
_keys: Remembered[dict[str, Any]] = Remembered()


def discover(issuer: str, *, anew: bool = False) -> Discovered:
    """Return where a provider's parts are, asked `anew` or some minutes ago.

    Raises ProviderFailed, also where it calls itself otherwise.
    """
    return _parts.get(issuer, lambda: _discovered(issuer), anew=anew)


def _discovered(issuer: str) -> Discovered:
    told = _asked("GET", issuer.rstrip("/") + "/.well-known/openid-configuration")
    parts = {name: str(told.get(name, "")) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")}
    if told.get("issuer") != issuer:
        raise ProviderFailed("issuer", str(told.get("issuer"))[:200])
    for address in parts.values():
        check_address(address)
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


def fetch_keys(found: Discovered, *, anew: bool = False) -> dict[str, Any]:
    """Return the keys the provider signs with, asked `anew` or some minutes ago; raises ProviderFailed."""
    return _keys.get(found.jwks_uri, lambda: _asked("GET", found.jwks_uri), anew=anew)


def forget_providers() -> None:
    """Forget what providers said some minutes ago."""
    _parts.forget()
    _keys.forget()


def _asked(
    method: str, address: str, *, data: Mapping[str, str] | None = None, auth: tuple[str, str] | None = None
) -> dict[str, Any]:
    path = urlsplit(address).path or "/"
    answer = ask(method, address, data=data, auth=httpx.BasicAuth(*auth) if auth else None)
    if answer.status_code != 200:
        raise ProviderFailed("status", f"{path}: {answer.status_code}")
    try:
        told = orjson.loads(answer.content)
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise ProviderFailed("json", path)
    return told
