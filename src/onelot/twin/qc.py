"""What the laboratory finds, from the true state of a batch.

A numeric result is the truth plus the method's error; a text result reads as the specification's `equals` when the
batch is clean, and says what was found when it is not. An incubation that is not over reads `negative to date`.

Sources: copies per cell by Poisson from the CAR fraction (standard relation, -ln(1-p)), ln-sd 0.15 (assumption);
endotoxin median 0.08 EU/mL, well below the limits of four protocols (assumption), 68 mL infused (drugs.com, one label);
residual editor and everything about vectors and lipid nanoparticles are assumptions. Cell dose: the amount filled,
counted to 3 % (assumption).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from math import exp, log

from onelot.record.durations import span
from onelot.record.errors import BadInput
from onelot.record.recipe import Test
from onelot.twin.probes import Draw
from onelot.twin.state import BatchState

TO_DATE = "negative to date"
GROWTH = "growth"


@dataclass(frozen=True)
class Sample:
    """A test of a batch: its truth, the test, the day it was sampled, and a standard normal draw by name."""

    state: BatchState
    test: Test
    day: float
    z: Draw


def _copies_per_cell(sample: Sample) -> float:
    part = sample.state.t_cells.car_fraction(sample.day) / 100
    return -log(1 - part) * exp(0.15 * sample.z("copies"))


def _copies_per_transduced(sample: Sample) -> float:
    return _copies_per_cell(sample) / (sample.state.t_cells.car_fraction(sample.day) / 100)


def _endotoxin(sample: Sample) -> float:
    return 0.08 * exp(0.4 * sample.z("endotoxin"))


def _cell_dose(sample: Sample) -> float:
    """In cells, per kg, or in percent of what was wanted, as the test's unit says."""
    state = sample.state
    if state.filled is None or state.wanted is None:
        raise BadInput(
            f"the world was not told what stands in the containers of {state.key}",
            rule="twin: a dose is counted in what was filled",
            remedy="tell the world from the record: fill(batch, at, wanted)",
        )
    counted = state.filled * exp(0.03 * sample.z("dose"))
    if sample.test.unit == "%":
        return 100 * counted / state.wanted
    return counted / state.weight_kg if sample.test.unit.endswith("/kg") else counted


def _kit_volume(sample: Sample) -> float:
    state = sample.state
    return 100 * (state.filled or 0.0) / (state.wanted or 1.0)


NUMBERS: Mapping[str, Callable[[Sample], float]] = {
    "viability": lambda sample: sample.state.product_viability(sample.day),
    "cd3_purity": lambda sample: sample.state.t_cells.cd3_fraction(sample.day),
    "car_positive": lambda sample: sample.state.t_cells.car_fraction(sample.day),
    "cell_dose": _cell_dose,
    "vcn_per_cell": _copies_per_cell,
    "vcn_per_transduced_cell": _copies_per_transduced,
    "endotoxin_per_ml": _endotoxin,
    "endotoxin_per_kg": lambda sample: _endotoxin(sample) * 68 / sample.state.weight_kg,
    "cd34_purity": lambda sample: sample.state.stem_cells.purity_percent,
    "editing": lambda sample: sample.state.stem_cells.editing(sample.day),
    "residual_editor": lambda sample: 2.0 * exp(0.3 * sample.z("editor")),
    "titre": lambda sample: 2.1e13 * exp(0.02 * sample.z("titre")),
    "full_capsids": lambda sample: 85.0 + 3.0 * sample.z("capsids"),
    "residual_dna": lambda sample: 2.0 * exp(0.3 * sample.z("dna")),
    "kit_volume": _kit_volume,
    "guide_purity": lambda sample: 90.0 + 2.0 * sample.z("guide"),
    "rna_content": lambda sample: (
        100.0 * (sample.state.filled or 0.0) / (sample.state.wanted or 1.0) + 2.0 * sample.z("content")
    ),
    "rna_ratio": lambda sample: exp(0.05 * sample.z("ratio")),
    "encapsulation": lambda sample: 95.0 + sample.z("inside"),
    "particle_size": lambda sample: 80.0 * exp(0.06 * sample.z("size")),
    "polydispersity": lambda sample: 0.12 * exp(0.15 * sample.z("spread")),
}


def number(state: BatchState, test: Test, sampled_at: datetime, z: Draw) -> float:
    """The numeric result of a test.

    Raises:
        BadInput: the twin has no model of the test.
    """
    model = NUMBERS.get(test.name)
    if model is None:
        raise BadInput(
            f"the twin has no model of the test {test.name}",
            rule=f"twin: quality control knows {', '.join(sorted(NUMBERS))}, and texts",
            remedy="name the test as one of these, or add a model with its source",
        )
    return model(Sample(state, test, state.day(sampled_at), z))


def ready_at(test: Test, sampled_at: datetime) -> datetime:
    """When the final result of a sample is there."""
    if test.result_after is None:
        return sampled_at
    return sampled_at + span(test.result_after)


def result_at(state: BatchState, test: Test, sampled_at: datetime) -> datetime:
    """When the laboratory has its last word: at the end of the test, or as soon as a germ shows."""
    ready = ready_at(test, sampled_at)
    if test.name == "sterility" and state.grows_after is not None:
        return min(ready, sampled_at + state.grows_after)
    return ready


def text(state: BatchState, test: Test, at: datetime, sampled_at: datetime) -> str:
    """The text result at a moment: clean, `negative to date` while incubating, or what was found."""
    if at < result_at(state, test, sampled_at):
        return TO_DATE
    germs = test.name == "sterility" and state.grows_after is not None
    return GROWTH if germs else test.equals
