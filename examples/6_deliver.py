"""Bring it back: a label that reads back, and the comparison at the bedside that a wrong bag does not pass.

Run: python examples/6_deliver.py
"""

from datetime import UTC, datetime
from decimal import Decimal

from onelot.adapters.labels import Label, make_label, read_element_string, read_label
from onelot.deliver import BagScan, BedsideScans, compare_at_bedside
from onelot.record.identity import grouped, make_identifier
from onelot.record.subjects import Batch, Therapy
from onelot.record.terms.values import Container

mine, other = make_identifier(4711), make_identifier(4712)
batch = Batch(batch="B-1", state="at_site", containers=(Container("B-1-1", "bag", mine, Decimal(68), "mL"),))
therapy = Therapy(coi=mine, ordered_by="person/prescriber")

for coi, container, lot in ((mine, "B-1-1", "B-1"), (other, "B-2-1", "B-2")):
    expires = datetime(2027, 3, 1, 12, tzinfo=UTC)
    label = Label(container, lot, "cd19-per-kg", expires, coi, statement="autologous use only", simulated=True)
    read = read_element_string(read_label(make_label(label, "png")))
    print("read from the label:", read)
    bag = BagScan(read["container"], read["coi"], read["batch"])
    answer = compare_at_bedside(
        batch, therapy, BedsideScans((bag,), grouped(mine), mine),
        where="ward 3", by="person/nurse", verified_by="person/nurse2", deviation="D-1",
    )  # fmt: skip
    print("agreed" if answer.agreed else f"stop: {answer.refusal}")
    print("to the record:", ", ".join(type(event).__name__ for event in answer.events))
