"""Everything that can happen, past tense, one file per subject, each type versioned."""

from onelot.record.events import batch, editing, journal, therapy
from onelot.record.events.base import Event, decode, encode, schema, types, upcast

__all__ = ["Event", "batch", "decode", "editing", "encode", "journal", "schema", "therapy", "types", "upcast"]
