"""A security key in software, from the texts of WebAuthn and CTAP2; it imports nothing from onelot or `webauthn`."""

from __future__ import annotations

import hashlib
import json
import os
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256


def b64(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


def unb64(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Key:
    """One credential on P-256 with a counter. Fields are open, so that a test can be a bad key."""

    def __init__(self, origin: str, party: str) -> None:
        self.origin, self.party, self.count = origin, party, 0
        self.id, self.private = os.urandom(32), ec.generate_private_key(ec.SECP256R1())
        self.flags = 0x01  # somebody touched it

    def _data(self, extra: bytes = b"", flags: int = 0) -> bytes:
        self.count += 1
        return hashlib.sha256(self.party.encode()).digest() + struct.pack(">BI", self.flags | flags, self.count) + extra

    def _client(self, kind: str, challenge: str) -> bytes:
        given = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return json.dumps(given).encode()

    def create(self, options: dict[str, Any]) -> dict[str, Any]:
        point = self.private.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")}
        attested = bytes(16) + struct.pack(">H", len(self.id)) + self.id + cbor2.dumps(cose)
        statement = {"fmt": "none", "attStmt": {}, "authData": self._data(attested, 0x40)}
        return self._answer(
            {
                "clientDataJSON": b64(self._client("webauthn.create", options["challenge"])),
                "attestationObject": b64(cbor2.dumps(statement)),
            }
        )

    def get(self, options: dict[str, Any]) -> dict[str, Any]:
        data, client = self._data(), self._client("webauthn.get", options["challenge"])
        signature = self.private.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(SHA256()))
        return self._answer(
            {"clientDataJSON": b64(client), "authenticatorData": b64(data), "signature": b64(signature)}
        )

    def _answer(self, response: dict[str, str]) -> dict[str, Any]:
        return {"id": b64(self.id), "rawId": b64(self.id), "type": "public-key", "response": response,
                "clientExtensionResults": {}}  # fmt: skip
