"""What the laboratory finds, from the true state of a batch.

A numeric result is the truth plus the method's error; a text result reads as the specification's `equals` when the
batch is clean, and says what was found when it is not. An incubation that is not over reads `negative to date`.

Sources: copies per cell by Poisson from the CAR fraction (standard relation, -ln(1-p)), ln-sd 0.15 (assumption);
endotoxin median 0.08 EU/mL, well below the limits of four protocols (assumption); residual beads 0-57 per 3e6 cells
(PMC12456031 table 2); everything about vectors is an assumption.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import exp, log

from onelot.record.errors import BadInput
from onelot.record.recipe import Test
from onelot.twin.cells import Culture, Edited
from onelot.twin.draws import normal

TO_DATE = "negative to date"
GROWTH = "growth"


@dataclass(frozen=True)
class BatchState:
    """The truth about a batch. contents: amounts in the filled product by name, in the recipe's units."""

    key: str
    patient: str
    started_at: datetime
    weight_kg: float
    culture: Culture | None = None
    edited: Edited | None = None
    contents: Mapping[str, float] = field(default_factory=dict)
    viability_percent: float | None = None
    grows_after: timedelta | None = None

    def day(self, at: datetime) -> float:
        """Days since the start."""
        return (at - self.started_at).total_seconds() / 86400


@dataclass(frozen=True)
class Question:
    """A test of a batch, sampled on this day of the culture. z(name): a standard normal draw of the batch."""

    state: BatchState
    test: Test
    day: float
    z: Callable[[str], float]

    def says(self, *words: str) -> bool:
        """Whether the test's name, title, or unit and basis of its limits speak of one of these."""
        limits = [limit for limit in (self.test.low, self.test.high) if limit is not None]
        text = " ".join([self.test.name, self.test.title, *(f"{limit.unit} {limit.basis}" for limit in limits)]).lower()
        return any(word in text for word in words)


def viability(ask: Question) -> float:
    """Percent viable in the product: 3 points less than in culture, for freezing and thawing (assumption)."""
    state = ask.state
    if state.viability_percent is not None:
        return state.viability_percent
    if state.edited is not None:
        return state.edited.viability(ask.day) - 3.0
    return _culture(ask).viability(ask.day) - 3.0


def copies(ask: Question) -> float:
    """Vector copies per cell, or per transduced cell where the limit says so."""
    part = _culture(ask).car_fraction(ask.day) / 100
    per_cell = -log(1 - part) * exp(0.15 * ask.z("copies"))
    return per_cell / part if ask.says("transduced", "car+", "positive") else per_cell


def endotoxin(ask: Question) -> float:
    """EU per mL, or per kg of body weight for 68 mL (the volume of one label) where the unit says so."""
    per_ml = 0.08 * exp(0.4 * ask.z("endotoxin"))
    return per_ml * 68 / ask.state.weight_kg if ask.says("/kg") else per_ml


def _culture(ask: Question) -> Culture:
    if ask.state.culture is None:
        raise _no_model(ask.test.name)
    return ask.state.culture


def _edited(ask: Question) -> Edited:
    if ask.state.edited is None:
        raise _no_model(ask.test.name)
    return ask.state.edited


def _no_model(name: str) -> BadInput:
    return BadInput(
        f"the twin has no model of {name} for this batch",
        rule=f"twin: quality control knows {', '.join(sorted(NUMBERS))}, texts, and what the product contains",
        remedy="name the test as one of these, or add a model with its source",
    )


NUMBERS: Mapping[str, Callable[[Question], float]] = {
    "viability": viability,
    "cd3": lambda ask: _culture(ask).cd3_fraction(ask.day),
    "cd3_fraction": lambda ask: _culture(ask).cd3_fraction(ask.day),
    "car_fraction": lambda ask: _culture(ask).car_fraction(ask.day),
    "vcn": copies,
    "endotoxin": endotoxin,
    "residual_beads": lambda ask: 10 * exp(0.6 * ask.z("beads")),
    "editing_efficiency": lambda ask: _edited(ask).editing(ask.day),
    "cd34_fraction": lambda ask: 94.0 + 1.5 * ask.z("cd34"),
    "cd34_purity": lambda ask: 94.0 + 1.5 * ask.z("cd34"),
    "full_capsids": lambda ask: 85.0 + 3.0 * ask.z("capsids"),
    "potency": lambda ask: 100.0 * exp(0.08 * ask.z("potency")),
    "residual_host_dna": lambda ask: 2.0 * exp(0.3 * ask.z("dna")),
    "ph": lambda ask: 7.3 + 0.05 * ask.z("ph"),
    "osmolality": lambda ask: 300.0 + 8.0 * ask.z("osmolality"),
}


def number(seed: int, state: BatchState, test: Test, sampled_at: datetime, *, cut: float | None) -> float:
    """The numeric result of a test.

    Raises:
        BadInput: the twin has neither a model of the test nor an amount of that name in the product.
    """
    ask = Question(state, test, state.day(sampled_at), lambda name: normal(seed, state.key, test.name, name, cut=cut))
    if test.name in state.contents:
        return state.contents[test.name]
    model = NUMBERS.get(test.name)
    if model is None:
        raise _no_model(test.name)
    return model(ask)


def text(state: BatchState, test: Test, at: datetime, sampled_at: datetime) -> str:
    """The text result of a test at a moment: clean, `negative to date` while incubating, or what was found."""
    over = test.result_after is None or at >= sampled_at + _span(test)
    if test.name == "sterility" and state.grows_after is not None and at >= sampled_at + state.grows_after:
        return GROWTH
    if not over:
        return TO_DATE
    return test.equals


def _span(test: Test) -> timedelta:
    if test.result_after is None:
        return timedelta()
    hours = {"h": 1, "d": 24, "wk": 168}[test.result_after.unit]
    return timedelta(hours=float(test.result_after.value) * hours)
