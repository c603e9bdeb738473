"""Larger questions: many plants against the list of all designs, and the full scale with its gap and memory."""

from __future__ import annotations

import resource
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from time import perf_counter

import pytest

from onelot.plan.network import check_network, plan_network, read_network

FILE = Path(__file__).resolve().parents[3] / "benchmarks" / "network.py"
SPEC = spec_from_file_location("network_benchmark", FILE)
if SPEC is None or SPEC.loader is None:
    raise ImportError(f"cannot load {FILE}")
BENCHMARK = module_from_spec(SPEC)
SPEC.loader.exec_module(BENCHMARK)
LITERATURE_LINES, per_patient, question = BENCHMARK.LITERATURE_LINES, BENCHMARK.per_patient, BENCHMARK.question


@pytest.mark.parametrize("seed", range(3))
def test_proposals_and_list_agree_on_a_middling_question(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    network = read_network(question(seed, 300, 6, 8, LITERATURE_LINES, 4))
    listed = plan_network(network)
    monkeypatch.setattr("onelot.plan.network.search.FEW_OPENINGS", 0)
    proposed = plan_network(network)
    assert listed.status == proposed.status == "optimal"
    assert listed.objective == pytest.approx(proposed.objective, rel=1e-8)
    assert check_network(network, proposed).holds


def test_blocks_of_days_come_close_on_a_middling_question(monkeypatch: pytest.MonkeyPatch) -> None:
    network = read_network(question(1, 2000, 10, 16, (4, 10, 31), 16))
    monkeypatch.setattr("onelot.plan.network.master.MOST_COLUMNS", 0)
    answer = plan_network(network, clock=perf_counter, seconds=20, gap=0.005)
    assert answer.status in ("optimal", "feasible") and answer.gap is not None and answer.gap <= 0.005
    assert check_network(network, answer).holds


@pytest.mark.long
@pytest.mark.parametrize("seed", range(2))
def test_the_plain_model_agrees_on_a_published_size(seed: int) -> None:
    asked = question(seed, 500, 4, 6, LITERATURE_LINES, 5)
    peer = per_patient(asked, 300)
    assert peer["status"] == "optimal"
    assert plan_network(read_network(asked)).objective == pytest.approx(peer["objective"], rel=1e-6)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(3))
def test_a_hundred_thousand_patients(seed: int) -> None:
    lines = tuple(round(100_000 / 365 * 7 * part) for part in (0.05, 0.1, 0.2))
    network = read_network(question(seed, 100_000, 200, 50, lines, 50))
    answer = plan_network(network, clock=perf_counter, seconds=30, gap=0.005)
    assert answer.gap is not None and answer.gap <= 0.005
    assert check_network(network, answer).holds
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 4 * 1024 * 1024
