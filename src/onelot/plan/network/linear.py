"""The only door to HiGHS: sparse problems in, checked solutions out. The status is read on every call."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import highspy
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix

from onelot.record.errors import Broken

Floats = NDArray[np.float64]
INFINITY = float("inf")
INTEGRAL = 1e-6
NEGLIGIBLE = 1e-9
FIRST_MARGIN = 1e-6
WHOLE_GAP = 1e-9

_TIME_OUT = (highspy.HighsModelStatus.kTimeLimit, highspy.HighsModelStatus.kInterrupt)
_NO_POINT = (highspy.HighsModelStatus.kInfeasible, highspy.HighsModelStatus.kUnboundedOrInfeasible)


class OutOfTime(Exception):
    """The solver's time was up before it had an answer. It says nothing about the problem."""


@dataclass(frozen=True)
class Program:
    """min cost . x, low <= A x <= high, lower <= x <= upper; A by rows and columns of its entries.

    `integer` marks whole-number columns, or is None for a linear program.
    """

    cost: Floats
    lower: Floats
    upper: Floats
    row_low: Floats
    row_high: Floats
    entry_row: NDArray[np.int64]
    entry_column: NDArray[np.int64]
    entry_value: Floats
    integer: NDArray[np.bool_] | None = None


@dataclass(frozen=True)
class Solution:
    """`status` is optimal, feasible (a point, a bound, not closed), infeasible or unknown (time ran out, no point)."""

    status: str
    objective: float
    bound: float
    x: Floats
    row_dual: Floats
    column_dual: Floats


def solve(
    program: Program, *, seconds: float = INFINITY, gap: float = 0.0, basic: NDArray[np.int64] | None = None
) -> Solution:
    """Solve a program with HiGHS.

    The number of threads is left alone: HiGHS refuses a changed one within a process and then returns nothing.

    Args:
        program: the problem.
        seconds: time limit.
        gap: relative gap at which a mixed-integer search may stop.
        basic: columns to start from, one for each equality row and serving it; all other rows start slack.

    Raises:
        Broken: HiGHS reported a fault of its own or an unexpected status.
    """
    highs: Any = highspy.Highs()  # type: ignore[no-untyped-call]
    options: dict[str, Any] = {"output_flag": False, "mip_rel_gap": gap, "mip_abs_gap": 1e-9}
    if seconds < INFINITY:
        options["time_limit"] = max(seconds, 0.01)
    for name, value in options.items():
        _demand_ok(highs.setOptionValue(name, value), f"option {name}")
    _demand_ok(highs.passModel(_model(program)), "model")
    if basic is not None:
        _demand_ok(highs.setBasis(_basis(program, basic)), "starting basis")
    _demand_ok(highs.run(), "run", warning=True)
    return _read(highs, program)


def solve_whole(program: Program, relaxed: Solution, *, seconds: float = INFINITY) -> Solution:
    """Solve a program in whole numbers, given the optimal solution of its relaxation.

    A column whose reduced cost exceeds the distance between the relaxation and a whole answer cannot move in any better
    one, so only the columns near the relaxation are searched; the margin grows until it covers that distance.

    Args:
        program: the problem with `integer` set.
        relaxed: the optimal relaxation, with duals.
        seconds: time limit of each search.
    """
    margin = max(abs(relaxed.objective), 1.0) * FIRST_MARGIN
    dual, x = relaxed.column_dual, relaxed.x
    while True:
        low, high = program.lower.copy(), program.upper.copy()
        if margin < INFINITY:
            at_low, at_high = dual > margin, dual < -margin
            high[at_low] = np.maximum(np.floor(x[at_low] + INTEGRAL), low[at_low])
            low[at_high] = np.minimum(np.ceil(x[at_high] - INTEGRAL), high[at_high])
        answer = solve(replace(program, lower=low, upper=high), seconds=seconds, gap=WHOLE_GAP)
        if answer.status == "infeasible" and margin < INFINITY:
            margin = margin * 30 if margin < abs(relaxed.objective) else INFINITY
            continue
        if answer.status == "unknown" or answer.status == "infeasible":
            return answer
        if answer.objective - relaxed.objective <= margin:
            return replace(answer, bound=max(answer.bound, relaxed.bound))
        margin = answer.objective - relaxed.objective


def _demand_ok(status: highspy.HighsStatus, what: str, *, warning: bool = False) -> None:
    if status == highspy.HighsStatus.kOk or (warning and status == highspy.HighsStatus.kWarning):
        return
    raise Broken(
        f"The solver did not accept the {what}: {status}",
        rule="HiGHS must answer kOk on every call",
        remedy="Ask again in a new process; if it stays, report it with the question attached.",
    )


def _model(program: Program) -> Any:
    """The program as a HiGHS model, column-wise."""
    columns, rows = len(program.cost), len(program.row_low)
    entries = (program.entry_value, (program.entry_row, program.entry_column))
    matrix = coo_matrix(entries, shape=(rows, columns)).tocsc()  # adds up runs of one route that share a day
    matrix.data[np.abs(matrix.data) <= NEGLIGIBLE] = 0.0  # HiGHS would drop these too, with a warning that hides others
    matrix.eliminate_zeros()
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = columns, rows
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = program.cost, program.lower, program.upper
    lp.row_lower_, lp.row_upper_ = program.row_low, program.row_high
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_ = matrix.indptr.astype(np.int32)
    lp.a_matrix_.index_ = matrix.indices.astype(np.int32)
    lp.a_matrix_.value_ = matrix.data.astype(np.float64)
    if program.integer is not None:
        kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
        lp.integrality_ = [kinds[int(flag)] for flag in program.integer]
    return lp


def _basis(program: Program, basic: NDArray[np.int64]) -> Any:
    """The basis in which each equality row is served by its given column."""
    status = highspy.HighsBasisStatus
    columns = [status.kLower] * len(program.cost)
    for column in basic.tolist():
        columns[column] = status.kBasic
    basis: Any = highspy.HighsBasis()
    basis.col_status = columns
    basis.row_status = [status.kLower if equal else status.kBasic for equal in program.row_low == program.row_high]
    basis.valid, basis.alien = True, False
    return basis


def _read(highs: Any, program: Program) -> Solution:
    status, info = highs.getModelStatus(), highs.getInfo()
    nothing = np.zeros(0)
    mixed = program.integer is not None and bool(program.integer.any())
    if status in _NO_POINT:
        return Solution("infeasible", INFINITY, INFINITY, nothing, nothing, nothing)
    if status == highspy.HighsModelStatus.kOptimal:
        solution = highs.getSolution()
        value = float(info.objective_function_value)
        bound = float(info.mip_dual_bound) if mixed else value
        duals = (nothing, nothing) if mixed else (np.array(solution.row_dual), np.array(solution.col_dual))
        return Solution("optimal", value, bound, np.array(solution.col_value), *duals)
    if status in _TIME_OUT:
        has_point = mixed and info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
        bound = float(info.mip_dual_bound) if mixed else -INFINITY
        if has_point:
            value, point = float(info.objective_function_value), np.array(highs.getSolution().col_value)
            return Solution("feasible", value, bound, point, nothing, nothing)
        return Solution("unknown", INFINITY, bound, nothing, nothing, nothing)
    if status == highspy.HighsModelStatus.kModelEmpty:
        return Solution("optimal", 0.0, 0.0, nothing, np.zeros(len(program.row_low)), nothing)
    raise Broken(
        f"The solver ended with status {highs.modelStatusToString(status)}",
        rule="only optimal, infeasible and time limit are answers",
        remedy="Report it with the question attached.",
    )
