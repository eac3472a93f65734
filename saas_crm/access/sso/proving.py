"""What we ask a provider, and whether its answer is one to us, of now, and of somebody whose address is confirmed."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwk, jwt
from joserfc.errors import JoseError

from saas_crm.access.sso.talking import Discovered, ProviderFailed, fetch_keys, fetch_person, fetch_tokens
from saas_crm.core.emails import EmailError, parse_email
from saas_crm.core.fields import clean_line

ALGORITHMS = ("RS256", "PS256", "ES256", "Ed25519", "EdDSA", "RS384", "RS512", "ES384", "ES512")
"""Signatures by a key only the provider has; never none, and none by a shared secret."""
SHORTEST_RSA = 2_048
"""Bits of a provider's RSA key (RFC 7518, 3.3); shorter ones have been broken, and the library would take them."""
LEEWAY = 60  # seconds that clocks may differ
LONGEST_SUBJECT = 255  # OpenID Connect Core 1.0, 2
LONGEST_NAME = 200
OF_THE_PERSON = ("email", "email_verified", "name")
"""What may be told beside the ID token: nothing that says who answers, to whom, of when and for which question."""


class IdentityRefused(Exception):
    """What came back is no good: `why` is for those who set it up, and holds no secret.

    `kind` is what the person is told: "identity", "other_key" (somebody came in as this member with another key of the
    provider), "proof" (the provider did not ask again), "full" (the plan has no place left) or "again". That an address
    has a sign-in is told to nobody: a provider names any.
    """

    def __init__(self, why: str, *, kind: str = "identity") -> None:
        super().__init__(why)
        self.why, self.kind = why, kind


@dataclass(frozen=True, slots=True)
class Asked:
    """What was sent along and has to come back; kept in the browser's session meanwhile."""

    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the provider says it is."""

    issuer: str
    subject: str
    email: str
    name: str
    asked_at: int | None = None
    """When the provider asked the person who they are, in seconds since 1970, if it says so: `auth_time`."""


def new_question() -> Asked:
    """Return three random values: against forged answers, against used ones, and so that a stolen code is worthless."""
    return Asked(secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(64))


def question(
    found: Discovered, asked: Asked, *, client_id: str, redirect_uri: str, again: bool = False
) -> str:  # fmt: skip
    """Return the address that asks the provider who it is; `again` also where it knows the browser already."""
    query = {
        "response_type": "code", "client_id": client_id, "redirect_uri": redirect_uri, "state": asked.state,
        "scope": "openid email profile", "nonce": asked.nonce, "code_challenge_method": "S256",
        "code_challenge": create_s256_code_challenge(asked.verifier),
    }  # fmt: skip
    if again:
        query |= {"prompt": "login", "max_age": "0"}  # with a max_age it has to say when it asked
    return f"{found.authorization_endpoint}{'&' if '?' in found.authorization_endpoint else '?'}{urlencode(query)}"


def identity_of(found: Discovered, asked: Asked, code: str, *, client: tuple[str, str], redirect_uri: str) -> Identity:
    """Change the code for an ID token and return who it names. Raises IdentityRefused."""
    try:
        tokens = fetch_tokens(found, client=client, code=code, redirect_uri=redirect_uri, code_verifier=asked.verifier)
        claims = _with_person(found, tokens, _claims(found, tokens, asked, client[0]))
    except ProviderFailed as failed:
        raise IdentityRefused(str(failed)) from None
    except (JoseError, ValueError, KeyError, TypeError) as wrong:
        raise IdentityRefused(f"ID token: {type(wrong).__name__} {str(wrong)[:100]}") from None
    if claims.get("email_verified") not in (True, "true"):
        raise IdentityRefused("email_verified is not true")
    try:
        email = parse_email(str(claims.get("email", "")))
    except EmailError:
        raise IdentityRefused("no e-mail address") from None
    subject, name = str(claims["sub"]), clean_line(str(claims.get("name") or ""))[:LONGEST_NAME]
    if not 0 < len(subject) <= LONGEST_SUBJECT or "\0" in subject:
        raise IdentityRefused("sub is none")
    at = claims.get("auth_time")
    return Identity(found.issuer, subject, email, name or email.partition("@")[0], at if isinstance(at, int) else None)


def _claims(found: Discovered, tokens: dict[str, Any], asked: Asked, client_id: str) -> dict[str, Any]:
    """Return what the ID token says, once it is signed by the provider, for us, and of this very question."""
    token = _signed(found, str(tokens["id_token"]))
    options: dict[str, Any] = {
        "iss": {"essential": True, "value": found.issuer}, "aud": {"essential": True, "value": client_id},
        "sub": {"essential": True}, "exp": {"essential": True}, "iat": {"essential": True},
    }  # fmt: skip
    params = {"nonce": asked.nonce, "client_id": client_id, "access_token": tokens.get("access_token")}
    claims = CodeIDToken(token.claims, token.header, options, params)
    claims.validate(leeway=LEEWAY)
    return dict(claims)


def _with_person(found: Discovered, tokens: dict[str, Any], claims: dict[str, Any]) -> dict[str, Any]:
    """Return the claims with what the provider keeps for its UserInfo endpoint, if the ID token names no address.

    By the standard it belongs there where an access token is issued (Core 1.0, 5.4), and many send it in both.
    """
    if "email" in claims or not found.userinfo_endpoint or not tokens.get("access_token"):
        return claims
    told = fetch_person(found, str(tokens["access_token"]))
    if told.get("sub") != claims["sub"]:  # Core 1.0, 5.3.2: it must not be used then
        raise IdentityRefused("userinfo is of another subject than the ID token")
    of_the_answer = {name: said for name, said in claims.items() if name not in OF_THE_PERSON}
    return of_the_answer | {name: told[name] for name in OF_THE_PERSON if name in told}


def _signed(found: Discovered, text: str) -> jwt.Token:
    """Return a token the provider has signed; it is asked for its keys anew before a signature is called wrong."""
    try:
        return _decoded(fetch_keys(found), text)
    except (JoseError, ValueError):
        return _decoded(fetch_keys(found, anew=True), text)


def _decoded(keys: dict[str, Any], text: str) -> jwt.Token:
    known = jwk.KeySet.import_key_set(keys)  # type: ignore[arg-type]  # checked by joserfc itself
    strong = [key for key in known.keys if not isinstance(key, jwk.RSAKey) or key.raw_value.key_size >= SHORTEST_RSA]
    if not strong:
        raise ValueError("no key of 2,048 bits or more")
    return jwt.decode(text, jwk.KeySet(strong), algorithms=list(ALGORITHMS))
