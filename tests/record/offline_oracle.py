"""A second verifier of exports, written from the format's description alone; imports nothing of the project.

It says whether chains, seal, inclusion, signatures and citations hold; it locates nothing.
"""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def sha(*parts: bytes) -> bytes:
    return sha256(b"".join(parts)).digest()


def signed_by(key: str, message: bytes, signature: str) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(bytes.fromhex(signature), message)
    except (InvalidSignature, ValueError):
        return False
    return True


def under(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes:
    """The root by recursion from the top: the tree splits at the largest power of two below its size."""
    if size == 1:
        return leaf
    split = 1 << (size - 1).bit_length() - 1
    if index < split:
        return sha(b"\x01", under(leaf, index, split, path[:-1]), path[-1])
    return sha(b"\x01", path[-1], under(leaf, index - split, size - split, path[:-1]))


def cited(value: Any) -> list[tuple[str, int, str]]:
    if isinstance(value, dict):
        if sorted(value) == ["hash", "seq", "stream"]:
            return [(value["stream"], value["seq"], value["hash"])]
        value = list(value.values())
    return [each for item in value for each in cited(item)] if isinstance(value, list) else []


def holds(data: bytes, key: str) -> bool:
    try:
        return _holds(json.loads(data), key)
    except (ValueError, KeyError, TypeError, IndexError, AttributeError):
        return False


def _holds(file: dict[str, Any], key: str) -> bool:
    seal = json.loads(file["seal"]["body"])
    if not signed_by(key, file["seal"]["body"].encode(), file["seal"]["signature"]):
        return False
    hashes, bodies, keys = {}, [], set()
    for name, stream in file["streams"].items():
        link = sha(b"onelot chain 1\0", name.encode())
        for seq, (text, stored, signature) in enumerate(stream["entries"], 1):
            link, body = sha(link, sha(text.encode())), json.loads(text)
            if link.hex() != stored or (body["stream"], body["seq"]) != (name, seq):
                return False
            hashes[name, seq] = stored
            bodies.append((body, link, signature))
            if body["type"] == "KeyEnrolled":
                keys.add((name, body["data"]["key"]))
                if body["signed"]["key"] != key:
                    return False
        for digest in stream["after"]:
            link = sha(link, bytes.fromhex(digest))
        count = len(stream["entries"]) + len(stream["after"])
        # Sorted keys, no blanks, ASCII names: this is the RFC 8785 form of such a leaf.
        head = json.dumps({"hash": link.hex(), "seq": count, "stream": name}, separators=(",", ":"), sort_keys=True)
        path = [bytes.fromhex(each) for each in stream["proof"]]
        if under(sha(b"\0", head.encode()), stream["index"], seal["size"], path).hex() != seal["root"]:
            return False
    main = file["streams"][f"batch/{file['batch']}"]
    therapies = json.loads(main["entries"][0][0])["data"]["therapies"]
    if main["after"] or any(file["streams"][f"therapy/{coi}"]["after"] for coi in therapies):
        return False
    for body, link, signature in bodies:
        signed = body.get("signed")
        if (signed is None) != (signature is None):
            return False
        if signed and not signed_by(signed["key"], link, signature):
            return False
        if signed and signed["key"] != key and (signed["signer"], signed["key"]) not in keys:
            return False
        if any(hashes.get((stream, seq)) != found for stream, seq, found in cited(body["data"])):
            return False
    return True
