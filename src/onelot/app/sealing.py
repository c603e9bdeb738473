"""Seals: the heads of all chains under one Merkle root, signed by the site and written outside the database too."""

from __future__ import annotations

import os
import warnings
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import orjson

from onelot.adapters.keys import SiteKeys
from onelot.adapters.stamping import StampingService
from onelot.app.context import mode_of
from onelot.record.errors import Broken, Conflict, Unreachable
from onelot.record.evidence import seal_body, seal_from
from onelot.record.journal import Head, Journal, Seal

# An event may stand unsealed for at most this long while onelot runs; every export seals first.
SEAL_EVERY_SECONDS = 60
# Each export seals, and several people may export at once.
_MOST_TRIES = 20


def seal(
    journal: Journal,
    keys: SiteKeys,
    now: datetime,
    folder: Path | None,
    service: StampingService | None = None,
) -> tuple[Seal, dict[str, Head]]:
    """Seal the journal as it stands; the heads sealed are given with it.

    folder: where the seal is also written, outside the database; None for a journal in memory only.
    service: an RFC 3161 stamp over the seal is kept beside it (`seal-N.tsr`); a service that does not answer is warned
    of, and the seal stands without.
    """
    made, heads = _kept(journal, keys, now)
    if folder is not None:
        _write(folder, made)
        if service is not None:
            _stamp(folder, made, service)
    return made, heads


def _kept(journal: Journal, keys: SiteKeys, now: datetime) -> tuple[Seal, dict[str, Head]]:
    """The seal as the journal keeps it. Whoever sealed in the same moment took the number: then the next is ours."""
    mode = mode_of(journal)
    at = now.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    for tries in range(1, _MOST_TRIES + 1):
        seals = journal.seals()
        heads = journal.heads()
        previous = sha256(seals[-1].body).digest() if seals else b""
        body = seal_body(len(seals) + 1, at, heads, previous, mode)
        made = seal_from(body, keys.signing.sign(body))
        try:
            journal.keep_seal(made)
        except Conflict:
            if tries == _MOST_TRIES:
                raise
        else:
            break
    return made, heads


def _stamp(folder: Path, made: Seal, service: StampingService) -> None:
    try:
        stamp = service.stamp(made.body)
    except (Unreachable, Broken) as refusal:
        warnings.warn(f"seal {made.number} has no time stamp: {refusal.what}", stacklevel=3)
        return
    (folder / f"seal-{made.number:08d}.tsr").write_bytes(stamp)


def _write(folder: Path, made: Seal) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o755)
    path = folder / f"seal-{made.number:08d}.json"
    text = orjson.dumps(
        {"body": made.body.decode(), "signature": made.signature.hex(), "root": made.root.hex()},
        option=orjson.OPT_INDENT_2,
    )
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def read_seals(folder: Path) -> list[Seal]:
    """The seals written to this folder, oldest first."""
    found = [orjson.loads(path.read_bytes()) for path in sorted(folder.glob("seal-*.json"))]
    return [seal_from(each["body"].encode(), bytes.fromhex(each["signature"])) for each in found]
