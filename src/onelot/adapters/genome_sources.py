"""Reading a genome from FASTA (plain or gzip) or UCSC 2bit, one sequence at a time, as bit planes.

Formats: FASTA as NCBI describes it; 2bit as in the UCSC Genome Browser's file format page (versions 0 and 1, both
byte orders).
"""

from __future__ import annotations

import gzip
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np

from onelot.record.errors import BadInput
from onelot.tailor.offtarget.compiled import compiled
from onelot.tailor.offtarget.planes import CODES, Bytes, SequencePlanes, Words, pack_into, words_for

BLOCK = 1 << 24
_TWOBIT = 0x1A412743


def _refused(what: str, remedy: str, place: str) -> BadInput:
    return BadInput(what, rule="a reference is FASTA (plain or gzip) or UCSC 2bit", remedy=remedy, place=place)


def read_sequences(path: Path) -> Iterator[SequencePlanes]:
    """The sequences of a FASTA, gzipped FASTA or 2bit file, told apart by their first bytes.

    Raises:
        BadInput: no such file, another format, a truncated file, wrong letters, an empty or repeated name.
    """
    try:
        with path.open("rb") as file:
            head = file.read(4)
    except OSError as problem:
        raise _refused(
            f"cannot read the reference: {problem.strerror}", "check the path and its rights", str(path)
        ) from problem
    if len(head) == 4 and _TWOBIT in (struct.unpack("<I", head)[0], struct.unpack(">I", head)[0]):
        found = _read_2bit(path)
    else:
        found = _read_fasta(path, compressed=head[:2] == b"\x1f\x8b")
    seen: set[str] = set()
    for sequence in found:
        if not sequence.name or sequence.name in seen:
            raise _refused(
                f"sequence name {sequence.name!r} is empty or repeated",
                "give every sequence a name of its own",
                str(path),
            )
        seen.add(sequence.name)
        yield sequence
    if not seen:
        raise _refused("the reference holds no sequence", "check that this is the file you meant", str(path))


class _Packing:
    """One sequence while it is read: planes that grow."""

    def __init__(self, name: str) -> None:
        self.name, self.position = name, 0
        self.planes: list[Words] = [np.zeros(1 << 10, dtype=np.uint64) for _ in range(3)]

    def add(self, piece: bytes, place: str) -> None:
        needed = words_for(self.position + len(piece))
        if needed > len(self.planes[0]):
            size = max(needed, len(self.planes[0]) * 2)
            for i, plane in enumerate(self.planes):
                larger = np.zeros(size, dtype=np.uint64)
                larger[: len(plane)] = plane
                self.planes[i] = larger
        after = pack_into(np.frombuffer(piece, dtype=np.uint8), CODES, self.position, *self.planes)
        if after < 0:
            at = -1 - after
            near = self.position + sum(1 for c in piece[:at] if c > 32) + 1
            raise _refused(
                f"byte {piece[at]:#04x} ({chr(piece[at])!r}) is no nucleotide letter",
                "check that this is a nucleotide FASTA and not damaged",
                f"{place}, sequence {self.name}, base {near:,}",
            )
        self.position = after

    def done(self) -> SequencePlanes:
        size = words_for(self.position)
        low, high, valid = (plane[:size] for plane in self.planes)
        return SequencePlanes(self.name, self.position, low, high, valid)


def _blocks(path: Path, compressed: bool) -> Iterator[bytes]:
    file: BinaryIO | gzip.GzipFile
    try:
        with gzip.open(path, "rb") if compressed else path.open("rb") as file:
            while block := file.read(BLOCK):
                yield block
    except (OSError, EOFError, zlib.error) as problem:
        raise _refused(
            f"reading stopped: {problem}", "the file is damaged or cut short: fetch it again", str(path)
        ) from problem


def _read_fasta(path: Path, compressed: bool) -> Iterator[SequencePlanes]:
    current: _Packing | None = None
    header: bytes | None = None
    line_start = True
    for block in _blocks(path, compressed):
        at = 0
        while at < len(block):
            if header is not None:
                end = block.find(b"\n", at)
                header += block[at:] if end < 0 else block[at:end]
                if end < 0:
                    break
                words = header[1:].split()
                current, header = _Packing(words[0].decode("utf-8", "replace") if words else ""), None
                at, line_start = end + 1, True
                continue
            if line_start and block[at] == 62:
                if current is not None:
                    yield current.done()
                    current = None
                header = b""
                continue
            end = block.find(b"\n>", at)
            piece = block[at:] if end < 0 else block[at : end + 1]
            if current is not None:
                current.add(piece, str(path))
            elif piece.strip():
                raise _refused(
                    "text before the first header line",
                    "a FASTA file begins with '>': give a FASTA or 2bit file",
                    f"{path}, byte {at:,}",
                )
            at = len(block) if end < 0 else end + 1
            line_start = True
        if header is None:
            line_start = block.endswith(b"\n")
    if header is not None:
        words = header[1:].split()
        current = _Packing(words[0].decode("utf-8", "replace") if words else "")
    if current is not None:
        yield current.done()


@compiled
def _unpack_2bit(packed: Bytes, size: int, low: Words, high: Words, valid: Words) -> None:
    """2bit codes are T 0, C 1, A 2, G 3, four to a byte, the first in the highest bits; our codes are A 0, C 1, G
    2, T 3."""
    ours = np.array([3, 1, 0, 2], dtype=np.uint64)
    one = np.uint64(1)
    for i in range(size):
        code = ours[(packed[i >> 2] >> (6 - 2 * (i & 3))) & 3]
        bit = np.uint64(i & 63)
        low[i >> 6] |= (code & one) << bit
        high[i >> 6] |= (code >> one) << bit
        valid[i >> 6] |= one << bit


@compiled
def _blank(start: int, end: int, low: Words, high: Words, valid: Words) -> None:
    for i in range(start, end):
        keep = ~(np.uint64(1) << np.uint64(i & 63))
        low[i >> 6] &= keep
        high[i >> 6] &= keep
        valid[i >> 6] &= keep


class _TwoBit:
    """Bounded reading of a 2bit file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.data = np.memmap(path, dtype=np.uint8, mode="r")
        self.order = "<" if struct.unpack("<I", self.data[:4].tobytes())[0] == _TWOBIT else ">"

    def take(self, at: int, count: int) -> Bytes:
        if count < 0 or at < 0 or at + count > len(self.data):
            raise _refused("the 2bit file is cut short", "fetch it again", f"{self.path}, byte {at:,}")
        return self.data[at : at + count]

    def number(self, at: int, letter: str = "I") -> int:
        return int(struct.unpack(self.order + letter, self.take(at, struct.calcsize(letter)).tobytes())[0])

    def numbers(self, at: int, count: int) -> list[int]:
        return [int(n) for n in np.frombuffer(self.take(at, 4 * count).tobytes(), dtype=f"{self.order}u4")]


def _read_2bit(path: Path) -> Iterator[SequencePlanes]:
    file = _TwoBit(path)
    version, count = file.number(4), file.number(8)
    if version not in (0, 1):
        raise _refused(f"2bit version {version} is unknown", "give a 2bit file of version 0 or 1", str(path))
    wide = "Q" if version else "I"
    entries, at = [], 16
    for _ in range(count):
        letters = file.number(at, "B")
        name = file.take(at + 1, letters).tobytes().decode("utf-8", "replace")
        entries.append((name, file.number(at + 1 + letters, wide)))
        at += 1 + letters + struct.calcsize(wide)
    for name, at in entries:
        size, blocks = file.number(at), file.number(at + 4)
        starts = file.numbers(at + 8, blocks)
        sizes = file.numbers(at + 8 + 4 * blocks, blocks)
        masked_at = at + 8 + 8 * blocks
        packed = file.take(masked_at + 4 + 8 * file.number(masked_at) + 4, (size + 3) // 4)
        low, high, valid = (np.zeros(words_for(size), dtype=np.uint64) for _ in range(3))
        _unpack_2bit(packed, size, low, high, valid)
        for start, length in zip(starts, sizes, strict=True):
            if start + length > size:
                raise _refused(
                    "an N block reaches beyond its sequence", "the file is damaged: fetch it again", f"{path}, {name}"
                )
            _blank(start, start + length, low, high, valid)
        yield SequencePlanes(name, size, low, high, valid)
