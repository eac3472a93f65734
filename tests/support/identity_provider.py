"""A real OpenID Connect provider on the loopback address, as strict as the standard asks, that lies where told to."""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from flask import Flask, Response, jsonify, redirect, request
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey
from werkzeug.serving import make_server

CLIENT, SECRET = "saas-crm", "a secret of both"


@dataclass
class IdentityProvider:
    """Who signs in there (`person`), what its tokens say otherwise (`lies`), the codes and tokens it has given out.

    Beside the ID token it tells of the person what `lies["userinfo"]` says, and else their subject alone.
    """

    issuer: str = ""
    person: dict[str, Any] = field(default_factory=dict)
    lies: dict[str, Any] = field(default_factory=dict)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one"}, private=True))
    other_key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one"}, private=True))
    asked: list[dict[str, str]] = field(default_factory=list)
    given: list[str] = field(default_factory=list)

    @cached_property
    def short_key(self) -> RSAKey:
        """A key of the kind that has been broken."""
        return RSAKey.generate_key(1024, {"kid": "one"}, private=True)

    def be(self, email: str, *, subject: str = "", verified: Any = True, name: str = "") -> None:
        """Let this person be signed in there."""
        self.person = {"sub": subject or f"key of {email}", "email": email, "email_verified": verified, "name": name}

    def consent(self, address: str) -> str:
        """Be the person's browser at the provider: return where it is sent back to."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        self.asked.append(query)
        assert query["response_type"] == "code"
        assert "openid" in query["scope"]
        code = secrets.token_urlsafe(16)
        self.codes[code] = query
        back = {"code": code, "state": query["state"], "iss": self.issuer}
        return f"{urlsplit(query['redirect_uri']).path}?{urlencode(back)}"

    def token(self, asked: dict[str, str], access: str) -> str:
        """Return the ID token for what was asked."""
        moment = int(time.time())
        half = hashlib.sha256(access.encode()).digest()[:16]
        claims = {
            "iss": self.issuer, "aud": CLIENT, "iat": moment, "exp": moment + 300, "nonce": asked["nonce"],
            "at_hash": urlsafe_b64encode(half).decode().rstrip("="), **self.person,
            **({"auth_time": moment} if "max_age" in asked else {}),
            **self.lies.get("claims", {}),
        }  # fmt: skip
        claims = {name: value for name, value in claims.items() if value is not None}
        if self.lies.get("alg") == "HS256":
            return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(SECRET))
        if self.lies.get("alg") == "none":
            return jwt.encode({"alg": "none"}, claims, OctKey.import_key(SECRET), algorithms=["none"])
        return jwt.encode({"alg": "RS256", "kid": "one"}, claims, self.signing_key())

    def signing_key(self) -> RSAKey:
        """Return the key a token is signed with."""
        return getattr(self, f"{self.lies['key']}_key") if "key" in self.lies else self.key  # type: ignore[no-any-return]


def _app(provider: IdentityProvider) -> Flask:
    app = Flask("identity provider")

    @app.get("/.well-known/openid-configuration")
    def configuration() -> Response:
        told = {
            "issuer": provider.issuer, "authorization_endpoint": f"{provider.issuer}/authorize",
            "token_endpoint": f"{provider.issuer}/token", "jwks_uri": f"{provider.issuer}/keys",
            "userinfo_endpoint": f"{provider.issuer}/userinfo",
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        }  # fmt: skip
        if provider.lies.get("redirect"):
            return redirect(provider.lies["redirect"])  # type: ignore[return-value]
        return jsonify(told | provider.lies.get("configuration", {}))

    @app.get("/keys")
    def keys() -> Response:
        shown = provider.short_key if provider.lies.get("key") == "short" else provider.key
        return jsonify({"keys": [shown.as_dict(private=False)]})

    @app.post("/token")
    def token() -> tuple[Response, int]:
        sent, asked = request.form, provider.codes.pop(request.form.get("code", ""), None)
        basic = b64decode(request.headers.get("Authorization", "Basic ").removeprefix("Basic ")).decode()
        proof = urlsafe_b64encode(hashlib.sha256(sent.get("code_verifier", "").encode()).digest()).decode().rstrip("=")
        if basic != f"{CLIENT}:{SECRET}":
            return jsonify({"error": "invalid_client"}), 401
        if asked is None or asked["redirect_uri"] != sent["redirect_uri"] or asked["code_challenge"] != proof:
            return jsonify({"error": "invalid_grant"}), 400
        access = secrets.token_urlsafe(16)
        answer = {"access_token": access, "token_type": "Bearer", "id_token": provider.token(asked, access)}
        provider.given += [answer["access_token"], answer["id_token"]]
        return jsonify(answer), 200

    @app.get("/userinfo")
    def userinfo() -> tuple[Response, int]:
        if request.headers.get("Authorization", "").removeprefix("Bearer ") not in provider.given:
            return jsonify({"error": "invalid_token"}), 401
        told = {"sub": provider.person["sub"]} | provider.lies.get("userinfo", {})
        return jsonify(told), provider.lies.get("userinfo_status", 200)

    return app


@contextmanager
def identity_provider() -> Iterator[IdentityProvider]:
    """Run a provider until the block ends."""
    provider = IdentityProvider()
    server = make_server("127.0.0.1", 0, _app(provider), threaded=True)
    provider.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()
