"""From a hit to its rows: the best alignment for every length of protospacer, and the letters as they are read.

Order of alignments of one length: fewest edits, then fewest bulges, then the site's text, where upper case (A to Z)
comes
before lower case. A mismatch pattern is an integer whose highest bit is the first letter read, so that the smaller
integer is the earlier text; mismatch count and pattern together form the key of a shortest-path search over
(guide letters used, DNA bulges, RNA bulges).
"""

from __future__ import annotations

import numpy as np

from onelot.tailor.offtarget.compiled import compiled
from onelot.tailor.offtarget.planes import Bytes, Ints, Words
from onelot.tailor.offtarget.words import word_at

#: Columns of a resolved hit.
GUIDE, ANCHOR, LENGTH, MISMATCHES, DNA, RNA, PATTERN = range(7)
_NONE = np.int64(1) << np.int64(62)
_COUNT = 40  # the mismatch count lies above the pattern's 40 bits


@compiled
def code_at(low: Words, high: Words, valid: Words, position: int) -> int:
    """Code 0-3 of one base, 4 for anything but ACGT."""
    if word_at(valid, position) & np.uint64(1) == np.uint64(0):
        return 4
    a = np.int64(word_at(low, position) & np.uint64(1))
    b = np.int64(word_at(high, position) & np.uint64(1))
    return int(a | (b << 1))


@compiled
def read_site(low: Words, high: Words, valid: Words, start: int, length: int, forward: bool, out: Bytes) -> None:
    """Codes of `length` bases from `start`, as read 5'→3' on the strand asked for."""
    for i in range(length):
        if forward:
            out[i] = code_at(low, high, valid, start + i)
        else:
            code = code_at(low, high, valid, start + length - 1 - i)
            out[i] = 3 - code if code < 4 else 4


@compiled
def best_alignment(
    spacer: Bytes, site: Bytes, length: int, dna: int, rna: int, limit: int, table: Ints
) -> tuple[int, int, int, int]:
    """Best global alignment of a spacer with `length` site codes: (mismatches, DNA bulges, RNA bulges, pattern); -1
    if none.

    `table` is scratch, shape (letters + 1, dna + 1, rna + 1).
    """
    n = spacer.shape[0]
    for i in range(n + 1):
        for d in range(dna + 1):
            for r in range(rna + 1):
                j = i + d - r
                best = _NONE
                if i == 0 and d == 0 and r == 0:
                    best = np.int64(0)
                if 0 <= j <= length and r <= i:
                    if i > 0 and j > 0 and table[i - 1, d, r] < _NONE:
                        wrong = np.int64(site[j - 1] != spacer[i - 1])
                        key = table[i - 1, d, r] + (wrong << _COUNT) + (wrong << (length - j))
                        best = min(best, key)
                    if d > 0 and j > 0:
                        best = min(best, table[i, d - 1, r])
                    if i > 0 and r > 0:
                        best = min(best, table[i - 1, d, r - 1])
                table[i, d, r] = best
    edits, chosen_d, chosen_r = 99, -1, -1
    chosen = _NONE
    for d in range(dna + 1):
        r = d - (length - n)
        if r < 0 or r > rna:
            continue
        key = table[n, d, r]
        if key >= _NONE or (key >> _COUNT) > limit:
            continue
        total = (key >> _COUNT) + d + r
        # d rises, so bulges rise: only strictly fewer edits may replace an earlier choice
        if total < edits:
            edits, chosen_d, chosen_r, chosen = total, d, r, key
    if chosen_d < 0:
        return -1, 0, 0, 0
    return int(chosen >> _COUNT), chosen_d, chosen_r, int(chosen & ((np.int64(1) << _COUNT) - 1))


@compiled
def resolve(
    low: Words, high: Words, valid: Words, sequence_length: int, hits: Ints, spacers: Bytes, pam_length: int,
    right: bool, forward: bool, dna: int, rna: int, limit: int,
) -> tuple[Ints, Bytes]:  # fmt: skip
    """Rows and letters of the hits of one strand: one row for every protospacer length that fits the limits.

    Args:
        hits: (hits, 2) guide and anchor, from `tiles.scan`.
        spacers: codes (guides, letters) as read 5'→3'.
        right: the PAM lies right of the protospacer in forward coordinates.
        forward: the strand read is the forward strand.

    Returns:
        rows, int64 (n, 7) in the columns named above, and letters, uint8 (n, 50): protospacer and PAM in the order
        read,
        mismatches in lower case, zero after the end.
    """
    n = spacers.shape[1]
    spans = dna + rna + 1
    rows = np.empty((hits.shape[0] * spans, 7), dtype=np.int64)
    text = np.zeros((hits.shape[0] * spans, 50), dtype=np.uint8)
    site = np.empty(64, dtype=np.uint8)
    table = np.empty((n + 1, dna + 1, rna + 1), dtype=np.int64)
    upper = np.array([65, 67, 71, 84, 78], dtype=np.uint8)
    used = 0
    pam_last = right == forward  # the PAM is read after the protospacer
    for h in range(hits.shape[0]):
        guide, anchor = hits[h, 0], hits[h, 1]
        for length in range(n - rna, n + dna + 1):
            start = anchor - length if right else anchor
            if start < 0 or start + length + pam_length > sequence_length:
                continue
            read_site(low, high, valid, start, length + pam_length, forward, site)
            skip = 0 if pam_last else pam_length
            m, d, r, pattern = best_alignment(spacers[guide], site[skip:], length, dna, rna, limit, table)
            if m < 0:
                continue
            rows[used, 0], rows[used, 1], rows[used, 2] = guide, anchor, length
            rows[used, 3], rows[used, 4], rows[used, 5], rows[used, 6] = m, d, r, pattern
            for i in range(length + pam_length):
                letter = upper[site[i]]
                k = i - skip
                if 0 <= k < length and (pattern >> (length - 1 - k)) & 1:
                    letter += 32
                text[used, i] = letter
            used += 1
    return rows[:used].copy(), text[:used].copy()
