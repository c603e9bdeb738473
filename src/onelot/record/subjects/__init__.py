"""What a stream folds to: one file per subject, each a frozen dataclass and `apply(state, entry)`.

A record is the fold of one stream and is never stored as such.
"""

from onelot.record.subjects.batch import Batch, fold_batch
from onelot.record.subjects.masters import (
    Document,
    Equipment,
    Lot,
    Person,
    fold_document,
    fold_equipment,
    fold_lot,
    fold_person,
)
from onelot.record.subjects.therapy import Decision, Tailoring, Therapy, fold_therapy

__all__ = [
    "Batch",
    "Decision",
    "Document",
    "Equipment",
    "Lot",
    "Person",
    "Tailoring",
    "Therapy",
    "fold_batch",
    "fold_document",
    "fold_equipment",
    "fold_lot",
    "fold_person",
    "fold_therapy",
]
