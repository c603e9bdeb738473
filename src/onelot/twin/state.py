"""The truth about a batch: what it is made of, since when, and what stands in its containers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from onelot.record.errors import BadInput
from onelot.twin.cells import Culture, Edited

Made = Literal["t_cells", "cd34_cells", "vector", "kit", "particles"]
# What `given` holds for lipid nanoparticles, which are made of no cells and no vials.
PARTICLES = "particles"


@dataclass(frozen=True)
class BatchState:
    """What the world knows of a batch.

    collected: counts summed over its collections; given: what people brought (vials of a kit); filled: amount in the
    containers of what was wanted (viable CAR+ T cells, CD34+ cells, mL); grows_after: a germ shows that long after
    sampling.
    """

    key: str
    patient: str
    made: Made
    started_at: datetime
    weight_kg: float
    collected: Mapping[str, float] = field(default_factory=dict)
    given: Mapping[str, float] = field(default_factory=dict)
    culture: Culture | None = None
    edited: Edited | None = None
    wanted: float | None = None
    filled: float | None = None
    product_viability_percent: float | None = None
    grows_after: timedelta | None = None

    def day(self, at: datetime) -> float:
        """Days since the start."""
        return (at - self.started_at).total_seconds() / 86400

    @property
    def t_cells(self) -> Culture:
        """Its culture; refused for a batch of something else."""
        if self.culture is None:
            raise self._other("T cells")
        return self.culture

    @property
    def stem_cells(self) -> Edited:
        """Its CD34+ cells; refused for a batch of something else."""
        if self.edited is None:
            raise self._other("CD34+ cells")
        return self.edited

    def _other(self, what: str) -> BadInput:
        return BadInput(
            f"batch {self.key} holds no {what}",
            rule=f"twin: this batch was begun as {self.made}",
            remedy="tell the world what was collected when the batch begins",
        )

    def product_viability(self, day: float) -> float:
        """Percent viable once formulated: 3 points less than in culture (assumption), or what a fault says."""
        if self.product_viability_percent is not None:
            return self.product_viability_percent
        cells: Culture | Edited = self.stem_cells if self.made == "cd34_cells" else self.t_cells
        return cells.viability(day) - 3.0
