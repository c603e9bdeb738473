"""Mismatches of one guide against a tile of sites, 64 sites to a word, counted by carry-save addition.

A tile holds `TILE` words for every plane. Plane `4 * t + b` has bit s set where site s does NOT have base b at
distance t
from the PAM (anything but ACGT is set in all four); one more plane is all zero, for padding.
Adding the planes of a guide's letters bit by bit gives every site's mismatch count as five planes; one comparison with
the limit leaves a bit per site. The loops only read and keep one running OR, and index with unsigned numbers (numba
checks
signed ones for Python's negative indices): only so does the compiler use wide registers, 4 to 10 times faster.
"""

from __future__ import annotations

import numpy as np

from onelot.tailor.offtarget.compiled import compiled, inlined
from onelot.tailor.offtarget.planes import Word, Words

TILE = 64
#: Words looked at together when a tile is known to hold a hit.
BLOCK = 8


@inlined
def _sum3(a: Word, b: Word, c: Word) -> tuple[Word, Word]:
    x = a ^ b
    return x ^ c, (a & b) | (x & c)


@inlined
def _sum7(a: Word, b: Word, c: Word, d: Word, e: Word, f: Word, g: Word) -> tuple[Word, Word, Word]:
    s, p = _sum3(a, b, c)
    t, q = _sum3(d, e, f)
    u, r = _sum3(s, t, g)
    v, w = _sum3(p, q, r)
    return u, v, w


@inlined
def _within(
    c0: Word,
    c1: Word,
    c2: Word,
    c3: Word,
    c4: Word,
    l0: Word,
    l1: Word,
    l2: Word,
) -> Word:
    """Bit set where the 5-bit count is at most the 3-bit limit (each limit bit spread over a word)."""
    above = (c3 | c4) | (c2 & ~l2)
    same = ~(c2 ^ l2)
    above |= same & c1 & ~l1
    same &= ~(c1 ^ l1)
    above |= same & c0 & ~l0
    return ~above


@inlined
def within21(planes: Words, at: Words, w: Word, l0: Word, l1: Word, l2: Word) -> Word:
    """Word w of the hits of a guide of up to 21 letters; `at` holds the starts of its planes, padded with the zero
    plane."""
    a0, a1, a2 = _sum7(
        planes[at[0] + w], planes[at[1] + w], planes[at[2] + w], planes[at[3] + w],
        planes[at[4] + w], planes[at[5] + w], planes[at[6] + w],
    )  # fmt: skip
    b0, b1, b2 = _sum7(
        planes[at[7] + w], planes[at[8] + w], planes[at[9] + w], planes[at[10] + w],
        planes[at[11] + w], planes[at[12] + w], planes[at[13] + w],
    )  # fmt: skip
    d0, d1, d2 = _sum7(
        planes[at[14] + w], planes[at[15] + w], planes[at[16] + w], planes[at[17] + w],
        planes[at[18] + w], planes[at[19] + w], planes[at[20] + w],
    )  # fmt: skip
    c0, k = _sum3(a0, b0, d0)
    t, k2 = _sum3(a1, b1, d1)
    c1, k3 = t ^ k, t & k
    u, m = _sum3(a2, b2, d2)
    c2, m2 = _sum3(u, k2, k3)
    return _within(c0, c1, c2, m | m2, np.uint64(0), l0, l1, l2)


@inlined
def within35(planes: Words, at: Words, w: Word, l0: Word, l1: Word, l2: Word) -> Word:
    """The same for a guide of up to 35 letters."""
    c0 = c1 = c2 = c3 = np.uint64(0)
    for group in range(5):
        i = group * 7
        a0, a1, a2 = _sum7(
            planes[at[i] + w], planes[at[i + 1] + w], planes[at[i + 2] + w], planes[at[i + 3] + w],
            planes[at[i + 4] + w], planes[at[i + 5] + w], planes[at[i + 6] + w],
        )  # fmt: skip
        c0, k = c0 ^ a0, c0 & a0
        c1, k = _sum3(c1, a1, k)
        c2, k = _sum3(c2, a2, k)
        c3 |= k
    return _within(c0, c1, c2, c3, np.uint64(0), l0, l1, l2)


@compiled
def any21(planes: Words, at: Words, first: Word, last: Word, l0: Word, l1: Word, l2: Word) -> Word:
    """OR over words [first, last) of the hits of a guide of up to 21 letters."""
    found = np.uint64(0)
    for w in range(first, last):
        found |= within21(planes, at, w, l0, l1, l2)
    return found


@compiled
def any35(planes: Words, at: Words, first: Word, last: Word, l0: Word, l1: Word, l2: Word) -> Word:
    """The same for a guide of up to 35 letters."""
    found = np.uint64(0)
    for w in range(first, last):
        found |= within35(planes, at, w, l0, l1, l2)
    return found


@compiled
def count_tile(planes: Words, at: Words, short: bool, limit: int, hits: Words) -> bool:
    """Sites of a tile within the mismatch limit, as bits in `hits` (filled only when the answer is true)."""
    full = ~np.uint64(0)
    l0 = full if limit & 1 else np.uint64(0)
    l1 = full if limit & 2 else np.uint64(0)
    l2 = full if limit & 4 else np.uint64(0)
    if short:
        if any21(planes, at, np.uint64(0), np.uint64(TILE), l0, l1, l2) == np.uint64(0):
            return False
    elif any35(planes, at, np.uint64(0), np.uint64(TILE), l0, l1, l2) == np.uint64(0):
        return False
    for block in range(0, TILE, BLOCK):
        for w in range(block, block + BLOCK):
            hits[w] = np.uint64(0)
        first, last = np.uint64(block), np.uint64(block + BLOCK)
        found = any21(planes, at, first, last, l0, l1, l2) if short else any35(planes, at, first, last, l0, l1, l2)
        if found == np.uint64(0):
            continue
        for w in range(block, block + BLOCK):
            word = np.uint64(w)
            after = np.uint64(w + 1)
            hits[w] = (
                any21(planes, at, word, after, l0, l1, l2) if short else any35(planes, at, word, after, l0, l1, l2)
            )
    return True


@compiled
def bulge_tile(
    planes: Words, at: Words, guide_length: int, dna: int, rna: int, limit: int, states: Words, hits: Words
) -> bool:
    """Sites of a tile within the limits when bulges are allowed, as bits in `hits`.

    A nondeterministic automaton, 64 sites to a word: state (d, r, m) says "the guide's letters so far fit with d
    extra DNA
    bases, r guide letters left out, and at most m mismatches". `at[4 * t + b]`-like starts are in `at[i * (dna + rna
    + 1) +
    d - r + rna]`: the plane of guide letter i against the site's base at distance i + d - r. The states' words are
    kept in
    `states`, `((d * (rna + 1) + r) * (limit + 1) + m) * TILE` on. May also flag sites whose bases end before a sequence
    does; the alignment that follows is exact.
    """
    words = np.uint64(TILE)
    per_r = np.uint64((limit + 1) * TILE)
    per_d = np.uint64(rna + 1) * per_r
    span = dna + rna + 1
    for d in range(dna + 1):
        for r in range(rna + 1):
            start = np.uint64(d) * per_d + np.uint64(r) * per_r
            value = ~np.uint64(0) if r == 0 else np.uint64(0)
            for w in range(per_r):
                states[start + w] = value
    for i in range(guide_length):
        for d in range(dna + 1):
            for r in range(rna, -1, -1):
                here = np.uint64(d) * per_d + np.uint64(r) * per_r
                if i + d - r >= 0:
                    plane = at[i * span + d - r + rna]
                    for m in range(limit, 0, -1):
                        x = here + np.uint64(m) * words
                        for w in range(words):
                            states[x + w] = (states[x + w] & ~planes[plane + w]) | states[x - words + w]
                    for w in range(words):
                        states[here + w] &= ~planes[plane + w]
                else:
                    for w in range(per_r):
                        states[here + w] = np.uint64(0)
                if r > 0:
                    for w in range(per_r):
                        states[here + w] |= states[here - per_r + w]
        for d in range(1, dna + 1):
            here = np.uint64(d) * per_d
            for w in range(per_d):
                states[here + w] |= states[here - per_d + w]
    found = np.uint64(0)
    last = np.uint64(dna) * per_d + np.uint64(limit) * words
    for w in range(words):
        hit = np.uint64(0)
        for r in range(rna + 1):
            hit |= states[last + np.uint64(r) * per_r + w]
        hits[w] = hit
        found |= hit
    return bool(found != np.uint64(0))
