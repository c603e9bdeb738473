"""A worker who does whatever the engine asks for, with values given per name."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from onelot import make
from onelot.make.engine import Continue, Start, WaitUntil
from onelot.make.equipment import Answer
from onelot.make.needs import Need
from tests.make.bench import COI, PARAMETERS, Bench, bag, device, lot

Values = Callable[[Bench, str], Decimal]
IDENTITY = {"bag": "APH1", "batch": "B1", "patient": COI}


def do(bench: Bench, step: Start | Continue | WaitUntil, values: Values, answer: str = "done") -> None:
    """Do the first thing this step asks for."""
    if isinstance(step, WaitUntil):
        bench.now = step.when
    elif isinstance(step, Start):
        bench.write(
            *make.start_phase(
                bench.recipe,
                bench.batch,
                step.phase.name,
                bench.now,
                parameters=PARAMETERS,
                equipment_name="equipment/1",
                equipment=device(),
            )
        )
    else:
        _meet(bench, step.phase.name, step.needs[0], values, answer)


def _meet(bench: Bench, name: str, need: Need, values: Values, answer: str) -> None:
    recipe, batch = bench.recipe, bench.batch
    if need.kind == "charge":
        assert need.amount is not None
        found = lot(need.name, need.unit)
        bench.write(
            *make.charge(
                recipe, batch, name, found, need.amount, Decimal(1000), bench.now, parameters=PARAMETERS, by="person/a"
            )
        )
    elif need.kind == "command":
        bench.write(*make.record_command(recipe, batch, name))
        bench.write(*make.record_answer(recipe, bench.batch, need.name, Answer(answer)))  # type: ignore[arg-type]
    elif need.kind == "ask":
        bench.write(*make.record_answer(recipe, batch, need.name, Answer(answer)))  # type: ignore[arg-type]
    elif need.kind == "measure":
        value = values(bench, need.name)
        at = bench.now
        bench.write(
            *make.record_measurement(
                recipe, batch, name, need.name, value, need.unit, at, at, deviation=f"DEV{batch.seq}"
            )
        )
    elif need.kind == "fill":
        bench.write(
            *make.fill(
                recipe,
                batch,
                name,
                [bag("DP1"), bag("DP2")],
                coi=COI,
                labels_printed=3,
                labels_destroyed=1,
                expires_at=bench.now.replace(year=2027),
                now=bench.now,
                by="person/a",
                verified_by="person/b",
            )
        )
    else:
        complete(bench, name)


def complete(bench: Bench, name: str, **changes: str) -> None:
    bench.write(
        *make.complete_phase(
            bench.recipe,
            bench.batch,
            name,
            bench.now,
            parameters=PARAMETERS,
            by="person/a",
            verified_by=changes.get("verified_by", "person/b"),
            deviation=f"DEV{bench.batch.seq}",
            expected=IDENTITY,
            scans=IDENTITY,
        )
    )


def work(bench: Bench, values: Values, until: str = "") -> None:
    """Work until the engine waits for a person, the batch ends, or phase `until` is to start."""
    for _ in range(500):
        step = bench.step
        if isinstance(step, Start) and step.phase.name == until:
            return
        if not isinstance(step, Start | Continue | WaitUntil):
            return
        do(bench, step, values)
    raise RuntimeError("the procedure does not end")


def good(bench: Bench, name: str) -> Decimal:
    """Cells double each run from 100; the rest is inside its limits."""
    if name == "viable_cells":
        run = bench.batch.running
        return Decimal(100 * 2 ** (run.run - 1 if run else 0))
    return Decimal(95)
