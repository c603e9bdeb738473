"""Make: the engine asks the folded record what comes next; the answers of people and devices become events."""

from datetime import UTC, datetime
from decimal import Decimal

from onelot import make
from onelot.adapters.recipes import load
from onelot.make.engine import Continue, Start
from onelot.record.errors import Mismatch
from onelot.record.events.base import Event
from onelot.record.events.batch import BatchPlanned, MaterialReceived
from onelot.record.journal import Draft, Entry, Head, Part, link_part
from onelot.record.subjects import fold_batch
from onelot.record.terms.values import Cite, Container

recipe, now = load("cd19-per-kg"), datetime(2026, 9, 7, 6, tzinfo=UTC)
stream: list[Entry] = []


def write(*events: Event) -> None:
    head = Head(len(stream), stream[-1].hash if stream else bytes(32))
    stream.extend(link_part(head, Part("batch/B1", head.seq, tuple(Draft(each, now, "person/op") for each in events))))


write(BatchPlanned("B1", ("therapy/1",), Cite("document/r", 1, "0" * 64), None, "plant", "patient"))
write(MaterialReceived(Container("APH1", "bag", "COI", Decimal(100), "mL"), "D1", "good", "person/second"))

step = make.next_step(recipe, fold_batch(stream), {}, now)
assert isinstance(step, Start)
write(*make.start_phase(recipe, fold_batch(stream), step.phase.name, now, parameters={}))

expected = {"container": "APH1", "patient": "COI"}
for scans in ({"container": "APH9", "patient": "COI"}, expected):
    how = {"parameters": {}, "by": "person/op", "verified_by": "person/second", "expected": expected, "scans": scans}
    try:
        write(*make.complete_phase(recipe, fold_batch(stream), step.phase.name, now, **how))  # type: ignore[arg-type]
    except Mismatch as refusal:
        print(refusal)

# A crash here would lose nothing: the same stream folds to the same question.
after = make.next_step(recipe, fold_batch(stream), {}, now)
assert isinstance(after, Start | Continue)
print("done:", ", ".join(type(entry.event).__name__ for entry in stream))
print("next:", after.phase.title)
