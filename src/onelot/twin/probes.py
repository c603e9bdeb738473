"""In-process values by name, from the true state of a batch.

Sources: those of `cells`; recovery of formulation 85 % of viable cells, volumes, vials and everything about a vector
are assumptions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from math import exp
from typing import Literal

from onelot.record.errors import BadInput
from onelot.twin.state import BatchState

Draw = Callable[[str], float]
FORMULATED = 0.85


@dataclass(frozen=True)
class Probe:
    """How a value follows from the state, the day and a standard normal draw by name; and how it is printed.

    count: 3 significant digits with the error of a count; figure: 3 significant digits; tenth: 1 decimal; whole.
    """

    read: Callable[[BatchState, float, Draw], float]
    printed: Literal["count", "figure", "tenth", "whole"]


def _viable_cells(state: BatchState, day: float, z: Draw) -> float:
    if state.made == "cd34_cells":
        return state.stem_cells.viable_cells(day)
    return state.t_cells.viable_cells(day)


def _viability(state: BatchState, day: float, z: Draw) -> float:
    if state.made == "vector":
        # Producer cells die once the virus leaves them, three days after the seed train of ten.
        return 95.0 + z("viability") if day < 11 else 72.0 + 3.0 * z("viability")
    if state.made == "cd34_cells":
        return state.stem_cells.viability(day)
    return state.t_cells.viability(day)


def _product_cells(state: BatchState, day: float, z: Draw) -> float:
    return FORMULATED * _viable_cells(state, day, z)


PROBES: Mapping[str, Probe] = {
    "intake_viability": Probe(lambda state, day, z: min(99.0, 95.0 + 2.0 * z("intake")), "tenth"),
    "intake_cd3_cells": Probe(lambda state, day, z: state.collected["cd3_collected"], "count"),
    "intake_cd34_cells": Probe(lambda state, day, z: state.collected["cd34_collected"], "count"),
    "selected_cells": Probe(lambda state, day, z: 0.55 * state.collected["cd3_collected"], "count"),
    "cd3_purity_selected": Probe(lambda state, day, z: min(99.0, 89.0 + 5.0 * z("selected")), "tenth"),
    "cd34_cells": Probe(lambda state, day, z: state.stem_cells.cd34_cells(day), "count"),
    "cd34_fraction": Probe(lambda state, day, z: state.stem_cells.purity_percent, "tenth"),
    "editing_fraction": Probe(lambda state, day, z: state.stem_cells.editing(day), "tenth"),
    "editing_efficiency": Probe(lambda state, day, z: state.stem_cells.editing(day), "tenth"),
    "viable_cells": Probe(_viable_cells, "count"),
    "viability": Probe(_viability, "tenth"),
    "car_fraction": Probe(lambda state, day, z: state.t_cells.car_fraction(day), "tenth"),
    "cd3_fraction": Probe(lambda state, day, z: state.t_cells.cd3_fraction(day), "tenth"),
    "endotoxin_ipc": Probe(lambda state, day, z: 0.08 * exp(0.4 * z("endotoxin")), "figure"),
    "product_cells": Probe(_product_cells, "count"),
    "product_viability": Probe(lambda state, day, z: state.product_viability(day), "tenth"),
    "product_car_fraction": Probe(lambda state, day, z: state.t_cells.car_fraction(day), "tenth"),
    "sample_ml": Probe(lambda state, day, z: 3.0, "tenth"),
    "viable_density": Probe(lambda state, day, z: 3.0e6 * exp(0.1 * z("density")), "figure"),
    "titre_crude": Probe(lambda state, day, z: 5.0e10 * exp(0.2 * z("crude")), "figure"),
    "titre": Probe(lambda state, day, z: 2.1e13 * exp(0.02 * z("titre")), "figure"),
    "bulk_ml": Probe(lambda state, day, z: 6000.0 * exp(0.03 * z("bulk")), "tenth"),
    "vials_5_5ml": Probe(lambda state, day, z: 400.0, "whole"),
    "vials_8_3ml": Probe(lambda state, day, z: 400.0, "whole"),
    "sampled_vials": Probe(lambda state, day, z: 20.0, "whole"),
    "vector_genomes": Probe(lambda state, day, z: 1.2e17 * exp(0.03 * z("titre")), "figure"),
    "confirmed_weight_kg": Probe(lambda state, day, z: state.weight_kg, "tenth"),
    "size_in_process": Probe(lambda state, day, z: 80.0 * exp(0.06 * z("size")), "tenth"),
    "encapsulated_in_process": Probe(lambda state, day, z: 95.0 + z("inside"), "tenth"),
    "clear_vials": Probe(lambda state, day, z: state.given["vials"], "whole"),
}


def probe(name: str) -> Probe:
    """The probe of this name.

    Raises:
        BadInput: the twin has no model for it.
    """
    found = PROBES.get(name)
    if found is None:
        raise BadInput(
            f"the twin cannot measure {name}",
            rule=f"twin: it measures {', '.join(sorted(PROBES))}",
            remedy="name the value as one of these, or add a model with its source",
        )
    return found


def shown(value: float, printed: str) -> Decimal:
    """As an instrument prints it."""
    if printed == "count":
        return Decimal(int(Decimal(f"{value:.2e}")))
    if printed == "figure":
        rounded = Decimal(f"{value:.3g}")
        return Decimal(f"{rounded:f}")
    return Decimal(f"{value:.1f}") if printed == "tenth" else Decimal(round(value))
