"""The world outside, in one object: what a collection gives, what a count reads, what the laboratory finds.

Everything follows from seed, faults and names, never from the order of questions. The world keeps nothing but what
`begin` and `fill` told it, and both are told again from the record after a restart.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from math import exp

from onelot.record.errors import BadInput
from onelot.record.recipe import Test
from onelot.twin.cells import counted, culture, edited
from onelot.twin.couriers import Trip, trip
from onelot.twin.draws import normal
from onelot.twin.equipment import TwinDevice
from onelot.twin.faults import Fault, Faults, Kind, fault_of
from onelot.twin.intake import collection
from onelot.twin.memory import Memory
from onelot.twin.probes import FORMULATED, Draw, probe, shown
from onelot.twin.qc import number, result_at, text
from onelot.twin.state import PARTICLES, BatchState, Made

# By default nothing strays further than this, so that what goes wrong in a cohort goes wrong on purpose.
CUT = 1.2
SEED_CELLS = Decimal(100_000_000)

# When a germ shows, after sampling: between conditional release and dose, or only at the very end.
_GROWTH_SHOWS = {"before_dose": timedelta(days=8), "after_dose": timedelta(days=60)}


class World:
    """Patients, cells, couriers and laboratory of one seed.

    Args:
        seed: of everything.
        faults: what goes wrong on purpose, by patient.
        cut: draws lie within this many standard deviations; None for the whole spread.
    """

    simulated = True

    def __init__(self, seed: int, faults: Faults, *, cut: float | None = CUT) -> None:
        self.seed, self.faults, self._cut = seed, faults, cut
        self._batches: dict[str, BatchState] = {}

    def fault(self, patient: str, kind: Kind) -> Fault | None:
        """The patient's fault of this kind, if any."""
        return fault_of(self.faults, patient, kind)

    def collect(
        self, patient: str, names: Iterable[str], weight_kg: Decimal, collection_number: int = 1
    ) -> dict[str, Decimal]:
        """Counts of a patient's first, second, ... collection, in cells, by name of the recipe's intake."""
        fault = self.fault(patient, "weak_collection")
        weak = fault.number("factor") if fault and collection_number <= (fault.number("collections") or 1) else None
        found = collection(self.seed, patient, collection_number, float(weight_kg), names, cut=self._cut, weak=weak)
        return {name: shown(value, "count") for name, value in found.items()}

    def begin(
        self,
        batch: str,
        patient: str,
        started_at: datetime,
        weight_kg: Decimal,
        collected: Mapping[str, Decimal],
        *,
        seed_cells: Decimal = SEED_CELLS,
        given: Mapping[str, Decimal] | None = None,
    ) -> None:
        """A batch starts. Told again with the same words, it changes nothing.

        Args:
            batch, patient: which, and whose ("" for stock).
            started_at: when its first phase started.
            weight_kg: of the patient.
            collected: counts summed over its collections; empty for vectors and kits.
            seed_cells: T cells that are to go into culture; fewer when selection gives fewer.
            given: what people brought, by name: `vials` of a kit.
        """
        counts = {name: float(value) for name, value in collected.items()}
        made: Made = "vector" if not patient else "kit"
        made = "particles" if given and PARTICLES in given else made
        made = "t_cells" if "cd3_collected" in counts else "cd34_cells" if "cd34_collected" in counts else made
        state = BatchState(
            key=batch,
            patient=patient,
            made=made,
            started_at=started_at,
            weight_kg=float(weight_kg),
            collected=counts,
            given={name: float(value) for name, value in (given or {}).items()},
            product_viability_percent=self._low_viability(patient),
            grows_after=self._germ(patient),
        )
        if made == "t_cells":
            stalled = self.fault(patient, "stalled_growth")
            grown = culture(
                self.seed,
                patient,
                batch,
                min(float(seed_cells), 0.55 * counts["cd3_collected"]),
                cut=self._cut,
                rate_part=(stalled.number("factor") if stalled else None) or 1.0,
                stalled_from_d=stalled.number("from_day") if stalled else None,
            )
            state = replace(state, culture=grown)
        elif made == "cd34_cells":
            state = replace(state, edited=edited(self.seed, patient, batch, counts["cd34_collected"], cut=self._cut))
        self._batches[batch] = state

    def _low_viability(self, patient: str) -> float | None:
        fault = self.fault(patient, "low_viability")
        if fault is None:
            return None
        part = fault.number("to")
        return fault.number("value") if part is None else part * 100

    def _germ(self, patient: str) -> timedelta | None:
        fault = self.fault(patient, "late_sterility_failure")
        return _GROWTH_SHOWS[str(fault.settings["when"])] if fault else None

    def fill(self, batch: str, at: datetime, wanted: Decimal, *, put: Decimal | None = None) -> Decimal:
        """The product goes into its containers; what stands in them, in the unit of `wanted`.

        wanted: viable CAR+ T cells or CD34+ cells of the dose, or mL of a kit. put: what people put in (mL of the
        vials); without it the T cells give what is wanted or what there is, and the CD34+ cells all there is.
        """
        state = self._state(batch)
        amount = float(put) if put is not None else self._available(state, state.day(at), float(wanted))
        self._batches[batch] = replace(state, wanted=float(wanted), filled=amount)
        return put if put is not None else shown(amount, "count")

    def _available(self, state: BatchState, day: float, wanted: float) -> float:
        losses = FORMULATED * exp(0.05 * self._draw(state.key)("formulation"))
        if state.made == "cd34_cells":
            return state.stem_cells.cd34_cells(day) * losses
        if state.made == "t_cells":
            cells = state.t_cells
            return min(wanted, cells.viable_cells(day) * cells.car_fraction(day) / 100 * losses)
        return wanted

    def _draw(self, *key: str) -> Draw:
        return lambda name: normal(self.seed, *key, name, cut=self._cut)

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
        """An in-process value at this moment, in the unit its name has in the recipes, with the error of its count.

        Raises:
            BadInput: a value the twin has no model for, or a batch it was not told of.
        """
        found, state = probe(name), self._state(batch)
        true = found.read(state, state.day(at), self._draw(batch))
        if found.printed == "count":
            true = counted(self.seed, true, batch, name, at.isoformat(timespec="minutes"), cut=self._cut)
        return shown(true, found.printed)

    def test(self, batch: str, test: Test, at: datetime, sampled_at: datetime) -> str:
        """What the laboratory reports at this moment for a sample of that moment, in the test's unit.

        A numeric test gives a number as text; a text test its `equals`, `negative to date`, or what was found.
        """
        state = self._state(batch)
        if test.equals:
            return text(state, test, at, sampled_at)
        found = number(state, test, sampled_at, self._draw(batch, test.name))
        return f"{shown(found, 'figure'):f}"

    def result_at(self, batch: str, test: Test, sampled_at: datetime) -> datetime:
        """When the laboratory calls with its last word on a sample: a germ shows before the test is over."""
        return result_at(self._state(batch), test, sampled_at)

    def travel(self, shipment: str, patient: str, lane: str, *, inbound: bool = False) -> Trip:
        """The trip of a shipment; a fault strikes the way back to the patient, not starting material (`inbound`)."""
        fault = None if inbound else self.fault(patient, "late_warm_courier")
        return trip(
            self.seed,
            shipment,
            lane,
            cut=self._cut,
            late_h=(fault.number("hours") if fault else None) or 0.0,
            warmest_cel=fault.number("warmest") if fault else None,
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
        return lost is not None and lost.settings["phase"] == parts[1]
