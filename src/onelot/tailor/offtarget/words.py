"""Operations on 64-bit words of a plane: read at any bit, match a PAM, turn rows into columns."""

from __future__ import annotations

import numpy as np

from onelot.tailor.offtarget.compiled import compiled
from onelot.tailor.offtarget.planes import Bytes, Word, Words


@compiled
def word_at(plane: Words, position: int) -> Word:
    """64 bits of a plane from any position on; zeros before its start and after its end."""
    shift = np.uint64(position & 63)
    word = position >> 6
    size = plane.shape[0]
    if 0 <= word < size - 1:
        at = np.uint64(word)
        # two shifts, since one by 64 is undefined
        return (plane[at] >> shift) | ((plane[at + np.uint64(1)] << np.uint64(1)) << (np.uint64(63) - shift))
    first = plane[word] if 0 <= word < size else np.uint64(0)
    second = plane[word + 1] if 0 <= word + 1 < size else np.uint64(0)
    return (first >> shift) | ((second << np.uint64(1)) << (np.uint64(63) - shift))


@compiled
def ones(x: Word) -> Word:
    """Number of bits set (the compiler turns this form into one instruction)."""
    x = x - ((x >> np.uint64(1)) & np.uint64(0x5555555555555555))
    x = (x & np.uint64(0x3333333333333333)) + ((x >> np.uint64(2)) & np.uint64(0x3333333333333333))
    x = (x + (x >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return (x * np.uint64(0x0101010101010101)) >> np.uint64(56)


@compiled
def pam_words(low: Words, high: Words, valid: Words, first: int, pam: Bytes, out: Words) -> None:
    """Word i of `out`: at which positions 64 * (first + i) + bit the PAM lies (4-bit base sets, forward strand).

    Bases other than ACGT never match. The planes must hold one word more than the last one asked for.
    """
    count = np.uint64(out.shape[0])
    base = np.uint64(first)
    one = np.uint64(1)
    out[:] = ~np.uint64(0)
    for k in range(pam.shape[0]):
        word = base + np.uint64(k >> 6)
        shift = np.uint64(k & 63)
        rest = np.uint64(63) - shift
        has_a = ~np.uint64(0) if pam[k] & 1 else np.uint64(0)
        has_c = ~np.uint64(0) if pam[k] & 2 else np.uint64(0)
        has_g = ~np.uint64(0) if pam[k] & 4 else np.uint64(0)
        has_t = ~np.uint64(0) if pam[k] & 8 else np.uint64(0)
        for i in range(count):
            w = word + i
            v = (valid[w] >> shift) | ((valid[w + one] << one) << rest)
            a = (low[w] >> shift) | ((low[w + one] << one) << rest)
            b = (high[w] >> shift) | ((high[w + one] << one) << rest)
            out[i] &= v & ((has_a & ~a & ~b) | (has_c & a & ~b) | (has_g & ~a & b) | (has_t & a & b))


@compiled
def transpose(block: Words) -> None:
    """Transpose 64 words in place: bit s of word k becomes bit k of word s."""
    shift = np.uint64(32)
    mask = np.uint64(0x00000000FFFFFFFF)
    while shift != np.uint64(0):
        k = np.uint64(0)
        while k < np.uint64(64):
            swap = ((block[k] >> shift) ^ block[k + shift]) & mask
            block[k] ^= swap << shift
            block[k + shift] ^= swap
            k = (k + shift + np.uint64(1)) & ~shift
        shift >>= np.uint64(1)
        mask ^= mask << shift
