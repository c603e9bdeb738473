"""Who signed, when, and what the signature means (21 CFR 11.50, 11.70).

A person's ed25519 key signs the hash of the event, which covers the body and all that came before it; so a signature
cannot be cut out or moved. Printed name, time and meaning stand inside the signed body.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from onelot.record.errors import NotAllowed


@dataclass(frozen=True, slots=True)
class Signed:
    """What is printed with a signature: stream of the signer (`person/...` or `site/...`), name, meaning, key.

    key: the public key, 64 hex digits. The time is that of the event. seen: what stood before the
    signer's eyes, by its SHA-256 among the documents or by the commitment of its seal; "" where nothing was shown.
    """

    signer: str
    printed_name: str
    meaning: str
    key: str
    seen: str = ""


@dataclass(frozen=True, slots=True)
class Signing:
    """A signature about to be made: what is printed, and the opened key's sign(hash) -> 64 bytes."""

    signed: Signed
    sign: Callable[[bytes], bytes]


def is_signature(key: str, link: bytes, signature: bytes) -> bool:
    """Whether `signature` (64 bytes) over the event hash `link` was made by the holder of `key`."""
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(signature, link)
    except (InvalidSignature, ValueError):
        return False
    return True


def second_person(first: str, second: str, *, what: str) -> None:
    """Refuse when the verifier is the doer: nobody verifies or approves their own work."""
    if not second or first == second:
        raise NotAllowed(
            f"{what} needs a second person" + (f"; {second} did it" if second else ""),
            rule="second verifier is a relation: nobody verifies or approves their own work",
            remedy="ask a colleague to verify with their own sign-in",
        )
