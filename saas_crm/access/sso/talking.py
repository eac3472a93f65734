"""Talking to an identity provider: where its parts are, a code for a token, and its keys.

The address is one that somebody typed. So in production it is https, of a public network, and no answer leads
elsewhere; what is read is small, and the whole of an answer is waited for shortly (`asking`).
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx
import orjson

from saas_crm.access.sso.asking import ProviderFailed, ask, check_address
from saas_crm.access.sso.remembering import Remembered

__all__ = [
    "Discovered", "ProviderFailed", "discover", "fetch_keys", "fetch_person", "fetch_tokens", "forget_providers",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Discovered:
    """Where a provider's parts are (OpenID Connect Discovery 1.0); `userinfo_endpoint` is "" where it has none."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    methods: tuple[str, ...]
    userinfo_endpoint: str = ""


class _Bearer(httpx.Auth):
    """Shows the access token (RFC 6750, 2.1)."""

    def __init__(self, token: str) -> None:
        self._token = token

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response]:
        request.headers["Authorization"] = f"Bearer {self._token}"
        yield request


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
        issuer, **parts, methods=tuple(methods) if isinstance(methods, list) else ("client_secret_basic",),
        userinfo_endpoint=str(told.get("userinfo_endpoint") or ""),
    )  # fmt: skip


def fetch_tokens(found: Discovered, *, client: tuple[str, str], **sent: str) -> dict[str, Any]:
    """Give a code and get the tokens (RFC 6749, 4.1.3), with PKCE; raises ProviderFailed."""
    client_id, secret = client
    form = {"grant_type": "authorization_code", "client_id": client_id, **sent}
    if "client_secret_basic" in found.methods or "client_secret_post" not in found.methods:
        return _asked("POST", found.token_endpoint, data=form, auth=httpx.BasicAuth(client_id, secret))
    return _asked("POST", found.token_endpoint, data={**form, "client_secret": secret})


def fetch_person(found: Discovered, access_token: str) -> dict[str, Any]:
    """Return what the provider tells of a person beside the ID token (Core 1.0, 5.3); raises ProviderFailed.

    Only for the subject of the ID token that came with this access token: whoever asks has to compare them.
    """
    return _asked("GET", found.userinfo_endpoint, auth=_Bearer(access_token))


def fetch_keys(found: Discovered, *, anew: bool = False) -> dict[str, Any]:
    """Return the keys the provider signs with, asked `anew` or some minutes ago; raises ProviderFailed."""
    return _keys.get(found.jwks_uri, lambda: _asked("GET", found.jwks_uri), anew=anew)


def forget_providers() -> None:
    """Forget what providers said some minutes ago."""
    _parts.forget()
    _keys.forget()


def _asked(
    method: str, address: str, *, data: Mapping[str, str] | None = None, auth: httpx.Auth | None = None
) -> dict[str, Any]:
    path = urlsplit(address).path or "/"
    answer = ask(method, address, data=data, auth=auth)
    if answer.status_code != 200:
        raise ProviderFailed("status", f"{path}: {answer.status_code}")
    try:
        told = orjson.loads(answer.content)
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise ProviderFailed("json", path)
    return told
