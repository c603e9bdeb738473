"""What a collection gives.

Sources: CD3+ and nucleated cells collected, medians 2.6e9 and 5.6e9, ln-sd 0.911 and 0.739 (134 children, UK,
doi 10.1038/s41408-024-01038-2 table 3; spread derived from the quartiles). CD34+ cells per kg and cycle: median 12e6,
ln-sd 0.3 (assumption; the aim is 20e6 per kg over cycles). Counts of one collection
go together: few T cells, few cells.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from math import exp

from onelot.record.errors import BadInput
from onelot.twin.draws import normal

# name of the count -> f(draw of the patient, weight in kg)
_COUNTS: Mapping[str, Callable[[float, float], float]] = {
    "cd3_cells": lambda z, kg: 2.6e9 * exp(0.911 * z),
    "tnc_cells": lambda z, kg: 5.6e9 * exp(0.739 * z),
    "cd34_cells": lambda z, kg: 12e6 * kg * exp(0.3 * z),
}


def collection(
    seed: int, patient: str, number: int, weight_kg: float, names: Iterable[str], *, cut: float | None, factor: float
) -> dict[str, float]:
    """The counts of the `number`-th collection (1, 2, ...) of a patient.

    factor: part of it that is there (a weak collection). Spread: half the patient's, half the day's variance.

    Raises:
        BadInput: a count the twin has no model for.
    """
    each = None if cut is None else cut / 2**0.5
    steady = normal(seed, patient, "collection", cut=each)
    daily = normal(seed, patient, "collection", str(number), cut=each)
    z = (steady + daily) / 2**0.5
    found = {}
    for name in names:
        if name not in _COUNTS:
            raise BadInput(
                f"the twin has no model of a collection's {name}",
                rule=f"twin: collections give {', '.join(sorted(_COUNTS))}",
                remedy="name one of these in the recipe's intake, or add a model with its source",
            )
        found[name] = _COUNTS[name](z, weight_kg) * factor
    return found
