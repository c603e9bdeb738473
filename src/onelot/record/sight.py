"""Which sites may see which stream, derived from the record alone; what is not named here is seen by the house only.

A therapy is its ordering site's, and that of every site that makes a batch for it. A batch is the making site's, and
that of the sites that ordered its therapies. A patient's sealed values are seen where one of their therapies is seen.
Masters (equipment, lots, people, documents, sites) hold no patient and are open to everybody who is signed in.
The database holds the same rules as policies (revision 0003); tests/contracts compares the two.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from onelot.record.journal import Entry

ANYWHERE = "*"
OPEN = frozenset({"journal", "site", "document", "equipment", "lot", "person"})
# What the rows of a view belong to (`Projection.of`): the therapy or batch their key begins with, everybody, or none
# but the house itself.
THERAPY, BATCH, EVERYONE, HOUSE = "therapy", "batch", "everyone", "house"


def sights(entry: Entry, ordered: Callable[[str], tuple[str, str] | None]) -> Iterable[tuple[str, str]]:
    """What this entry lets which site see: (`therapy/…`, `batch/…` or `patient/…`, site).

    ordered: the patient and the ordering site of a chain-of-identity number, or None for an unknown one.
    """
    if entry.seq == 1 and entry.stream.startswith("therapy/") and entry.envelope["type"] == "TherapyOrdered":
        data = entry.envelope["data"]
        yield entry.stream, data["site"]
        yield f"patient/{data['patient']}", data["site"]
    elif entry.seq == 1 and entry.stream.startswith("batch/") and entry.envelope["type"] == "BatchPlanned":
        data = entry.envelope["data"]
        yield entry.stream, data["site"]
        for coi in data["therapies"]:
            found = ordered(coi)
            if found:
                patient, site = found
                yield entry.stream, site
                yield f"therapy/{coi}", data["site"]
                yield f"patient/{patient}", data["site"]


def may_see(sites: Collection[str], what: str, seen_at: Collection[str]) -> bool:
    """Whether somebody of these sites may see a stream (or `patient/…`) that was shown to `seen_at`."""
    return ANYWHERE in sites or what.split("/", 1)[0] in OPEN or any(site in seen_at for site in sites)


def row_stream(of: str, key: str) -> str | None:
    """The stream a view's row belongs to; "" for everybody's, None for the house's own."""
    if of == EVERYONE:
        return ""
    return f"{of}/{key.split('/', 1)[0]}" if of in (THERAPY, BATCH) else None
