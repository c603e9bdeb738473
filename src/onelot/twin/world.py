"""The world outside, in one object: what a collection gives, what a count reads, what the laboratory finds.

Everything follows from seed, faults and names, never from the order of questions. The world keeps nothing but what
`begin` and `fill` told it, and both are told again from the record after a restart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from onelot.record.errors import BadInput
from onelot.record.recipe import Test
from onelot.twin.cells import counted, culture, edited
from onelot.twin.couriers import Trip, trip
from onelot.twin.equipment import TwinDevice
from onelot.twin.faults import Fault, Faults, Kind, fault_of
from onelot.twin.intake import collection
from onelot.twin.memory import Memory
from onelot.twin.qc import BatchState, number, text

# By default nothing strays further than this, so that what goes wrong in a cohort goes wrong on purpose.
CUT = 1.2

_GROWTH_SHOWS = {"before_dose": timedelta(days=4), "after_dose": timedelta(days=13)}

_Reading = Callable[[BatchState, float], float]


def _grown(name: str) -> _Reading:
    def read(state: BatchState, day: float) -> float:
        if state.culture is None:
            raise _unknown(name)
        return float(getattr(state.culture, name)(day))

    return read


def _cd34(name: str) -> _Reading:
    def read(state: BatchState, day: float) -> float:
        if state.edited is None:
            raise _unknown(name)
        return float(getattr(state.edited, name)(day))

    return read


def _viability(state: BatchState, day: float) -> float:
    return _cd34("viability")(state, day) if state.edited else _grown("viability")(state, day)


def _unknown(name: str) -> BadInput:
    return BadInput(
        f"the twin cannot measure {name} in this batch",
        rule=f"twin: it measures {', '.join(sorted(MEASURES))}",
        remedy="name the value as one of these, or add a model with its source",
    )


# name -> (model, whether it is a count of cells or particles)
MEASURES: Mapping[str, tuple[_Reading, bool]] = {
    "viable_cells": (_grown("viable_cells"), True),
    "viability": (_viability, False),
    "car_fraction": (_grown("car_fraction"), False),
    "cd3_fraction": (_grown("cd3_fraction"), False),
    "cd34_cells": (_cd34("cd34_cells"), True),
    "editing_efficiency": (_cd34("editing"), False),
    # Virus leaves the cells over about three days (assumption): 1e17 vector genomes in the end.
    "vector_genomes": (lambda state, day: 1e17 * min(1.0, max(0.0, day) / 3.0), True),
}


def shown(value: float, *, count: bool) -> Decimal:
    """As an instrument prints it: counts with 3 significant digits, the rest with 1 decimal."""
    if count:
        return Decimal(int(Decimal(f"{value:.2e}")))
    return Decimal(f"{value:.1f}")


class World:
    """Patients, cells, couriers and laboratory of one seed.

    Args:
        seed: of everything.
        faults: what goes wrong on purpose, by patient.
        cut: draws lie within this many standard deviations; None for the whole spread.
    """

    def __init__(self, seed: int, faults: Faults, *, cut: float | None = CUT) -> None:
        self.seed, self.faults, self._cut = seed, faults, cut
        self._batches: dict[str, BatchState] = {}

    def fault(self, patient: str, kind: Kind) -> Fault | None:
        """The patient's fault of this kind, if any."""
        return fault_of(self.faults, patient, kind)

    def collect(
        self, patient: str, names: Iterable[str], weight_kg: Decimal, collection_number: int = 1
    ) -> dict[str, Decimal]:
        """Counts of a collection by name (of the recipe's intake), in cells."""
        weak = self.fault(patient, "weak_collection") if collection_number == 1 else None
        factor = float(weak.numbers["factor"]) if weak else 1.0
        found = collection(self.seed, patient, collection_number, float(weight_kg), names, cut=self._cut, factor=factor)
        return {name: shown(value, count=True) for name, value in found.items()}

    def begin(
        self, batch: str, patient: str, started_at: datetime, weight_kg: Decimal, collected: Mapping[str, Decimal]
    ) -> None:
        """A batch starts from these counts, summed over collections (none for stock); telling it again is harmless."""
        stalled, weak = self.fault(patient, "stalled_growth"), self.fault(patient, "low_viability")
        sterile = self.fault(patient, "late_sterility_failure")
        cells = collected.get("cd3_cells")
        stem = collected.get("cd34_cells")
        self._batches[batch] = BatchState(
            key=batch,
            patient=patient,
            started_at=started_at,
            weight_kg=float(weight_kg),
            culture=culture(
                self.seed,
                patient,
                batch,
                float(cells),
                cut=self._cut,
                stalled_from_d=float(stalled.numbers["from_day"]) if stalled else None,
            )
            if cells is not None
            else None,
            edited=edited(self.seed, patient, batch, float(stem), cut=self._cut) if stem is not None else None,
            viability_percent=float(weak.numbers["value"]) if weak else None,
            grows_after=_GROWTH_SHOWS[sterile.words["when"]] if sterile else None,
        )

    def fill(self, batch: str, contents: Mapping[str, Decimal]) -> None:
        """The product stands in its containers and holds these amounts, by name of the test that counts them."""
        self._batches[batch] = replace(
            self._state(batch), contents={name: float(value) for name, value in contents.items()}
        )

    def _state(self, batch: str) -> BatchState:
        found = self._batches.get(batch)
        if found is None:
            raise BadInput(
                f"the world knows no batch {batch}",
                rule="twin: a batch begins before it is measured",
                remedy="tell the world from the record: begin(batch, patient, started_at, ...)",
            )
        return found

    def measure(self, batch: str, name: str, at: datetime) -> Decimal:
        """An in-process value at this moment, with the error of its count.

        Raises:
            BadInput: a value the twin has no model for, or a batch it was not told of.
        """
        if name not in MEASURES:
            raise _unknown(name)
        model, count = MEASURES[name]
        state = self._state(batch)
        true = model(state, state.day(at))
        if count:
            true = counted(self.seed, true, batch, name, at.isoformat(timespec="minutes"), cut=self._cut)
        return shown(true, count=count)

    def test(self, batch: str, test: Test, at: datetime, sampled_at: datetime) -> str:
        """What the laboratory reports at this moment for a sample of that moment, in the test's unit.

        A numeric test gives a number as text; a text test its `equals`, `negative to date`, or what was found.
        """
        state = self._state(batch)
        if test.equals:
            return text(state, test, at, sampled_at)
        found = number(self.seed, state, test, sampled_at, cut=self._cut)
        return f"{Decimal(f'{found:.3g}'):f}"

    def travel(self, shipment: str, patient: str, lane: str) -> Trip:
        """The trip of a shipment with this patient's product."""
        late = self.fault(patient, "late_warm_courier")
        return trip(
            self.seed,
            shipment,
            lane,
            cut=self._cut,
            late_h=float(late.numbers["hours"]) if late else 0.0,
            warmest_cel=late.numbers["warmest"] if late else None,
        )

    def scan(self, patient: str, right: str, other: str, attempt: int = 1) -> str:
        """What is scanned at the bedside: the right bag, or another on the first attempt where the fault says so."""
        return other if attempt == 1 and self.fault(patient, "wrong_bag") else right

    def device(self, name: str, memory: Memory) -> TwinDevice:
        """A device of this world. Keys read `batch/phase/run/attempt`; the first answer may be lost."""
        return TwinDevice(name, memory, loses=self._loses)

    def _loses(self, key: str) -> bool:
        parts = key.rsplit("/", 3)
        if len(parts) != 4 or parts[2:] != ["1", "1"] or parts[0] not in self._batches:
            return False
        lost = self.fault(self._batches[parts[0]].patient, "device_unknown")
        return lost is not None and lost.words["phase"] == parts[1]
