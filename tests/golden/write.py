"""How the golden records were made: `python -m tests.golden.write NAME PATIENT` adds one; none is ever written again.

A golden record holds what onelot wrote on the day it was made. When a later onelot cannot verify and fold it, the
later onelot is wrong: raise old events by an upcast, never change the file.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import orjson

from onelot.record.evidence import verify
from onelot.record.journal import Entry
from onelot.record.subjects import fold_batch, fold_therapy
from tests.record.cohort import drive

HERE = Path(__file__).parent


def entries_of(value: dict[str, Any], stream: str) -> list[Entry]:
    """The entries of one stream of an export."""
    return [
        Entry(stream, seq, text.encode(), bytes.fromhex(link), bytes.fromhex(signature) if signature else None)
        for seq, (text, link, signature) in enumerate(value["streams"][stream]["entries"], 1)
    ]


def summary(data: bytes, key: str) -> dict[str, Any]:
    """What an export proves and folds to, in a few plain values."""
    value = orjson.loads(data)
    report = verify(data, key)
    batch = fold_batch(entries_of(value, f"batch/{value['batch']}"))
    (therapy,) = (fold_therapy(entries_of(value, f"therapy/{coi}")) for coi in batch.therapies)
    tailoring = therapy.tailoring
    return {
        "problems": [str(problem) for problem in report.problems],
        "streams": report.streams,
        "events": report.events,
        "signatures": report.signatures,
        "root": report.root,
        "sealed_at": report.sealed_at,
        "mode": report.mode,
        "batch": {
            "state": batch.state,
            "disposition": batch.disposition,
            "events": batch.seq,
            "deviations": len(batch.deviations),
        },
        "therapy": {
            "state": therapy.state,
            "coi": therapy.coi,
            "product": therapy.product,
            "events": therapy.seq,
            "facts": sorted(therapy.facts),
            "parameters": sorted(tailoring.parameters) if tailoring else [],
            "stale": sorted(therapy.stale),
            "label": therapy.label,
            "dose_given_at": therapy.dose_given_at.isoformat() if therapy.dose_given_at else None,
            "vein_to_vein_days": str(therapy.outcome.vein_to_vein_days) if therapy.outcome else None,
        },
    }


def main(name: str, patient: str) -> None:
    """Drive one patient of our own cohort and keep the export, the public key and the summary."""
    driven = drive((patient,))
    data = driven.export(driven.batches[0])
    for path, found in (
        (HERE / f"{name}.json", data),
        (HERE / f"{name}.pub", driven.key.encode() + b"\n"),
        (HERE / f"{name}.summary.json", orjson.dumps(summary(data, driven.key), option=orjson.OPT_INDENT_2)),
    ):
        with path.open("xb") as file:  # never over one that is there
            file.write(found)


if __name__ == "__main__":
    main(*sys.argv[1:])
