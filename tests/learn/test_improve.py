"""Lines per recipe version, against sums done another way."""

from __future__ import annotations

from decimal import Decimal
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onelot.learn import ClosedBatch, RecipeLine, by_recipe
from onelot.record.errors import BadInput

ROWS = [
    ClosedBatch("cd19-per-kg/1", "b1", "administered", Decimal("24.3"), True),
    ClosedBatch("cd19-per-kg/1", "b2", "administered", Decimal("26.0"), False),
    ClosedBatch("cd19-per-kg/1", "b3", "terminated", reason="growth stalled"),
    ClosedBatch("cd19-per-kg/1", "b4", "rejected", reason="sterility"),
    ClosedBatch("cd19-per-kg/1", "b5", "rejected", reason="sterility"),
    ClosedBatch("cd19-per-kg/2", "b6", "returned", reason="shipper warmed"),
    ClosedBatch("aav9-weight-band/1", "b1", "administered", Decimal("9.5"), True),
]


def test_one_line_per_recipe_version() -> None:
    assert by_recipe(ROWS) == [
        RecipeLine("aav9-weight-band/1", 1, 1, Decimal("9.5"), 1, ()),
        RecipeLine("cd19-per-kg/1", 5, 2, Decimal("25.15"), 1, (("sterility", 2), ("growth stalled", 1))),
        RecipeLine("cd19-per-kg/2", 1, 0, None, 0, (("shipper warmed", 1),)),
    ]
    assert by_recipe([]) == []


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (ClosedBatch("cd19-per-kg/1", "b1", "administered"), "twice"),
        (ClosedBatch("cd19-per-kg/1", "b9", "rejected"), "without a reason"),
        (ClosedBatch("cd19-per-kg/1", "b9", "rejected", dose_hit=True, reason="late"), "was not given"),
    ],
)
def test_what_cannot_be_counted_is_refused(row: ClosedBatch, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        by_recipe([*ROWS, row])


@given(st.integers(min_value=0, max_value=2**31))
def test_the_order_of_rows_does_not_matter(seed: int) -> None:
    rows = list(ROWS)
    Random(seed).shuffle(rows)
    assert by_recipe(rows) == by_recipe(ROWS)


ended = st.sampled_from(["administered", "rejected", "terminated"])


@given(st.lists(st.tuples(st.sampled_from(["a/1", "b/1"]), ended, st.integers(10, 60), st.booleans()), max_size=40))
def test_counts_add_up(drawn: list[tuple[str, str, int, bool]]) -> None:
    rows = [
        ClosedBatch(recipe, str(number), end, Decimal(days), hit) if end == "administered"
        else ClosedBatch(recipe, str(number), end, reason=f"because {days % 3}")
        for number, (recipe, end, days, hit) in enumerate(drawn)
    ]  # fmt: skip
    lines = by_recipe(rows)
    assert sum(line.batches for line in lines) == len(rows)
    for line in lines:
        assert line.batches == line.administered + sum(count for _, count in line.failures)
        assert line.dose_hits <= line.administered
        days = sorted(d for r, e, d, _ in drawn if r == line.recipe and e == "administered")
        if days:
            assert line.turnaround_days == Decimal(days[len(days) // 2] + days[(len(days) - 1) // 2]) / 2
