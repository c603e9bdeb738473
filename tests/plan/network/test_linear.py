"""The door to the solver: every status is read, and whole answers lose nothing to the narrowing of the search."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from math import inf
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onelot.plan.network.linear import Program, solve, solve_whole
from onelot.record.errors import Broken


def _program(cost: Any, matrix: Any, low: Any, high: Any, upper: Any) -> Program:
    dense = np.asarray(matrix, dtype=np.float64)
    rows, columns = np.nonzero(dense)
    return Program(
        np.asarray(cost, dtype=np.float64),
        np.zeros(dense.shape[1]),
        np.asarray(upper, dtype=np.float64),
        np.asarray(low, dtype=np.float64),
        np.asarray(high, dtype=np.float64),
        rows.astype(np.int64),
        columns.astype(np.int64),
        dense[rows, columns],
    )


def test_an_infeasible_program_says_so() -> None:
    assert solve(_program([1], [[1]], [2], [inf], [1])).status == "infeasible"


def test_an_unbounded_program_is_a_fault_not_an_answer() -> None:
    with pytest.raises(Broken):
        solve(_program([-1], [[1]], [0], [inf], [inf]))


def test_entries_of_one_place_add_up() -> None:
    twice = Program(
        np.array([1.0]), np.zeros(1), np.array([inf]), np.array([6.0]), np.array([inf]),
        np.array([0, 0]), np.array([0, 0]), np.array([1.0, 2.0]),
    )  # fmt: skip
    assert solve(twice).x[0] == pytest.approx(2)


def test_negligible_entries_are_left_out_quietly() -> None:
    assert solve(_program([1, 1], [[1, 1e-11]], [2], [inf], [inf, inf])).x == pytest.approx([2, 0])


def test_time_that_is_up_gives_no_optimal_answer() -> None:
    rng = np.random.default_rng(7)
    matrix = rng.integers(1, 60, (40, 160))
    program = _program(-rng.integers(1, 60, 160), matrix, np.full(40, -inf), matrix.sum(axis=1) // 3, np.ones(160))
    answer = solve(replace(program, integer=np.ones(160, dtype=bool)), seconds=0.02)
    assert answer.status in ("feasible", "unknown")
    assert answer.bound <= answer.objective


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 10**9))
def test_whole_answers_equal_trying_everything(seed: int) -> None:
    rng = np.random.default_rng(seed)
    columns, rows = int(rng.integers(2, 6)), int(rng.integers(1, 4))
    matrix = rng.integers(0, 8, (rows, columns))
    cost, upper = rng.integers(-9, 10, columns), rng.integers(1, 4, columns)
    low, high = np.full(rows, -inf), rng.integers(3, 25, rows).astype(float)
    low[0] = float(rng.integers(0, 4))
    program = _program(cost, matrix, low, high, upper)
    relaxed = solve(program)
    points = (np.array(point) for point in product(*(range(most + 1) for most in upper)))
    values = [int(cost @ p) for p in points if (matrix @ p >= low).all() and (matrix @ p <= high).all()]
    if relaxed.status == "infeasible":
        assert not values
        return
    whole = solve_whole(replace(program, integer=np.ones(columns, dtype=bool)), relaxed)
    assert (whole.status == "optimal") == bool(values)
    if values:
        assert whole.objective == pytest.approx(min(values), abs=1e-6)
        assert whole.bound <= whole.objective + 1e-6
