"""What the pages show, read from views and streams."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from onelot.app.authority import sees_personal_data
from onelot.app.context import Actor, Context, unknown
from onelot.app.house import House
from onelot.app.web.shown import shown_number, shown_unit
from onelot.record.chain import link, start
from onelot.record.journal import Entry
from onelot.record.recipe import MasterRecipe
from onelot.record.signature import is_signature
from onelot.record.subjects import Batch, Therapy
from onelot.record.terms.values import Sealed

PAGE, THREAD = 100, 200
# So little time left on a hold limit or a shelf life is worth a colour and a shape.
SOON = timedelta(days=2)
_RANK = {"quarantine": 1, "at_site": 2, "in_transit": 2, "conditionally_released": 3, "released": 3}
# Fields that hold a unit, or a limit with one.
UNITS = {"unit", "limit", "contents_unit", "yield_unit"}
_DOCUMENTS = {"CertificateIssued", "Released", "ConditionallyReleased", "ExceptionalSupply", "Rejected"}


def board(house: House, actor: Actor, state: str, site: str, now: datetime) -> list[dict[str, Any]]:
    """The batches this person may see, soonest first; `weighed` says more of those that are shown."""
    rows = [
        row for row in house.journal.rows("board").values() if state in ("", row["state"]) and site in ("", row["site"])
    ]
    elsewhere = {coi for row in rows if not actor.may_see(row["site"]) for coi in row["therapies"]}
    own = {coi for coi, row in house.journal.rows("therapies", sorted(elsewhere)).items() if actor.may_see(row["site"])}
    found = [row for row in rows if actor.may_see(row["site"]) or own.intersection(row["therapies"])]
    return sorted(found, key=lambda row: (_rank(row), row["hold_until"] or "9", row["changed_at"]))


def weighed(row: dict[str, Any], now: datetime) -> dict[str, Any]:
    """A row of the board with its risk in words, the time left, and how pressing that is: "", risk or stopped."""
    return {
        **row, "risk": _risk(row, now), "left": _left(row, now), "rank": _rank(row), "pressing": _pressing(row, now),
        "until": row["hold_until"] or row["expires_at"] or "",
    }  # fmt: skip


def _rank(row: dict[str, Any]) -> int:
    if not row["open"]:
        return 9
    return 0 if row["holds"] or row["deviations"] else _RANK.get(row["state"], 4)


def _risk(row: dict[str, Any], now: datetime) -> str:
    said = [*row["holds"].values()]
    if row["deviations"]:
        said.append(f"{len(row['deviations'])} open deviation{'s' if len(row['deviations']) > 1 else ''}")
    if row["open"] and row["hold_until"] and datetime.fromisoformat(row["hold_until"]) < now:
        said.append("hold limit of the shipper is past")
    return "; ".join(said)


def _pressing(row: dict[str, Any], now: datetime) -> str:
    until = row["hold_until"] or row["expires_at"]
    if not until or not row["open"]:
        return ""
    left = datetime.fromisoformat(until) - now
    return "stopped" if left < timedelta() else "risk" if left < SOON else ""


def _left(row: dict[str, Any], now: datetime) -> str:
    until = row["hold_until"] or row["expires_at"]
    if not until or not row["open"]:
        return ""
    left = datetime.fromisoformat(until) - now
    if left < timedelta():
        return "past"
    return f"{left.days} d {left.seconds // 3600} h"


# What is said of an event before anybody opens it; all else is behind it.
_HEADS = {
    "BatchPlanned": ("label",),
    "MaterialReceived": ("donation", "condition"),
    "PhaseStarted": ("phase",),
    "PhaseCompleted": ("phase", "outcome"),
    "PhaseHeld": ("phase", "reason"),
    "Measured": ("name", "value", "unit"),
    "MaterialCharged": ("amount", "unit"),
    "CommandRecorded": ("equipment", "target"),
    "CommandAnswered": ("detail",),
    "ParameterAdjusted": ("name", "value", "unit", "reason"),
    "EntryCorrected": ("value", "reason"),
    "DeviationOpened": ("severity", "what"),
    "DeviationAssessed": ("severity", "meanwhile"),
    "DeviationClosed": ("deviation",),
    "BatchHeld": ("reason",),
    "Filled": ("labels_used",),
    "ManufactureCompleted": ("yield_amount",),
    "Tested": ("test", "value", "unit", "verdict"),
    "CertificateIssued": ("stage",),
    "ConditionallyReleased": ("outstanding",),
    "ExceptionalSupply": ("reason",),
    "Rejected": ("reason",),
    "BatchTerminated": ("reason",),
    "Returned": ("reason",),
    "Dispatched": ("to_site",),
    "CustodyTransferred": ("to_party", "temperature_cel"),
    "ShipmentReceived": ("at_site", "warmest_cel"),
    "IdentityCompared": ("where",),
    "Administered": ("containers",),
    "TherapyOrdered": ("product",),
    "AliasAdded": ("issuer", "number"),
    "ConsentRecorded": ("scopes",),
    "ConsentWithdrawn": ("scopes",),
    "TherapyHeld": ("step",),
    "HoldLifted": ("step",),
    "Decided": ("about",),
    "SlotBooked": ("purpose", "resource", "starts_at"),
    "SlotMoved": ("purpose", "resource", "starts_at"),
    "Collected": ("donation",),
    "CollectionAssessed": ("what",),
    "TherapyEnded": ("reason",),
}
# Words of the record, and not what somebody typed.
_WORDS = frozenset(
    {"name", "outcome", "severity", "test", "verdict", "stage", "step", "scopes", "outstanding", "target"}
)


@dataclass(frozen=True)
class Knot:
    """One event of a thread: number, time, what, by whom; told: what it says at a glance, as (text, a word of the
    record or not); details: its other fields; what was signed as, and the digest of what the signer saw."""

    seq: int
    at: datetime
    name: str
    by: str
    told: tuple[tuple[str, bool], ...]
    details: tuple[tuple[str, str], ...]
    signed: str
    seen: str


@dataclass(frozen=True)
class Opened:
    """A batch this person may see."""

    batch: Batch
    therapy: Therapy | None
    recipe: MasterRecipe | None


def open_batch(house: House, actor: Actor, number: str) -> Opened:
    """The batch with its therapy and recipe; unknown and not yours look alike."""
    context = Context(house.loop.reader, house.vault, actor, house.clock(), house.loop.entropy)
    batch = context.batch(number)
    therapy = house.loop.reader.therapy(batch.therapies[0]) if batch.therapies else None
    return Opened(batch, therapy, house.loop.reader.recipe(batch.recipe) if batch.recipe else None)


def knots(house: House, entries: list[Entry], recipe: MasterRecipe | None = None) -> list[Knot]:
    """Entries as knots of a thread; recipe: for the titles of its phases and tests."""
    name = names(house)
    return [_knot(entry, name, recipe) for entry in entries]


def names(house: House) -> Callable[[str], str]:
    """Who a person's stream (`person/anna`) is, by their printed name; any other text as it is."""
    people = house.journal.rows("people")
    return lambda stream: str(people.get(stream.removeprefix("person/"), {}).get("printed_name") or stream)


def _knot(entry: Entry, called: Callable[[str], str], recipe: MasterRecipe | None) -> Knot:
    name, data = entry.envelope["type"], entry.envelope["data"]
    plain, heads = dict(_details(data)), _HEADS.get(name, ())
    return Knot(
        entry.seq,
        entry.at,
        name,
        called(entry.by),
        tuple(_told(plain, heads, titles_of(recipe))),
        tuple((field, value) for field, value in plain.items() if field not in heads or field in ("phase", "value")),
        f"{entry.signed.printed_name}: {entry.signed.meaning}" if entry.signed else "",
        entry.signed.seen if entry.signed else "",
    )


def titles_of(recipe: MasterRecipe | None) -> dict[str, str]:
    """Phase, measure or test -> its title in the recipe."""
    if recipe is None:
        return {}
    found = {phase.name: phase.title for phase in recipe.phases}
    found |= {each.name: each.title for phase in recipe.phases for each in phase.measures}
    return found | {test.name: test.title for test in recipe.specification}


def _told(plain: Mapping[str, str], heads: tuple[str, ...], titles: Mapping[str, str]) -> Iterator[tuple[str, bool]]:
    for field in heads:
        if field not in plain:
            continue
        value = plain[field]
        unit = {"value": "unit", "amount": "unit", "yield_amount": "yield_unit"}.get(field, "")
        if field in ("unit", "yield_unit") or value == "done":
            continue
        if field.endswith("_cel"):
            yield f"{value} Cel", False
        elif unit:
            yield f"{_short(value)} {plain.get(unit, '')}".strip(), False
        elif value in titles:
            yield titles[value], False
        else:
            yield value, field in _WORDS


def _short(text: str) -> str:
    try:
        return shown_number(text)
    except ArithmeticError:
        return text


def _details(data: dict[str, Any]) -> list[tuple[str, str]]:
    """Fields that are plain; citations and sealed values are not spelled out in a line."""
    found = []
    for name, value in data.items():
        if isinstance(value, list):
            value = ", ".join(each for each in value if isinstance(each, str))
        if value not in (None, "") and not isinstance(value, dict | bool):
            found.append((name, shown_unit(str(value)) if name in UNITS else str(value)))
    return found


def signed_as_seen(house: House, actor: Actor, stream: str, seen: str) -> dict[str, Any]:
    """What the signers of a stream saw, by the digest or commitment in their signatures; with those signatures.

    What is sealed holds a patient's values, and opens for whoever may see those; to others text is "".

    Raises:
        NotAllowed: no such record for this person, or nobody signed this there. Erased, Broken: it cannot be had.
    """
    context = Context(house.loop.reader, house.vault, actor, house.clock(), house.loop.entropy)
    subject, _, name = stream.partition("/")
    patient = ""
    if subject == "batch":
        coi = (context.batch(name).therapies or ("",))[0]
        patient = house.loop.reader.therapy(coi).patient if coi else ""
    elif subject == "therapy":
        patient = context.therapy(name).patient
    signatures = [entry for entry in house.journal.read(stream) if entry.signed and entry.signed.seen == seen]
    if not signatures:
        raise unknown("signature on this record over", seen)
    payload = house.journal.payload(seen)
    if payload is None:
        return {"text": house.document(seen).decode(), "signatures": signatures, "sealed": False}
    if not _may_open(actor, signatures):
        # It holds a patient's values: that it is there, sealed, and whose signature covers it is all that is shown.
        return {"text": "", "signatures": signatures, "sealed": True}
    house.log_look(actor.id, stream, "what a signer saw")
    return {"text": str(context.open(Sealed(seen, patient))), "signatures": signatures, "sealed": True}


def _may_open(actor: Actor, signatures: list[Entry]) -> bool:
    """Whoever needs personal data, and the signer, who has seen it; a certificate's results stand in the record in
    clear, so that quality reads them anyway."""
    return (
        sees_personal_data(actor)
        or any(entry.signed and entry.signed.signer == actor.id for entry in signatures)
        or all(entry.envelope["type"] == "CertificateIssued" for entry in signatures)
    )


def documents(entries: list[Entry]) -> list[Entry]:
    """The certificates and signed decisions."""
    return [entry for entry in entries if _type_of(entry) in _DOCUMENTS]


def _type_of(entry: Entry) -> str:
    """The event's type without reading the whole body as JSON: in canonical form only `v` comes after it."""
    return entry.body.rpartition(b'"type":"')[2].partition(b'"')[0].decode()


def chain_status(stream: str, entries: list[Entry]) -> tuple[bool, str]:
    """Whether links and signatures of a stream hold, and the sentence that says so."""
    previous, signatures = start(stream), 0
    for entry in entries:
        previous = link(previous, entry.body)
        if previous != entry.hash:
            return False, f"broken at event {entry.seq}"
        # A body that says it is signed names the field, whatever else stands in it.
        if (entry.signature is not None or b'"signed":' in entry.body) and entry.signed:
            if entry.signature is None or not is_signature(entry.signed.key, entry.hash, entry.signature):
                return False, f"signature of event {entry.seq} does not verify"
            signatures += 1
    return True, f"unbroken: {len(entries)} events; signatures checked: {signatures}"
