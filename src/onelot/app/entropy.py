"""Where random bytes come from: the operating system; in a simulation, the seed and a label."""

from __future__ import annotations

import hmac
import os
from hashlib import sha256, shake_256

from onelot.adapters.vault import Entropy


def from_system(label: str, size: int) -> bytes:
    """`size` random bytes; the label plays no part."""
    return os.urandom(size)


def from_seed(seed: int) -> Entropy:
    """A source that answers the same label with the same bytes, so that a simulation can be repeated and resumed.

    Never for production: whoever knows the seed knows every key.
    """
    key = sha256(f"onelot simulation {seed}".encode()).digest()

    def give(label: str, size: int) -> bytes:
        return shake_256(hmac.digest(key, label.encode(), "sha256")).digest(size)

    return give
