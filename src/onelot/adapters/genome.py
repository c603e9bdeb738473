"""A reference genome on disk: the index file, how it is made, and the genome opened through it.

The index is three bit planes a sequence (see `onelot.tailor.offtarget.planes`), 8-byte aligned, mapped into memory and
never copied. It is written under another name, closed with a footer, synced, and only then renamed: a file that was
half written, cut short or made from another source is never used. Layout: 16 bytes of magic; planes; a JSON table
(names, lengths, offsets, checksums, source); a footer of 8 bytes table length, 32 bytes SHA-256 of the table, magic.
"""

from __future__ import annotations

import errno
import hashlib
import os
import tempfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import orjson

from onelot.adapters.cache import default_cache
from onelot.adapters.genome_sources import read_sequences
from onelot.record.errors import BadInput, Broken, Refused
from onelot.tailor.offtarget.planes import SequencePlanes, letters, words_for

MAGIC = b"onelot genome 01"
SUFFIX = ".onelot"
_FOOTER = 8 + 32 + len(MAGIC)
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}

#: Called with (sequence name, bases read so far).
Progress = Callable[[str, int], None]


class Genome:
    """A reference opened through its index; satisfies the port `onelot.tailor.reference.Reference`."""

    def __init__(self, index: Path, table: dict[str, Any], planes: tuple[SequencePlanes, ...]) -> None:
        self.index, self.table, self.planes = index, table, planes
        self._by_name = {sequence.name: sequence for sequence in planes}

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of the source file."""
        return str(self.table["source"]["sha256"])

    def names(self) -> tuple[str, ...]:
        """Sequence names in the order of the source."""
        return tuple(self._by_name)

    def length(self, name: str) -> int:
        """Bases of one sequence; `BadInput` for an unknown name."""
        return self._named(name).length

    def fetch(self, name: str, start: int, end: int) -> str:
        """Bases [start, end), ACGT or N, clipped to the sequence; `BadInput` for an unknown name."""
        return letters(self._named(name), start, end)

    def verify(self) -> None:
        """Compare every plane with its checksum; raises `Broken` with the sequence's name."""
        for sequence, row in zip(self.planes, self.table["sequences"], strict=True):
            if _checksum(sequence) != row["crc32"]:
                raise Broken(
                    f"the index of sequence {sequence.name!r} is damaged",
                    rule="an index equals what was written: CRC-32 of its planes",
                    remedy=f"delete {self.index} and build it again with: onelot tailor index REFERENCE",
                    place=str(self.index),
                )

    def _named(self, name: str) -> SequencePlanes:
        if name not in self._by_name:
            raise BadInput(
                f"sequence {name!r} is not in the reference",
                rule="a place is named by a sequence of the reference",
                remedy=f"use one of: {', '.join(list(self._by_name)[:8])}",
                place=str(self.index),
            )
        return self._by_name[name]


def _checksum(sequence: SequencePlanes) -> int:
    value = 0
    for plane in (sequence.low, sequence.high, sequence.valid):
        value = zlib.crc32(np.ascontiguousarray(plane).view(np.uint8).data, value)
    return value


def index_places(source: Path, cache: Path) -> tuple[Path, Path]:
    """Where the index of a source may lie: beside it, or in the cache under a name made from its full path."""
    full = source.resolve()
    name = f"{full.name}.{hashlib.sha256(os.fsencode(full)).hexdigest()[:16]}{SUFFIX}"
    return full.with_name(full.name + SUFFIX), cache / "genomes" / name


def source_facts(source: Path) -> dict[str, Any]:
    """Name, size, time and SHA-256 of a source file."""
    try:
        stat = source.stat()
        with source.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as problem:
        raise BadInput(
            f"cannot read the reference: {problem.strerror}",
            rule="a reference is FASTA (plain or gzip) or UCSC 2bit",
            remedy="check the path and its rights",
            place=str(source),
        ) from problem
    return {"name": source.name, "size": stat.st_size, "mtime_ns": stat.st_mtime_ns, "sha256": digest}


def build_index(source: Path, target: Path, progress: Progress | None = None) -> Genome:
    """Read a genome and write its index at `target`, whole or not at all.

    Raises:
        BadInput: the source cannot be read as a genome.
        Refused: no room or no right to write where the index should lie.
    """
    facts = source_facts(source)
    part: Path | None = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent)
        part = Path(name)
        with os.fdopen(handle, "wb", buffering=1 << 20) as file:
            os.fchmod(file.fileno(), source.stat().st_mode & 0o644 | 0o600)
            _write(file, source, facts, progress)
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
        part = None
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as problem:
        full = problem.errno in _NO_ROOM
        raise Refused(
            "no room to write the index" if full else f"cannot write the index: {problem.strerror}",
            rule="an index is written whole (3 bits a base) or not at all; nothing was kept",
            remedy=("free some room, or " if full else "")
            + "set XDG_CACHE_HOME to a folder with room that you may write to",
            place=str(target),
        ) from problem
    finally:
        if part is not None:
            part.unlink(missing_ok=True)
    return open_index(target)


def _write(file: BinaryIO, source: Path, facts: dict[str, Any], progress: Progress | None) -> None:
    file.write(MAGIC)
    offset, rows = 0, []
    for sequence in read_sequences(source):
        for plane in (sequence.low, sequence.high, sequence.valid):
            file.write(np.ascontiguousarray(plane).view(np.uint8).data)
        rows.append({"name": sequence.name, "length": sequence.length, "offset": offset, "crc32": _checksum(sequence)})
        offset += 3 * words_for(sequence.length)
        if progress:
            progress(sequence.name, sum(int(str(row["length"])) for row in rows))
    table = orjson.dumps({"source": facts, "words": offset, "sequences": rows})
    file.write(table + len(table).to_bytes(8, "little") + hashlib.sha256(table).digest() + MAGIC)


def open_index(index: Path) -> Genome:
    """Map an index into memory; raises `Broken` if it is not whole."""

    def broken(what: str) -> Broken:
        return Broken(
            what, rule="an index is used only when whole: magic, table and footer agree",
            remedy="delete it and build it again with: onelot tailor index REFERENCE", place=str(index),
        )  # fmt: skip

    size = index.stat().st_size
    if size < len(MAGIC) + _FOOTER:
        raise broken("the index is cut short")
    with index.open("rb") as file:
        head = file.read(len(MAGIC))
        file.seek(size - _FOOTER)
        footer = file.read(_FOOTER)
        length = int.from_bytes(footer[:8], "little")
        if head != MAGIC or footer[40:] != MAGIC or length > size - _FOOTER - len(MAGIC):
            raise broken("the index is cut short or of another version")
        file.seek(size - _FOOTER - length)
        text = file.read(length)
    if hashlib.sha256(text).digest() != footer[8:40]:
        raise broken("the index's table is damaged")
    table = orjson.loads(text)
    words = int(table["words"])
    if len(MAGIC) + 8 * words + length + _FOOTER != size:
        raise broken("the index has not the size its table says")
    data = (
        np.memmap(index, dtype=np.uint64, mode="r", offset=len(MAGIC), shape=(words,))
        if words
        else np.zeros(0, np.uint64)
    )
    planes = []
    for row in table["sequences"]:
        n, at = words_for(row["length"]), row["offset"]
        low, high, valid = (np.asarray(data[at + k * n : at + (k + 1) * n]) for k in range(3))
        planes.append(SequencePlanes(row["name"], row["length"], low, high, valid))
    return Genome(index, table, tuple(planes))


def _fits(genome: Genome, source: Path) -> bool:
    """Whether an index was made from this very source: same size and time, or the same digest."""
    facts, stat = genome.table["source"], source.stat()
    if facts["size"] != stat.st_size:
        return False
    return bool(facts["mtime_ns"] == stat.st_mtime_ns or facts["sha256"] == source_facts(source)["sha256"])


def open_genome(source: Path, cache: Path | None = None, progress: Progress | None = None) -> Genome:
    """The genome of a FASTA or 2bit file, through its index: one that fits is used, else one is built.

    It is built beside the source, or in the cache where that folder may not be written.

    Args:
        source: FASTA, gzipped FASTA or 2bit.
        cache: cache folder, `default_cache()` unless given.
        progress: called after every sequence while an index is built.
    """
    if not source.is_file():
        raise BadInput(
            "there is no such file",
            rule="a reference is FASTA (plain or gzip) or UCSC 2bit",
            remedy="check the path",
            place=str(source),
        )
    places = index_places(source, cache or default_cache())
    for place in places:
        if place.is_file():
            try:
                genome = open_index(place)
            except (Broken, OSError):
                continue
            if _fits(genome, source):
                return genome
    return build_index(source, places[0] if _writable(places[0].parent) else places[1], progress)


def _writable(folder: Path) -> bool:
    """Whether the folder may be written to; a folder marked read-only stays untouched even for the superuser."""
    return bool(folder.stat().st_mode & 0o222) and os.access(folder, os.W_OK)
