"""What a recipe version has done so far: the line a process engineer reads before drafting the next one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from statistics import median

from onelot.record.errors import BadInput

# How a closed batch ended when nothing failed; any other end is a failure and needs its reason.
_GIVEN = frozenset({"administered"})


@dataclass(frozen=True, slots=True)
class ClosedBatch:
    """One batch that has ended.

    recipe: name and version, `cd19-per-kg/1`; ended: `administered`, `rejected`, `terminated`, `returned` ...;
    turnaround_days: collection (or order) to dose, for what was given; dose_hit: likewise; reason: why it failed.
    """

    recipe: str
    batch: str
    ended: str
    turnaround_days: Decimal | None = None
    dose_hit: bool | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RecipeLine:
    """Counts of one recipe version. turnaround_days: median over what was given; failures: by reason, most first."""

    recipe: str
    batches: int
    administered: int
    turnaround_days: Decimal | None
    dose_hits: int
    failures: tuple[tuple[str, int], ...]


def by_recipe(rows: Iterable[ClosedBatch]) -> list[RecipeLine]:
    """One line per recipe version, in order of name and version. Pure; the order of rows does not matter.

    Raises:
        BadInput: a batch is counted twice, a failure has no reason, or a dose hit is claimed for what was not given.
    """
    grouped: dict[str, dict[str, ClosedBatch]] = {}
    for row in rows:
        _refuse(row, row.batch in grouped.setdefault(row.recipe, {}))
        grouped[row.recipe][row.batch] = row
    return [_line(recipe, list(found.values())) for recipe, found in sorted(grouped.items())]


def _line(recipe: str, rows: list[ClosedBatch]) -> RecipeLine:
    given = [row for row in rows if row.ended in _GIVEN]
    days = [row.turnaround_days for row in given if row.turnaround_days is not None]
    reasons = Counter(row.reason for row in rows if row.ended not in _GIVEN)
    return RecipeLine(
        recipe,
        len(rows),
        len(given),
        median(days) if days else None,
        sum(row.dose_hit is True for row in given),
        tuple(sorted(reasons.items(), key=lambda item: (-item[1], item[0]))),
    )


def _refuse(row: ClosedBatch, is_twice: bool) -> None:
    what = ""
    if is_twice:
        what = "is counted twice"
    elif row.ended not in _GIVEN and not row.reason:
        what = f"ended {row.ended} without a reason"
    elif row.ended not in _GIVEN and row.dose_hit is not None:
        what = "was not given and cannot hit or miss its dose"
    if what:
        raise BadInput(
            f"batch {row.batch} {what}",
            rule="learning counts every closed batch once, with its end and reason",
            remedy="rebuild the rows from the records",
            place=row.batch,
        )
