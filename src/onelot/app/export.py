"""The export of a batch: everything an auditor needs, in one file, provable with the site's public key alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson

from onelot.adapters.keys import SiteKeys
from onelot.app.context import mode_of, unknown
from onelot.app.sealing import seal
from onelot.record import merkle
from onelot.record.evidence import FORMAT, head_leaf
from onelot.record.journal import Entry, Journal, cites

Read = Callable[..., Sequence[Entry]]


def export_batch(journal: Journal, keys: SiteKeys, batch: str, now: datetime, seals: Path | None) -> bytes:
    """Seal, and write the batch's file: its stream and its therapies' whole, other cited streams up to the citation."""
    if not journal.read(f"batch/{batch}"):
        raise unknown("batch", batch)
    made, heads = seal(journal, keys, now, seals)

    def sealed(name: str, after: int = 0) -> list[Entry]:
        """A stream as it was sealed: others go on writing, and what they write now cites what no proof here reaches."""
        return [entry for entry in journal.read(name, after) if entry.seq <= heads[name].seq]

    included = _closure(sealed, batch)
    names = sorted(heads)
    leaves = [head_leaf(name, heads[name]) for name in names]
    streams: dict[str, Any] = {}
    for name, upto in sorted(included.items()):
        entries = sealed(name)
        index = names.index(name)
        streams[name] = {
            "entries": [
                [entry.body.decode(), entry.hash.hex(), entry.signature.hex() if entry.signature else None]
                for entry in entries[:upto]
            ],
            "after": [sha256(entry.body).hexdigest() for entry in entries[upto:]],
            "index": index,
            "proof": [each.hex() for each in merkle.proof(leaves, index)],
        }
    return orjson.dumps(
        {
            "format": FORMAT,
            "mode": mode_of(journal),
            "batch": batch,
            "seal": {"body": made.body.decode(), "signature": made.signature.hex()},
            "streams": streams,
        },
        option=orjson.OPT_INDENT_2,
    )


def _closure(sealed: Read, batch: str) -> dict[str, int]:
    """Stream -> how many of its events go into the file, following citations and signers to the end."""
    main = sealed(f"batch/{batch}")
    whole = [f"batch/{batch}", *(f"therapy/{coi}" for coi in main[0].envelope["data"]["therapies"])]
    included = {"journal": 1}
    pending: list[Entry] = []
    for name in whole:
        entries = sealed(name)
        included[name] = len(entries)
        pending += entries
    while pending:
        entry = pending.pop()
        wanted = [(cite.stream, cite.seq) for cite in cites(entry.envelope["data"])]
        signed = entry.signed
        if signed and signed.signer.startswith("person/"):
            wanted.append((signed.signer, _enrolment(sealed, signed.signer, signed.key)))
        for stream, seq in wanted:
            done = included.get(stream, 0)
            if seq > done:
                included[stream] = seq
                pending += [each for each in sealed(stream, done) if each.seq <= seq]
    return included


def _enrolment(sealed: Read, person: str, key: str) -> int:
    return next(
        entry.seq
        for entry in sealed(person)
        if entry.envelope["type"] == "KeyEnrolled" and entry.envelope["data"]["key"] == key
    )
