"""How cells grow, as a model: lag, then logistic growth, with a rate that differs between patients and batches.

Sources (numbers of the model, not of any product):
- no net growth to day 4: d4/d1 = 0.819, ln-sd 0.20 (6 donors, hammerlab/t-cell-guide counts, Apache-2.0; derived)
- rate 0.007 to 0.053 per hour between platforms (doi 10.1186/s13036-019-0167-2, table 1); median here 0.54 per day,
  set so that the median fold is about 45 on day 12 (assumption)
- spread of the rate between patients and batches, ln-sd 0.20 and 0.15 (assumption; no open per-patient data found)
- count error CV 7.1 % (duplicates, same counts), heavy-tailed: Student t with 4 degrees of freedom (assumption)
- CAR fraction: ln-sd 0.22 (15 patients, PMC4872017 table 2); median 40 % between 26-42 % (PMC6319086 table 2) and
  61.8 % (PMC4872017) (assumption)
- viability 91-98 % in released batches (PMC6319086 table 2, PMC12456031 table 2); dip of 5 points about
  day 3 (live fractions of the same counts)
- CD3 97.9-98.6 % in product (PMC6319086), 89 +- 10 % after selection (fcd.mcw.edu 785626)
- CD34 recoveries and editing efficiency: assumptions, no open per-patient data found

None of this can be validated against real CAR-T batches: no open table of them exists.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log

from onelot.twin.draws import generator, normal

CAPACITY_CELLS = 1e10


@dataclass(frozen=True)
class Culture:
    """One T-cell culture. Cells are viable cells in total; days since its start.

    seed_cells at day 0; survival: part left at the end of the lag; rate_per_d: of the exponential phase; capacity:
    cells the vessel carries; car, cd3 and viability: plateaus in percent; stalled_from_d: from then on, none grow.
    """

    seed_cells: float
    survival: float
    lag_d: float
    rate_per_d: float
    capacity: float
    car_percent: float
    cd3_percent: float
    viability_percent: float
    stalled_from_d: float | None = None

    def viable_cells(self, day: float) -> float:
        """Viable cells after this many days (below 0: the seed)."""
        if day <= 0:
            return self.seed_cells
        if self.stalled_from_d is not None and day > self.stalled_from_d:
            # Exhausted cells die at 0.007 per hour (webappdemo ODE), i.e. 0.168 per day.
            return self._grown(self.stalled_from_d) * exp(-0.168 * (day - self.stalled_from_d))
        return self._grown(day)

    def _grown(self, day: float) -> float:
        if day <= self.lag_d:
            return self.seed_cells * exp(log(self.survival) * day / self.lag_d)
        start = self.seed_cells * self.survival
        return self.capacity / (1 + (self.capacity / start - 1) * exp(-self.rate_per_d * (day - self.lag_d)))

    def viability(self, day: float) -> float:
        """Percent viable: a dip about day 3, then the plateau; a stalled culture loses 2 points a day."""
        dip = 5.0 * exp(-(((day - 3.0) / 1.5) ** 2))
        lost = 0.0 if self.stalled_from_d is None else 2.0 * max(0.0, day - self.stalled_from_d)
        return max(5.0, self.viability_percent - dip - lost)

    def car_fraction(self, day: float) -> float:
        """Percent of viable cells that express the receptor: nothing at first, the plateau from about day 5."""
        return self.car_percent * (1 - exp(-max(0.0, day) / 1.3))

    def cd3_fraction(self, day: float) -> float:
        """Percent T cells: purer as they outgrow the rest."""
        return self.cd3_percent - (self.cd3_percent - 89.0) * exp(-max(0.0, day) / 2.0)


def culture(
    seed: int,
    patient: str,
    batch: str,
    seed_cells: float,
    *,
    cut: float | None,
    rate_part: float = 1.0,
    stalled_from_d: float | None = None,
) -> Culture:
    """The culture of this batch: a pure function of seed, patient and batch.

    Args:
        seed: of the world.
        patient, batch: whose cells, which run.
        seed_cells: viable selected T cells that go in.
        cut: draws lie within this many standard deviations (None: no cut).
        rate_part: part of the growth rate that is left (a fault).
        stalled_from_d: day from which nothing grows, or None.
    """

    def z(*key: str) -> float:
        return normal(seed, *key, cut=cut)

    rate = 0.54 * exp(0.20 * z(patient, "rate") + 0.15 * z(patient, batch, "rate"))
    return Culture(
        seed_cells=seed_cells,
        survival=min(1.0, 0.819 * exp(0.20 * z(patient, batch, "survival"))),
        lag_d=3.5 * exp(0.15 * z(patient, batch, "lag")),
        rate_per_d=rate * rate_part,
        capacity=CAPACITY_CELLS,
        car_percent=min(95.0, 40.0 * exp(0.22 * z(patient, "car"))),
        cd3_percent=min(99.5, 97.5 + 0.8 * z(patient, "cd3")),
        viability_percent=min(99.0, 94.0 + 2.0 * z(patient, batch, "viability")),
        stalled_from_d=stalled_from_d,
    )


@dataclass(frozen=True)
class Edited:
    """CD34+ cells on their way: collected, selected, two days of culture, then pulsed. Days since selection.

    collected: CD34+ cells; selected_part and survival: parts left by selection and by the pulse.
    """

    collected: float
    selected_part: float
    survival: float
    purity_percent: float
    editing_percent: float
    viability_percent: float

    @staticmethod
    def _pulsed(day: float) -> float:
        """How far the pulse of day 2 to 3 has worked, 0 to 1."""
        return min(1.0, max(0.0, day - 2.0))

    def cd34_cells(self, day: float) -> float:
        """Viable CD34+ cells."""
        return self.collected * self.selected_part * (1 - (1 - self.survival) * self._pulsed(day))

    def viable_cells(self, day: float) -> float:
        """Viable cells, CD34+ or not."""
        return self.cd34_cells(day) / (self.purity_percent / 100)

    def editing(self, day: float) -> float:
        """Percent of alleles edited."""
        return self.editing_percent * self._pulsed(day)

    def viability(self, day: float) -> float:
        """Percent viable; lowest half a day after the pulse."""
        return self.viability_percent - 8.0 * exp(-(((day - 2.7) / 0.4) ** 2))


def edited(seed: int, patient: str, batch: str, cd34_cells: float, *, cut: float | None) -> Edited:
    """The edited CD34+ cells of this batch. Recoveries, efficiency and their spread are assumptions."""

    def z(*key: str) -> float:
        return normal(seed, patient, batch, *key, cut=cut)

    return Edited(
        collected=cd34_cells,
        selected_part=min(0.95, 0.70 * exp(0.10 * z("selection"))),
        survival=min(0.95, 0.65 * exp(0.10 * z("survival"))),
        purity_percent=min(99.0, 94.0 + 1.5 * z("purity")),
        editing_percent=min(97.0, 85.0 + 4.0 * z("editing")),
        viability_percent=min(99.0, 93.0 + 2.0 * z("viability")),
    )


def counted(seed: int, true: float, *key: str, cut: float | None) -> float:
    """A count of `true` cells: CV 7.1 %, Student t with 4 degrees of freedom, never below 1 % of the truth."""
    source = generator(seed, *key, "count")
    # Scaled so that the spread of the t variate (sqrt 2) gives the CV.
    error = float(source.standard_t(4)) / 2**0.5
    if cut is not None:
        error = max(-cut, min(cut, error))
    return true * max(0.01, exp(log(1.071) * error))
