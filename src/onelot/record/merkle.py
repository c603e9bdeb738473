"""Merkle trees in the shapes of RFC 9162 (leaf 0x00, node 0x01): the seal over the heads of all chains."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256


def leaf(data: bytes) -> bytes:
    """RFC 9162 §2.1.1 leaf hash."""
    return sha256(b"\x00" + data).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def root(leaves: Sequence[bytes]) -> bytes:
    """RFC 9162 §2.1.1 root over leaf hashes; the empty tree is SHA-256 of nothing."""
    if not leaves:
        return sha256(b"").digest()
    level = list(leaves)
    # Pairing neighbours and carrying an odd last one up gives the RFC's left-full trees.
    while len(level) > 1:
        pairs = [_node(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
        level = pairs + ([level[-1]] if len(level) % 2 else [])
    return level[0]


def proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """RFC 9162 §2.1.3.1 inclusion proof of leaf `index`, from the leaf up."""
    path: list[bytes] = []
    level, at = list(leaves), index
    while len(level) > 1:
        sibling = at ^ 1
        if sibling < len(level):
            path.append(level[sibling])
        pairs = [_node(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
        level = pairs + ([level[-1]] if len(level) % 2 else [])
        at //= 2
    return path


def root_from(leaf_hash: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """RFC 9162 §2.1.3.2: the root that this proof leads to, or None when its length cannot be right."""
    if not 0 <= index < size:
        return None
    at, last, value = index, size - 1, leaf_hash
    for sibling in path:
        if last == 0:
            return None
        if at & 1 or at == last:
            value = _node(sibling, value)
            while not at & 1 and at:
                at >>= 1
                last >>= 1
        else:
            value = _node(value, sibling)
        at >>= 1
        last >>= 1
    return value if last == 0 else None
