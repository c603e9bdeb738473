"""How a journal words its refusals, the same in memory and on PostgreSQL; and what it refuses before looking."""

from __future__ import annotations

from onelot.record.errors import BadInput, Conflict, Unreachable
from onelot.record.journal import AddQuantity, Append, Head, Part, TakeInterval, TakeQuantity


def check(append: Append) -> None:
    """Refuse an append that no state of the journal could take.

    Raises:
        BadInput: one stream in two parts, an empty part, an amount not above zero, an interval that ends before it
            starts or has no time zone.
    """
    seen = set()
    for part in append.parts:
        if part.stream in seen:
            raise _malformed(f"the stream {part.stream} stands in two parts of one append", part.stream)
        seen.add(part.stream)
        if not part.drafts:
            raise _malformed(f"the part for {part.stream} holds no event", part.stream)
    for claim in append.claims:
        if isinstance(claim, AddQuantity | TakeQuantity) and not claim.amount > 0:
            raise _malformed(f"the amount {claim.amount} of {claim.resource} is not above zero", claim.resource)
        if isinstance(claim, TakeInterval):
            if claim.starts_at.tzinfo is None or claim.ends_at.tzinfo is None:
                raise _malformed(f"the interval {claim.claim} has no time zone", claim.resource)
            if not claim.starts_at < claim.ends_at:
                raise _malformed(f"the interval {claim.claim} ends before it starts", claim.resource)


def _malformed(what: str, place: str) -> BadInput:
    return BadInput(
        what,
        rule="the form of an append",
        remedy="correct the program that made it; nothing was written",
        place=place,
    )


def moved_on(part: Part, head: Head) -> Conflict:
    """The stream is no longer where the writer has read it."""
    return Conflict(
        f"{part.stream} stands at event {head.seq}, not at {part.expected} as read",
        rule="an append names the version it has read",
        remedy="read the stream again and decide anew",
        place=f"{part.stream}#{part.expected + 1}",
    )


def interval_taken(claim: TakeInterval) -> Conflict:
    """Somebody else holds the resource in this interval."""
    return Conflict(
        f"{claim.resource} is taken between {claim.starts_at.isoformat()} and {claim.ends_at.isoformat()}",
        rule="a resource is held by one at a time",
        remedy="choose another interval or another resource",
        place=claim.resource,
    )


def not_enough(claim: TakeQuantity) -> Conflict:
    """Less is left than is asked for."""
    return Conflict(
        f"less than {claim.amount} is left of {claim.resource}",
        rule="a balance is never negative",
        remedy="take less, or from another lot",
        place=claim.resource,
    )


def name_taken(name: str) -> Conflict:
    """The name is in use."""
    return Conflict(
        f"the name {name} is taken",
        rule="a name is taken once and for all",
        remedy="if this command was sent before, it is already done; else choose another name",
        place=name,
    )


def claim_used(claim: str) -> Conflict:
    """A claim of this id exists or existed."""
    return Conflict(
        f"the claim {claim} exists already",
        rule="a claim has an id of its own, used once",
        remedy="if this command was sent before, it is already done; else choose another id",
        place=claim,
    )


def not_held(claim: str) -> Conflict:
    """The claim to give back is not held (any more)."""
    return Conflict(
        f"the claim {claim} is not held",
        rule="only a claim that is held can be given back",
        remedy="read the claims again; it may have been given back before",
        place=claim,
    )


def no_answer(said: str) -> Unreachable:
    """There is no speaking to the database."""
    return Unreachable(
        f"the database does not answer: {said}",
        rule="the record lies in the database",
        remedy="start the database, or correct its address, then repeat",
    )


def unknown_outcome(said: str) -> Unreachable:
    """The database went away in the middle of an append."""
    return Unreachable(
        f"the database went away; whether this append was written is not known: {said}",
        rule="an append is acknowledged only when it is durable",
        remedy="start the database, read the streams again, and repeat only what is not there",
    )


def unwritable(said: str) -> Unreachable:
    """The database answers, and cannot write."""
    return Unreachable(
        f"the database refuses to write: {said}",
        rule="an append is acknowledged only when it is durable",
        remedy="mend the database (disk space, permissions), then repeat; nothing of this append was written",
    )


def no_reader() -> Unreachable:
    """Screens cannot read: no address for the reader's role."""
    return Unreachable(
        "the database's address for reading is not set",
        rule="screens and the API read as a role that sees one user's sites only",
        remedy="set DATABASE_READER_URL to the address for the role onelot_reader",
    )
