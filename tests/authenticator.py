"""A passkey in software: makes credentials and answers challenges as a phone does, or wrongly where a test says so."""

import json
import os
from hashlib import sha256
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url

ORIGIN = "http://localhost:8000"
PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


class Authenticator:
    """One credential of one device."""

    def __init__(self, *, origin: str = ORIGIN, rp_id: str = "localhost", counting: bool = True) -> None:
        self.origin = origin
        self.rp_id = rp_id
        self.verifying = True
        self.count = 1 if counting else 0
        self.credential_id = os.urandom(32)
        self.handle: bytes | None = None
        self.key = ec.generate_private_key(ec.SECP256R1())

    def create(self, options: str, **changes: Any) -> str:
        """Answer `navigator.credentials.create`."""
        asked = json.loads(options)
        self.handle = base64url_to_bytes(asked["user"]["id"])
        client = self._client_data("webauthn.create", asked["challenge"], changes)
        attested = bytes(16) + len(self.credential_id).to_bytes(2, "big") + self.credential_id + self._public_key()
        told = {"fmt": "none", "attStmt": {}, "authData": self._authenticator_data(ATTESTED) + attested}
        return self._answer(
            {
                "clientDataJSON": bytes_to_base64url(client),
                "attestationObject": bytes_to_base64url(cbor2.dumps(told)),
            }
        )

    def get(self, options: str, **changes: Any) -> str:
        """Answer `navigator.credentials.get`."""
        asked = json.loads(options)
        if self.count:
            self.count += 1
        client = self._client_data("webauthn.get", asked["challenge"], changes)
        told = self._authenticator_data(0)
        signature = self.key.sign(told + sha256(client).digest(), ec.ECDSA(SHA256()))
        return self._answer(
            {
                "clientDataJSON": bytes_to_base64url(client),
                "authenticatorData": bytes_to_base64url(told),
                "signature": bytes_to_base64url(signature),
                "userHandle": bytes_to_base64url(self.handle) if self.handle else None,
            }
        )

    def _authenticator_data(self, flags: int) -> bytes:
        flags |= PRESENT | (VERIFIED if self.verifying else 0)
        return sha256(self.rp_id.encode()).digest() + bytes([flags]) + self.count.to_bytes(4, "big")

    def _client_data(self, kind: str, challenge: str, changes: dict[str, Any]) -> bytes:
        said = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return json.dumps(said | changes).encode()

    def _public_key(self) -> bytes:
        """COSE: an EC2 key (2) for ES256 (-7) on P-256 (1)."""
        point = self.key.public_key().public_numbers()
        key = {1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")}
        return cbor2.dumps(key)

    def _answer(self, response: dict[str, str | None]) -> str:
        named = bytes_to_base64url(self.credential_id)
        return json.dumps({"id": named, "rawId": named, "type": "public-key", "response": response})
