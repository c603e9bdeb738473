"""What recipe versions have done so far, read from the views."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from onelot.learn import ClosedBatch, RecipeLine, by_recipe
from onelot.record.journal import Reading

_ENDED = {"administered", "rejected", "returned", "terminated"}


def closed_batches(journal: Reading) -> list[ClosedBatch]:
    """Every batch for a patient that has ended, with its therapy's outcome where there is one."""
    therapies = journal.rows("therapies")
    found = []
    for number, row in journal.rows("board").items():
        if row["state"] not in _ENDED or row["purpose"] != "patient":
            continue
        therapy = therapies[row["therapies"][0]]
        given = row["state"] == "administered"
        found.append(
            ClosedBatch(
                recipe=row["recipe"],
                batch=number,
                ended=row["state"],
                turnaround_days=Decimal(therapy["days"]) if given and therapy["days"] else None,
                dose_hit=therapy["dose_hit"] if given else None,
                reason="" if given else row["why"] or row["state"],
            )
        )
    return found


def recipe_lines(journal: Reading) -> list[dict[str, Any]]:
    """Per recipe version: batches, administered, median turnaround in days, dose hits, failures by reason."""
    return [_shown(line) for line in by_recipe(closed_batches(journal))]


def _shown(line: RecipeLine) -> dict[str, Any]:
    return {
        "recipe": line.recipe,
        "batches": line.batches,
        "administered": line.administered,
        "median_days": str(line.turnaround_days) if line.turnaround_days is not None else "",
        "dose_hits": line.dose_hits,
        "failures": dict(line.failures),
    }
