"""From a stretch of genome to hits: find the PAMs, gather their windows into tiles, run every guide over each tile."""

from __future__ import annotations

from typing import Any

import numpy as np

from onelot.tailor.offtarget.compiled import compiled
from onelot.tailor.offtarget.counting import TILE, bulge_tile, count_tile
from onelot.tailor.offtarget.planes import Bytes, Ints, Words
from onelot.tailor.offtarget.words import ones, pam_words, transpose, word_at

SITES = TILE * 64
#: Words of PAM matches found at a time.
STRETCH = 512


@compiled
def fill_tile(
    low: Words,
    high: Words,
    valid: Words,
    anchors: Ints,
    count: int,
    width: int,
    offset: int,
    right: bool,
    planes: Words,
) -> None:
    """Mismatch planes of up to `SITES` windows of `width` bases (at most 32), distance t counted from the PAM.

    A window starts at anchor + offset; when `right` (the PAM lies right of it) its last base has distance 0.
    """
    block = np.empty(64, dtype=np.uint64)
    unknown = np.empty(64, dtype=np.uint64)
    mask = (np.uint64(1) << np.uint64(width)) - np.uint64(1)
    tile = np.uint64(TILE)
    one = np.uint64(1)
    size = low.shape[0] - 1
    for w in range(tile):
        holes = np.uint64(0)
        for k in range(64):
            site = np.int64(w) * 64 + k
            block[k] = np.uint64(0)
            unknown[k] = mask
            if site < count:
                start = anchors[site] + offset
                word = start >> 6
                if 0 <= word < size:
                    at, shift = np.uint64(word), np.uint64(start & 63)
                    rest = np.uint64(63) - shift
                    a = (low[at] >> shift) | ((low[at + one] << one) << rest)
                    b = (high[at] >> shift) | ((high[at + one] << one) << rest)
                    v = (valid[at] >> shift) | ((valid[at + one] << one) << rest)
                else:
                    a, b, v = word_at(low, start), word_at(high, start), word_at(valid, start)
                block[k] = (a & mask) | ((b & mask) << np.uint64(32))
                unknown[k] = ~v & mask
            holes |= unknown[k]
        transpose(block)
        if holes != np.uint64(0):
            transpose(unknown)
        for t in range(width):
            s = width - 1 - t if right else t
            a, b = block[s], block[32 + s]
            n = unknown[s] if holes != np.uint64(0) else np.uint64(0)
            row = np.uint64(4 * t * TILE) + w
            planes[row] = a | b | n
            planes[row + tile] = ~a | b | n
            planes[row + tile + tile] = a | ~b | n
            planes[row + tile + tile + tile] = ~a | ~b | n


@compiled
def plane_starts(guides: Bytes, dna: int, rna: int, zero: int) -> Words:
    """Where each guide's planes start: a row a guide, laid out as `count_tile` or `bulge_tile` wants it."""
    n, length = guides.shape
    if dna == 0 and rna == 0:
        wide = 21 if length <= 21 else 35
        starts = np.full((n, wide), np.uint64(zero), dtype=np.uint64)
        for g in range(n):
            for t in range(length):
                starts[g, t] = (4 * t + guides[g, t]) * TILE
        return starts
    span = dna + rna + 1
    starts = np.full((n, length * span), np.uint64(zero), dtype=np.uint64)
    for g in range(n):
        for i in range(length):
            for shift in range(span):
                t = i + shift - rna
                if 0 <= t < length + dna:
                    starts[g, i * span + shift] = (4 * t + guides[g, i]) * TILE
    return starts


@compiled
def _grown(pairs: Ints) -> Ints:
    larger = np.empty((pairs.shape[0] * 2, 2), dtype=np.int64)
    # a loop, since numba takes seconds to compile the assignment of a slice
    for i in range(pairs.shape[0]):
        larger[i, 0] = pairs[i, 0]
        larger[i, 1] = pairs[i, 1]
    return larger


@compiled
def _search_tile(
    planes: Words, starts: Words, length: int, dna: int, rna: int, limit: int, anchors: Ints, count: int,
    states: Words, hits: Words, pairs: Ints, used: int,
) -> tuple[Ints, int]:  # fmt: skip
    """Append (guide, anchor) of every hit of one tile."""
    plain = dna == 0 and rna == 0
    for g in range(starts.shape[0]):
        if plain:
            found = count_tile(planes, starts[g], length <= 21, limit, hits)
        else:
            found = bulge_tile(planes, starts[g], length, dna, rna, limit, states, hits)
        if not found:
            continue
        for w in range(TILE):
            word = hits[w]
            while word != np.uint64(0):
                lowest = word & (~word + np.uint64(1))
                site = w * 64 + np.int64(ones(lowest - np.uint64(1)))
                word ^= lowest
                if site < count:
                    if used == pairs.shape[0]:
                        pairs = _grown(pairs)
                    pairs[used, 0] = g
                    pairs[used, 1] = anchors[site]
                    used += 1
    return pairs, used


@compiled
def _list_anchors(words: Words, window: int, first: int, last: int, anchors: Ints, count: int) -> int:
    """Append the positions of the bits set, as far as they lie in [first, last); returns the new count."""
    for i in range(words.shape[0]):
        position = (window + i) << 6
        word = words[i]
        if position < first:
            word &= ~np.uint64(0) << np.uint64(first - position)
        if last - position < 64:
            word &= (np.uint64(1) << np.uint64(last - position)) - np.uint64(1)
        while word != np.uint64(0):
            lowest = word & (~word + np.uint64(1))
            anchors[count] = position + np.int64(ones(lowest - np.uint64(1)))
            word ^= lowest
            count += 1
    return count


@compiled
def scan(
    low: Words, high: Words, valid: Words, sequence_length: int, first: int, last: int,
    pam: Bytes, right: bool, guides: Bytes, dna: int, rna: int, limit: int,
) -> Ints:  # fmt: skip
    """(guide, anchor) of every site whose PAM starts in [first, last) of one sequence, on one strand.

    Args:
        low: plane of low bits; `high` and `valid` likewise.
        sequence_length: bases of the sequence.
        first: first PAM start looked at (forward coordinates); `last` one beyond.
        pam: 4-bit base sets in forward orientation.
        right: the PAM lies right of the protospacer in forward coordinates.
        guides: codes (guides, letters), letter 0 next to the PAM, already complemented for the opposite strand.
        dna: DNA bulges allowed; `rna` likewise, `limit` mismatches.

    Returns:
        int64 array (hits, 2); with bulges a superset that `align.resolve` makes exact.
    """
    length = guides.shape[1]
    width = length + dna
    shortest = length - rna
    offset = -width if right else pam.shape[0]
    planes = np.zeros((4 * width + 1) * TILE, dtype=np.uint64)
    starts = plane_starts(guides, dna, rna, 4 * width * TILE)
    states = np.zeros((dna + 1) * (rna + 1) * (limit + 1) * TILE, dtype=np.uint64)
    hits = np.zeros(TILE, dtype=np.uint64)
    found = np.empty(STRETCH, dtype=np.uint64)
    anchors = np.empty(SITES + STRETCH * 64, dtype=np.int64)
    pairs = np.empty((1024, 2), dtype=np.int64)
    used: Any = np.int64(0)  # a plain 0 would be a literal type to numba, and everything compiled twice
    count: Any = np.int64(0)
    if right:
        first = max(first, shortest)
    else:
        last = min(last, sequence_length - pam.shape[0] - shortest + 1)
    end_word = (last + 63) >> 6
    for window in range(first >> 6, end_word, STRETCH):
        here = found[: min(STRETCH, end_word - window)]
        pam_words(low, high, valid, window, pam, here)
        count = _list_anchors(here, window, first, last, anchors, count)
        taken = 0
        # full tiles, and after the last stretch whatever is left; one place only, or it would be compiled twice
        while count - taken >= SITES or (taken < count and window + STRETCH >= end_word):
            now: Any = min(SITES, count - taken)
            some = anchors[taken : taken + now]
            fill_tile(low, high, valid, some, now, width, offset, right, planes)
            pairs, used = _search_tile(planes, starts, length, dna, rna, limit, some, now, states, hits, pairs, used)
            taken += now
        for i in range(count - taken):
            anchors[i] = anchors[taken + i]
        count -= taken
    return pairs[:used].copy()
