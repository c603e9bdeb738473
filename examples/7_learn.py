"""Learn: per recipe version counts, turnaround, dose hits and failures, from closed batches."""

from decimal import Decimal

from onelot.learn import ClosedBatch, by_recipe

closed = [
    ClosedBatch("cd19-per-kg/1", "B-1", "administered", Decimal("24.8"), True),
    ClosedBatch("cd19-per-kg/1", "B-2", "administered", Decimal("26.1"), True),
    ClosedBatch("cd19-per-kg/1", "B-3", "administered", Decimal("31.0"), False),
    ClosedBatch("cd19-per-kg/1", "B-4", "terminated", reason="the culture never reached the dose"),
    ClosedBatch("cd19-flat/1", "B-5", "rejected", reason="viability out of specification"),
]
for line in by_recipe(closed):
    print(
        f"{line.recipe}: {line.batches} batches, {line.administered} administered, "
        f"median {line.turnaround_days or '-'} d, dose hits {line.dose_hits}"
    )
    for reason, count in line.failures:
        print(f"  {count} x {reason}")
