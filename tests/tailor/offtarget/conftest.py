"""Shared ground of the off-target tests: the yeast genome, read by a reader of the tests' own."""

import os
import struct
from pathlib import Path

import numpy as np
import pytest

from onelot.adapters.cache import use_compiled_cache

use_compiled_cache()  # before numba is imported: its own check misses changes in called files

SHARED = Path(os.environ.get("ONELOT_SHARED", Path(__file__).resolve().parents[4] / "shared"))
YEAST = SHARED / "data" / "genome" / "sacCer3.2bit"


def shared(path: Path) -> Path:
    if not path.exists():
        if os.environ.get("CI") == "true":
            pytest.fail(f"{path} is missing and CI=true")
        pytest.skip(f"{path} is not here")
    return path


def read_2bit(path: Path) -> dict[str, str]:
    """A reader that shares nothing with the product: UCSC 2bit, little-endian, version 0; upper case, N blocks
    applied."""
    data = path.read_bytes()
    signature, version, count, _ = struct.unpack_from("<IIII", data, 0)
    assert signature == 0x1A412743 and version == 0
    at, entries = 16, []
    for _ in range(count):
        size = data[at]
        entries.append((data[at + 1 : at + 1 + size].decode(), struct.unpack_from("<I", data, at + 1 + size)[0]))
        at += 5 + size
    table = np.array([[b"TCAG"[(byte >> shift) & 3] for shift in (6, 4, 2, 0)] for byte in range(256)], dtype=np.uint8)
    genome = {}
    for name, at in entries:
        length, blocks = struct.unpack_from("<II", data, at)
        starts = struct.unpack_from(f"<{blocks}I", data, at + 8)
        sizes = struct.unpack_from(f"<{blocks}I", data, at + 8 + 4 * blocks)
        at += 8 + 8 * blocks
        masks = struct.unpack_from("<I", data, at)[0]
        at += 8 + 8 * masks
        letters = table[np.frombuffer(data, np.uint8, (length + 3) // 4, at)].reshape(-1)[:length].copy()
        for start, run in zip(starts, sizes, strict=True):
            letters[start : start + run] = ord("N")
        genome[name] = letters.tobytes().decode()
    return genome


@pytest.fixture(scope="session")
def yeast() -> dict[str, str]:
    return read_2bit(shared(YEAST))


@pytest.fixture(scope="session")
def yeast_path() -> Path:
    return shared(YEAST)
