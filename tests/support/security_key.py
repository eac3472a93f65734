"""A security key made of software: it makes passkeys and signs challenges as a device does, and lies where told to."""

from __future__ import annotations

import hashlib
import json
import secrets
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


def b64(content: bytes) -> str:
    return urlsafe_b64encode(content).decode().rstrip("=")


def unb64(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class SecurityKey:
    """One key pair. `count` goes up with each signature; `verifies` is whether the device checks its owner."""

    origin: str = "http://localhost"
    verifies: bool = True
    count: int = 0
    user_handle: str = ""
    transports: list[str] = field(default_factory=list)
    id: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    pair: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def make(self, options: dict[str, Any], **lies: Any) -> str:
        """Answer `navigator.credentials.create`."""
        self.user_handle = options["user"]["id"]
        numbers = self.pair.public_key().public_numbers()
        public = cbor2.dumps({
            1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")
        })  # fmt: skip
        attested = bytes(16) + struct.pack(">H", len(self.id)) + self.id + public
        data = self._data(lies.get("domain", options["rp"]["id"]), ATTESTED) + attested
        statement = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        client = self._client("webauthn.create", options["challenge"], lies)
        return self._told({
            "clientDataJSON": b64(client), "attestationObject": b64(statement), "transports": self.transports
        })  # fmt: skip

    def sign(self, options: dict[str, Any], **lies: Any) -> str:
        """Answer `navigator.credentials.get`."""
        self.count = lies.get("count", self.count + 1)
        data = self._data(lies.get("domain", options["rpId"]))
        client = self._client("webauthn.get", options["challenge"], lies)
        signature = self.pair.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(SHA256()))
        return self._told({
            "clientDataJSON": b64(client), "authenticatorData": b64(data), "signature": b64(signature),
            "userHandle": lies.get("user_handle", self.user_handle),
        })  # fmt: skip

    def _data(self, domain: str, more: int = 0) -> bytes:
        flags = PRESENT | (VERIFIED if self.verifies else 0) | more
        return hashlib.sha256(domain.encode()).digest() + bytes([flags]) + struct.pack(">I", self.count)

    def _client(self, kind: str, challenge: str, lies: dict[str, Any]) -> bytes:
        told = {"type": lies.get("kind", kind), "challenge": lies.get("challenge", challenge),
                "origin": lies.get("origin", self.origin), "crossOrigin": False}  # fmt: skip
        return json.dumps(told).encode()

    def _told(self, response: dict[str, Any]) -> str:
        return json.dumps({
            "id": b64(self.id), "rawId": b64(self.id), "type": "public-key", "response": response,
            "clientExtensionResults": {},
        })  # fmt: skip
