"""Randomness by name: the same seed and key always give the same draw, whoever asks first.

A generator is made anew from SHA-256 of seed and key for each question, so the world needs no memory: after a crash
it answers as before.
"""

from __future__ import annotations

from hashlib import sha256

import numpy as np


def generator(seed: int, *key: str) -> np.random.Generator:
    """The generator of this seed and key."""
    text = "|".join((str(seed), *key)).encode()
    return np.random.Generator(np.random.PCG64(int.from_bytes(sha256(text).digest(), "big")))


def normal(seed: int, *key: str, cut: float | None = None) -> float:
    """One standard normal draw; with `cut`, drawn from what lies within that many standard deviations."""
    source = generator(seed, *key)
    while True:
        found = float(source.standard_normal())
        if cut is None or abs(found) <= cut:
            return found


def chance(seed: int, *key: str) -> float:
    """One uniform draw from 0 to 1."""
    return float(generator(seed, *key).random())
