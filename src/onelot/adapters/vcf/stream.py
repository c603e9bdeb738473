"""Lines out of a plain, gzip or bgzip file, each bounded in length, with the file's digest.

A line is read with a limit, so that a hostile file without line ends costs no more than one buffer.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from onelot.record.errors import BadInput

GZIP_MAGIC = b"\x1f\x8b"
# The empty BGZF block that ends every complete file (SAM specification 4.1.2).
BGZF_END = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")
BUFFER = 1 << 20
LINE_FEED = 10


@dataclass(frozen=True, slots=True)
class Limits:
    """What a reader is willing to take in before it refuses.

    Attributes:
        line_bytes: longest line, bytes without the line end. The default holds 3,202 samples with full
            FORMAT fields, or two million samples with genotypes alone.
        header_lines: most header lines.
        header_bytes: most bytes in the header; the header is kept in memory, records are not.
        file_bytes: most bytes after decompression; guards against archives made to swell.
    """

    line_bytes: int = 8_000_000
    header_lines: int = 100_000
    header_bytes: int = 32_000_000
    file_bytes: int = 2_000_000_000_000


def digest_of(path: Path) -> str:
    """SHA-256 of the file as it lies on disk, in hexadecimal.

    Raises:
        BadInput: the file cannot be opened.
    """
    sha = hashlib.sha256()
    try:
        with path.open("rb") as raw:
            while chunk := raw.read(BUFFER):
                sha.update(chunk)
    except OSError as error:
        raise _unreadable(path, error) from error
    return sha.hexdigest()


def lines_of(path: Path, limits: Limits) -> Iterator[tuple[int, bytes]]:
    """Give (line number from 1, line without its end) until the file ends.

    Raises:
        BadInput: unreadable, cut off, damaged, or a line or the file passes its limit; `place` is file:line.
    """
    number, total = 0, 0
    try:
        with path.open("rb") as raw:
            packed = raw.read(2) == GZIP_MAGIC
            if packed:
                _check_bgzf_end(raw, path)
            raw.seek(0)
            lines = io.BufferedReader(gzip.GzipFile(fileobj=raw, mode="rb"), BUFFER) if packed else raw
            longest, most = limits.line_bytes, limits.file_bytes
            while line := lines.readline(longest + 2):
                number += 1
                total += len(line)
                if total > most:
                    raise _refuse(path, number, f"more than {most:,} bytes after decompression")
                if line[-1] != LINE_FEED or line[-2:-1] == b"\r" or len(line) > longest:
                    yield number, _without_end(line, path, number, limits)
                else:
                    yield number, line[:-1]
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise BadInput(
            f"The compressed file is cut off or damaged after line {number}: {error}.",
            rule="RFC 1952: every gzip member ends with its checksum and length",
            remedy="Fetch the file again and compare its checksum with the sender's.",
            place=f"{path}:{number + 1}",
        ) from error
    except OSError as error:
        raise _unreadable(path, error) from error


def _without_end(line: bytes, path: Path, number: int, limits: Limits) -> bytes:
    if line.endswith(b"\n"):
        text = line[:-2] if line.endswith(b"\r\n") else line[:-1]
        if len(text) <= limits.line_bytes:
            return text
    elif len(line) <= limits.line_bytes:
        raise BadInput(
            f"Line {number} is the last and has no line end, so it may be cut off.",
            rule="VCF 4.3 section 1.1: every line ends with a line break",
            remedy="Compare the file with its source; if it is whole, add a line break at its end.",
            place=f"{path}:{number}",
        )
    raise _refuse(path, number, f"line {number} is longer than {limits.line_bytes:,} bytes")


def _refuse(path: Path, number: int, what: str) -> BadInput:
    return BadInput(
        f"The file was not read on: {what}.",
        rule="reader limits (onelot.adapters.vcf.Limits)",
        remedy="Check that this is a VCF file; if it is sound, split it by region or sample, or raise the limit.",
        place=f"{path}:{number}",
    )


def _check_bgzf_end(raw: IO[bytes], path: Path) -> None:
    # A bgzip file cut at a block boundary decompresses without an error; only the missing end block tells.
    raw.seek(0)
    head = raw.read(18)
    if len(head) < 18 or not head[3] & 4 or head[12:14] != b"BC":
        return
    size = raw.seek(0, 2)
    raw.seek(max(0, size - len(BGZF_END)))
    if raw.read() != BGZF_END:
        raise BadInput(
            "The bgzip file has no end block: it was cut off.",
            rule="SAM specification 4.1.2: a complete BGZF file ends with an empty block",
            remedy="Fetch the file again and compare its checksum with the sender's.",
            place=str(path),
        )


def _unreadable(path: Path, error: OSError) -> BadInput:
    return BadInput(
        f"The file cannot be read: {error.strerror or error}.",
        rule="a VCF file is read from disk",
        remedy="Check the path and the rights of the file.",
        place=str(path),
    )
