"""GA4GH VRS 2.0 computed identifiers: canonical serialisation, truncated digest, identifier.

Which fields count, in which classes, is fixed by the `ga4gh.keys` and prefixes of the VRS schema. An identifiable
object inside another is replaced by its digest; in an unordered list the digests are sorted.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import rfc8785

from onelot.profile.naming.justify import Sequences, justified
from onelot.profile.naming.spdi import Spdi
from onelot.record.errors import BadInput

PREFIX = {
    "Adjacency": "AJ", "Allele": "VA", "CisPhasedBlock": "CPB", "CopyNumberChange": "CX", "CopyNumberCount": "CN",
    "DerivativeMolecule": "DM", "SequenceLocation": "SL", "Terminus": "TM",
}  # fmt: skip
KEYS = {
    "Adjacency": ("adjoinedSequences", "linker", "type"),
    "Allele": ("location", "state", "type"),
    "CisPhasedBlock": ("members", "type"),
    "CopyNumberChange": ("copyChange", "location", "type"),
    "CopyNumberCount": ("copies", "location", "type"),
    "DerivativeMolecule": ("components", "type"),
    "LengthExpression": ("length", "type"),
    "LiteralSequenceExpression": ("sequence", "type"),
    "ReferenceLengthExpression": ("length", "repeatSubunitLength", "type"),
    "SequenceLocation": ("end", "sequenceReference", "start", "type"),
    "SequenceReference": ("refgetAccession", "type"),
    "Terminus": ("location", "type"),
    "TraversalBlock": ("component", "orientation", "type"),
}
UNORDERED = frozenset({("CisPhasedBlock", "members")})
CHUNK = 1 << 20


def sha512t24u(blob: bytes) -> str:
    """The first 24 bytes of SHA-512, URL-safe base64."""
    return base64.urlsafe_b64encode(hashlib.sha512(blob).digest()[:24]).decode()


def serialize(value: Mapping[str, Any]) -> str:
    """The canonical text of a VRS object.

    Raises:
        BadInput: the object has a type VRS 2.0 does not know.
    """
    return rfc8785.dumps(_plain(value)).decode()


def digest(value: Mapping[str, Any]) -> str:
    """The truncated digest of a VRS object's canonical text.

    Raises:
        BadInput: the object has a type VRS 2.0 does not know.
    """
    return sha512t24u(serialize(value).encode())


def identify(value: Mapping[str, Any]) -> str | None:
    """`ga4gh:VA.…`; None for classes that have no identifier of their own (e.g. SequenceReference).

    Raises:
        BadInput: the object has a type VRS 2.0 does not know.
    """
    told = digest(value)
    prefix = PREFIX.get(str(value.get("type")))
    return None if prefix is None else f"ga4gh:{prefix}.{told}"


def refget_accession(sequences: Sequences, name: str) -> str:
    """`SQ.…` of a whole reference sequence; it is read in pieces of a megabase.

    Raises:
        whatever the port raises for a name it does not know.
    """
    sha, length = hashlib.sha512(), sequences.length(name)
    for start in range(0, length, CHUNK):
        sha.update(sequences.fetch(name, start, min(length, start + CHUNK)).upper().encode())
    return "SQ." + base64.urlsafe_b64encode(sha.digest()[:24]).decode()


def allele_of(variant: Spdi, sequences: Sequences, accession: str) -> dict[str, Any]:
    """The VRS Allele of a variant, fully justified.

    Args:
        variant: names a sequence the port knows.
        accession: the sequence's refget accession (`SQ.…`), see `refget_accession`.

    Raises:
        BadInput: the deleted bases are not those of the reference.
    """
    start, deleted, inserted = justified(variant, sequences)
    return {
        "type": "Allele",
        "location": {
            "type": "SequenceLocation",
            "sequenceReference": {"type": "SequenceReference", "refgetAccession": accession},
            "start": start,
            "end": start + len(deleted),
        },
        "state": _state(deleted, inserted),
    }


def _state(deleted: str, inserted: str) -> dict[str, Any]:
    """A reference-derived state where the inserted sequence only repeats or shortens the reference."""
    change = abs(len(inserted) - len(deleted))
    # The largest part of the change that the reference holds whole and repeats.
    for unit in (n for n in range(min(change, len(deleted)), 0, -1) if change % n == 0):
        if _repeats(deleted, inserted, unit):
            return {"type": "ReferenceLengthExpression", "length": len(inserted), "repeatSubunitLength": unit}
    if inserted == deleted and deleted:
        return {"type": "ReferenceLengthExpression", "length": len(inserted), "repeatSubunitLength": len(deleted)}
    if not inserted and deleted:
        return {"type": "ReferenceLengthExpression", "length": 0, "repeatSubunitLength": len(deleted)}
    return {"type": "LiteralSequenceExpression", "sequence": inserted}


def _repeats(deleted: str, inserted: str, unit: int) -> bool:
    """True if the inserted sequence is the reference's own cycle of `unit` bases, longer or shorter."""
    longest = max(deleted, inserted, key=len)
    return all(longest[i] == longest[i - unit] for i in range(unit, len(longest))) and (
        longest.startswith(deleted) and longest.startswith(inserted)
    )


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        kind = str(value.get("type"))
        if kind not in KEYS:
            raise BadInput(
                f"VRS object of unknown type {kind[:40]!r}.",
                rule="GA4GH VRS 2.0 schema",
                remedy=f"Use one of: {', '.join(sorted(KEYS))}.",
            )
        out: dict[str, Any] = {}
        for key in KEYS[kind]:
            inner = _inner(_typed(key, value.get(key)))  # a field left out counts as null
            out[key] = sorted(inner) if (kind, key) in UNORDERED else inner
        return out
    return value


def _typed(key: str, value: Any) -> Any:
    """A sequence reference may leave its type out: no other class can stand there."""
    if key == "sequenceReference" and isinstance(value, Mapping) and "type" not in value:
        return {**value, "type": "SequenceReference"}
    return value


def _inner(value: Any) -> Any:
    if isinstance(value, Mapping):
        return digest(value) if str(value.get("type")) in PREFIX else _plain(value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_inner(item) for item in value]
    return value
