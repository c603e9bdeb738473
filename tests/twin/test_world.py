"""The world follows from seed and name; its spread is that of the sources."""

from __future__ import annotations

import json
import math
import statistics
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onelot.record.errors import BadInput, OutOfOrder
from onelot.twin import Agenda, SimulatedClock, World, read_faults
from onelot.twin.cells import counted, culture
from onelot.twin.draws import normal
from onelot.twin.faults import read_fault

START = datetime(2026, 9, 7, tzinfo=UTC)
NAMES = ["viable_cells", "viability", "car_fraction", "product_cells", "endotoxin_ipc"]


@given(st.integers(0, 10**6), st.permutations([(name, day) for name in NAMES for day in (1, 5, 9)]))
def test_answers_do_not_depend_on_the_order_of_questions(seed: int, questions: list[tuple[str, int]]) -> None:
    def begun() -> World:
        world = World(seed, {})
        world.begin("B1", "p1", START, Decimal(70), world.collect("p1", ["cd3_collected"], Decimal(70)))
        return world

    world = begun()
    asked = {each: world.measure("B1", each[0], START + timedelta(days=each[1])) for each in questions}
    for name, day in asked:
        assert begun().measure("B1", name, START + timedelta(days=day)) == asked[name, day]


def test_other_seeds_patients_batches_and_moments_differ() -> None:
    def cells(seed: int, patient: str, batch: str, day: float) -> Decimal:
        world = World(seed, {})
        world.begin(batch, patient, START, Decimal(70), {"cd3_collected": Decimal(2_000_000_000)})
        return world.measure(batch, "viable_cells", START + timedelta(days=day))

    first = cells(1, "p1", "B1", 9)
    assert first == cells(1, "p1", "B1", 9)
    others = [cells(2, "p1", "B1", 9), cells(1, "p2", "B1", 9), cells(1, "p1", "B2", 9), cells(1, "p1", "B1", 9.01)]
    assert len({first, *others}) == 5


def test_a_cut_draw_stays_inside_and_an_uncut_one_is_normal() -> None:
    cut = [normal(3, str(number), cut=1.2) for number in range(2000)]
    free = [normal(3, str(number)) for number in range(2000)]
    assert max(map(abs, cut)) <= 1.2 < max(map(abs, free))
    assert abs(statistics.fmean(free)) < 0.1 and abs(statistics.stdev(free) - 1) < 0.06


@pytest.mark.shared
def test_intake_spreads_like_the_quartiles_it_is_taken_from(shared: Path) -> None:
    rows = (shared / "process" / "derived_lognormal_from_uk_tisa134.csv").read_text().splitlines()
    printed = next(row.split(",") for row in rows if row.startswith("CD3 collected"))
    median, low, high = (float(value) * 1e9 for value in printed[1:4])
    world = World(5, {}, cut=None)
    drawn = sorted(
        float(world.collect(f"p{number}", ["cd3_collected"], Decimal(70))["cd3_collected"]) for number in range(3000)
    )
    for part, expected in ((0.25, low), (0.5, median), (0.75, high)):
        # The quartiles are not quite those of a log-normal: 2.6 (1.2-4.1).
        assert drawn[int(part * 3000)] == pytest.approx(expected, rel=0.25)


@pytest.mark.shared
def test_no_growth_to_day_four_as_counted_in_six_donors(shared: Path) -> None:
    path = shared / "process" / "real_tcell_counts_d1_d2_d4.csv"
    rows = [row.split(",") for row in path.read_text().splitlines() if row[:1] not in "#" and "Donor" not in row[:5]]
    live: dict[tuple[str, str], list[float]] = {}
    for row in rows:
        live.setdefault((row[0], row[2]), []).append(float(row[5]))
    donors = sorted({donor for donor, _ in live})
    ratios = [math.log(statistics.fmean(live[d, "D4"]) / statistics.fmean(live[d, "D1"])) for d in donors]
    grown = [culture(1, f"p{n}", "b", 1e8, cut=None) for n in range(400)]
    model = [math.log(each.viable_cells(3.0) / each.seed_cells) for each in grown if each.lag_d > 3]
    assert statistics.fmean(model) == pytest.approx(statistics.fmean(ratios), abs=0.15)


def test_growth_slows_toward_the_capacity_and_never_passes_it() -> None:
    grown = culture(1, "p", "b", 1e8, cut=None)
    counts = [grown.viable_cells(day) for day in range(60)]
    assert all(0 < count <= grown.capacity for count in counts)
    after_lag = counts[math.ceil(grown.lag_d) :]
    assert after_lag == sorted(after_lag) and counts[-1] > 0.99 * grown.capacity


def test_fold_on_day_twelve_is_what_the_docstring_says() -> None:
    folds = sorted(culture(1, f"p{n}", "b", 1e8, cut=None).viable_cells(12) / 1e8 for n in range(1000))
    assert 38 < folds[500] < 52


def test_counts_have_the_error_of_duplicates() -> None:
    errors = [math.log(counted(1, 1e8, str(number), cut=None) / 1e8) for number in range(4000)]
    assert statistics.stdev(errors) == pytest.approx(0.071, rel=0.15)


def test_what_the_twin_has_no_model_for_is_refused() -> None:
    world = World(1, {})
    with pytest.raises(BadInput, match="knows no batch"):
        world.measure("B9", "viability", START)
    world.begin("B1", "p1", START, Decimal(70), {"cd3_collected": Decimal(10**9)})
    with pytest.raises(BadInput, match="cannot measure mood"):
        world.measure("B1", "mood", START)
    with pytest.raises(BadInput, match="holds no CD34"):
        world.measure("B1", "editing_fraction", START)
    with pytest.raises(BadInput, match="collection's tears"):
        world.collect("p1", ["tears"], Decimal(70))


def test_the_clock_goes_on_and_never_back() -> None:
    clock = SimulatedClock(START)
    clock.advance(START + timedelta(days=1))
    with pytest.raises(OutOfOrder):
        clock.advance(START)
    with pytest.raises(OutOfOrder):
        SimulatedClock(datetime(2026, 1, 1))  # noqa: DTZ001
    assert clock.now() == START + timedelta(days=1)


@given(st.lists(st.tuples(st.integers(0, 20), st.sampled_from("abcdef"))))
def test_an_agenda_gives_each_name_once_at_its_last_moment_in_order(puts: list[tuple[int, str]]) -> None:
    agenda, last = Agenda(), {}
    for day, name in puts:
        agenda.put(START + timedelta(days=day), name)
        last[name] = START + timedelta(days=day)
    assert list(agenda) == sorted((when, name) for name, when in last.items())
    taken = []
    while (found := agenda.take()) is not None:
        taken.append(found)
    assert taken == sorted((when, name) for name, when in last.items())
    assert len(agenda) == 0


def test_what_is_dropped_from_an_agenda_does_not_come() -> None:
    agenda = Agenda()
    agenda.put(START, "a")
    agenda.drop("a")
    assert agenda.take() is None


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ({"kind": "storm"}, "storm"),
        ({}, "None"),
        ({"kind": "weak_collection"}, "factor"),
        ({"kind": "weak_collection", "factor": "little"}, "factor"),
        ({"kind": "late_sterility_failure", "when": "never"}, "never"),
        ({"kind": "device_unknown"}, "phase"),
    ],
)
def test_a_fault_that_is_not_understood_is_refused_with_its_place(fault: dict[str, object], says: str) -> None:
    with pytest.raises(BadInput, match=says) as caught:
        read_fault(fault, place="here")
    assert caught.value.place == "here"


@pytest.mark.parametrize("data", [[], {}, {"patients": [{"faults": []}]}, {"patients": [{"patient": "a"}] * 2}])
def test_a_file_of_faults_names_each_patient_once(data: object) -> None:
    with pytest.raises(BadInput):
        read_faults(data)


def test_the_faults_of_the_shipped_cohort_are_understood() -> None:
    path = files("onelot.data") / "cohort" / "faults.json"
    found = read_faults(json.loads(path.read_text()))
    assert sum(len(each) for each in found.values()) >= 10
