"""What a collection gives.

Sources: CD3+ cells collected, median 2.6e9, ln-sd 0.911 (134 children, UK, doi 10.1038/s41408-024-01038-2 table 3;
spread derived from the quartiles). CD34+ cells per cycle: median 28e6 per kg, ln-sd 0.2, of which 3e6 per kg are set
aside for rescue (assumption, so that one cycle usually reaches an aim of 20e6 per kg; real patients often need more).
Counts of one collection go together: few T cells, few cells.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from math import exp

from onelot.record.errors import BadInput
from onelot.twin.draws import normal

# name of the count -> f(draw of the collection, weight in kg), in cells
_COUNTS: Mapping[str, Callable[[float, float], float]] = {
    "cd3_collected": lambda z, kg: 2.6e9 * exp(0.911 * z),
    "cd34_collected": lambda z, kg: 28e6 * kg * exp(0.2 * z),
    "cd34_rescue": lambda z, kg: 3e6 * kg * exp(0.2 * z),
}
_LOW = -1.2


def collection(
    seed: int,
    patient: str,
    number: int,
    weight_kg: float,
    names: Iterable[str],
    *,
    cut: float | None,
    weak: float | None = None,
) -> dict[str, float]:
    """The counts of the `number`-th collection (1, 2, ...) of a patient, in cells by name.

    weak: the part that is there of what a low collection (1.2 standard deviations below the middle) would give.
    Spread: half the patient's, half the day's variance.

    Raises:
        BadInput: a count the twin has no model for.
    """
    each = None if cut is None else cut / 2**0.5
    steady = normal(seed, patient, "collection", cut=each)
    daily = normal(seed, patient, "collection", str(number), cut=each)
    z = (steady + daily) / 2**0.5 if weak is None else _LOW
    found = {}
    for name in names:
        if name not in _COUNTS:
            raise BadInput(
                f"the twin has no model of a collection's {name}",
                rule=f"twin: collections give {', '.join(sorted(_COUNTS))}",
                remedy="name one of these in the recipe's intake, or add a model with its source",
            )
        found[name] = _COUNTS[name](z, weight_kg) * (1.0 if weak is None else weak)
    return found
