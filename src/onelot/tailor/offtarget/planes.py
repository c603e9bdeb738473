"""A genome as bit planes: base i of a sequence is bit i%64 of word i//64 in three planes.

`low` and `high` hold the two bits of the base (A 0, C 1, G 2, T 3); `valid` is 0 for anything but ACGT, and for the
zero words after the end, so that nothing ever matches beyond a sequence. Three bits a base: 3 Gb take 1.1 GB.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from onelot.record.errors import BadInput
from onelot.tailor.offtarget.compiled import compiled

Words = npt.NDArray[np.uint64]
Bytes = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int64]
#: One 64-bit word inside compiled code, where numba and not the annotation says the type.
Word: TypeAlias = Any

#: Code of every byte: 0-3 for ACGT in either case (soft-masking is ignored), 4 for letters that never match
#: (IUPAC ambiguity, X, gaps), 5 for what has no place in a nucleotide sequence.
CODES: Bytes = np.full(256, 5, dtype=np.uint8)
for _letter in "RYSWKMBDHVNX-*.":
    CODES[ord(_letter)] = CODES[ord(_letter.lower())] = 4
for _code, _letter in enumerate("ACGT"):
    CODES[ord(_letter)] = CODES[ord(_letter.lower())] = _code


@dataclass(frozen=True)
class SequencePlanes:
    """One sequence: its name, its length in bases and three planes of `words_for(length)` 64-bit words each."""

    name: str
    length: int
    low: Words
    high: Words
    valid: Words


def words_for(length: int) -> int:
    """Words of one plane for a sequence of that many bases: one zero word follows the last base."""
    return (length + 63) // 64 + 1


@compiled
def pack_into(text: Bytes, codes: Bytes, start: int, low: Words, high: Words, valid: Words) -> int:
    """Write the bases of `text` (ASCII; line ends and spaces skipped) from position `start` on; returns the position
    after.

    The planes must have room; bits are only set, so they must come zeroed. A byte of code 5 stops it: the answer is
    then
    -1 - (number of the byte in `text`).
    """
    position = start
    word = position >> 6
    bit = np.uint64(position & 63)
    one = np.uint64(1)
    a, b, c = low[word], high[word], valid[word]
    for i in range(text.shape[0]):
        letter = text[i]
        if letter <= 32:
            continue
        code = codes[letter]
        if code == 5:
            return -1 - i
        if code < 4:
            a |= np.uint64(code & 1) << bit
            b |= np.uint64(code >> 1) << bit
            c |= one << bit
        position += 1
        bit += one
        if bit == np.uint64(64):
            low[word], high[word], valid[word] = a, b, c
            word += 1
            bit = np.uint64(0)
            a, b, c = low[word], high[word], valid[word]
    low[word], high[word], valid[word] = a, b, c
    return position


@compiled
def unpack(low: Words, high: Words, valid: Words, start: int, out: Bytes) -> None:
    """Fill `out` with the ASCII letters (ACGT or N) from position `start` on."""
    for i in range(out.shape[0]):
        word = (start + i) >> 6
        bit = np.uint64((start + i) & 63)
        if (valid[word] >> bit) & np.uint64(1) == np.uint64(0):
            out[i] = 78
            continue
        code = ((low[word] >> bit) & np.uint64(1)) | (((high[word] >> bit) & np.uint64(1)) << np.uint64(1))
        if code == np.uint64(0):
            out[i] = 65
        elif code == np.uint64(1):
            out[i] = 67
        elif code == np.uint64(2):
            out[i] = 71
        else:
            out[i] = 84


def letters(planes: SequencePlanes, start: int, end: int) -> str:
    """Bases [start, end) of a sequence as ACGT or N, clipped to the sequence."""
    start, end = max(0, start), min(planes.length, end)
    if end <= start:
        return ""
    out = np.empty(end - start, dtype=np.uint8)
    unpack(planes.low, planes.high, planes.valid, start, out)
    return out.tobytes().decode("ascii")


def planes_of_many(sequences: Sequence[tuple[str, str]]) -> tuple[SequencePlanes, ...]:
    """The planes of sequences given as (name, letters); anything but ACGT in either case is kept as N."""
    made = []
    for name, sequence in sequences:
        low, high, valid = (np.zeros(words_for(len(sequence)), dtype=np.uint64) for _ in range(3))
        if pack_into(np.frombuffer(sequence.encode("ascii"), dtype=np.uint8), CODES, 0, low, high, valid) < 0:
            raise BadInput(
                f"sequence {name!r} holds a letter that no nucleotide has",
                rule="sequences are written in IUPAC nucleotide letters",
                remedy="check what the sequence was read from",
                place=name,
            )
        for plane in (low, high, valid):
            plane.flags.writeable = False  # as in a mapped index, so that the loops are compiled for one kind only
        made.append(SequencePlanes(name, len(sequence), low, high, valid))
    return tuple(made)
