"""What a command's handler sees and collects: records read once, events to append, seals, claims, effects."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, TypeVar

import orjson

from onelot.adapters.vault import Vault
from onelot.plan.network import SignedNetwork, read_signed_network
from onelot.record.errors import NotAllowed, OnelotError
from onelot.record.events.base import Event
from onelot.record.journal import Claim, Effect, Entry, Payload, Reading
from onelot.record.recipe import MasterRecipe, read_recipe
from onelot.record.sight import ANYWHERE as ANYWHERE
from onelot.record.subjects import (
    Batch,
    Document,
    Equipment,
    Lot,
    Person,
    Therapy,
    fold_batch,
    fold_document,
    fold_equipment,
    fold_lot,
    fold_person,
    fold_therapy,
)
from onelot.record.terms.opened import OpenFact, OpenParameter, Value
from onelot.record.terms.values import Cite, Fact, Sealed

T = TypeVar("T")


@dataclass(frozen=True)
class Actor:
    """Who acts: stream name (`person/anna`, `courier-link/…`, `system`), roles, and the sites they may see.

    signs: False for a session on a shared tablet, whose roles are fewer than its owner's.
    """

    id: str
    printed_name: str
    roles: frozenset[str]
    sites: frozenset[str] = frozenset({ANYWHERE})
    signs: bool = True

    def may_see(self, *sites: str) -> bool:
        """Whether any of these sites is theirs."""
        return ANYWHERE in self.sites or any(site in self.sites for site in sites)


SYSTEM = Actor("system", "onelot", frozenset({"system"}))


ORDERED = "ordered"


@dataclass(frozen=True)
class Shown:
    """What a signer was shown, word for word. patient: whose health values stand in it, "" for nobody's, ORDERED for
    the patient whom the signed command itself makes known.

    It is kept with the signature: by its SHA-256 among the documents, or sealed under the patient's key.
    """

    text: str
    patient: str = ""


@dataclass(frozen=True)
class Planned:
    """An event to be appended, and whose signature goes on it: the acting person's, the site's, or nobody's."""

    stream: str
    event: Event
    signer: Literal["", "person", "site"]


class Reader:
    """Folds streams and remembers the fold, so that the next read takes only what is new."""

    def __init__(self, journal: Reading) -> None:
        self.journal = journal
        self._folds: dict[str, tuple[int, Any]] = {}
        self._last: dict[str, datetime] = {}
        self._recipes: dict[tuple[str, int], MasterRecipe] = {}
        self._networks: dict[tuple[str, int], SignedNetwork] = {}

    def _grow(self, stream: str, fold: Callable[[list[Entry], Any], T], empty: T) -> T:
        seq, state = self._folds.get(stream, (0, empty))
        entries = self.journal.read(stream, seq)
        if entries:
            state = fold(entries, state)
            self._folds[stream] = (entries[-1].seq, state)
            self._last[stream] = entries[-1].at
        found: T = state
        return found

    def last_at(self, stream: str) -> datetime | None:
        """When something last happened in a stream that was folded here; None for an unknown one."""
        self.therapy(stream[8:]) if stream.startswith("therapy/") else self.batch(stream[6:])
        return self._last.get(stream)

    def therapy(self, coi: str) -> Therapy:
        """The therapy with this chain-of-identity number; state `new` when unknown."""
        return self._grow(f"therapy/{coi}", fold_therapy, Therapy())

    def batch(self, batch: str) -> Batch:
        """The batch; state `new` when unknown."""
        return self._grow(f"batch/{batch}", fold_batch, Batch())

    def person(self, login: str) -> Person:
        """The person."""
        return fold_person(self.journal.read(f"person/{login}"))

    def document(self, name: str) -> Document:
        """The document, e.g. `recipe/cd19-per-kg/1`."""
        return fold_document(self.journal.read(f"document/{name}"))

    def lot(self, lot: str) -> Lot:
        """The lot."""
        return fold_lot(self.journal.read(f"lot/{lot}"))

    def equipment(self, equipment: str) -> Equipment:
        """The unit or device."""
        return fold_equipment(self.journal.read(f"equipment/{equipment}"))

    def recipe(self, cite: Cite) -> MasterRecipe:
        """The recipe that stands, whole, in the cited registration."""
        at = (cite.stream, cite.seq)
        if at not in self._recipes:
            entry = self.journal.read(cite.stream, cite.seq - 1)[0]
            text = entry.envelope["data"]["text"]
            self._recipes[at] = read_recipe(orjson.loads(text), place=f"{cite.stream}#{cite.seq}")
        return self._recipes[at]

    def network(self, cite: Cite) -> SignedNetwork:
        """The network whose text stands in a document up to the cited event."""
        at = (cite.stream, cite.seq)
        if at not in self._networks:
            document = fold_document(self.journal.read(cite.stream)[: cite.seq])
            self._networks[at] = read_signed_network(orjson.loads(document.text))
        return self._networks[at]


@dataclass
class Context:
    """One command being handled. Handlers read through it and leave behind what shall be appended."""

    reader: Reader
    vault: Vault
    actor: Actor
    now: datetime
    entropy: Callable[[str, int], bytes]
    planned: list[Planned] = field(default_factory=list)
    versions: dict[str, int] = field(default_factory=dict)
    claims: list[Claim] = field(default_factory=list)
    payloads: list[Payload] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)
    refusal: OnelotError | None = None
    answer: dict[str, Any] = field(default_factory=dict)
    _documents: dict[str, dict[str, Any]] | None = None

    @property
    def journal(self) -> Reading:
        """The journal behind the reader."""
        return self.reader.journal

    def documents(self) -> dict[str, dict[str, Any]]:
        """The rows of all documents, read once for this command: every rule in effect is looked up among them."""
        if self._documents is None:
            self._documents = self.journal.rows("documents")
        return self._documents

    def therapy(self, coi: str) -> Therapy:
        """The therapy, if it exists and the actor's sites may see it."""
        found = self.reader.therapy(coi)
        if found.state == "new":
            raise unknown("therapy", coi)
        sites = [found.site]
        row = self.journal.rows("therapies", [coi]).get(coi, {})
        sites += [str(site) for site in row.get("sites", [])]
        if not self.actor.may_see(*sites):
            raise unknown("therapy", coi)
        self._version(f"therapy/{coi}", found.seq)
        return found

    def batch(self, batch: str) -> Batch:
        """The batch, if it exists and the actor's sites may see it."""
        found = self.reader.batch(batch)
        if found.state == "new":
            raise unknown("batch", batch)
        sites = [found.site, *(self.reader.therapy(coi).site for coi in found.therapies)]
        if not self.actor.may_see(*sites):
            raise unknown("batch", batch)
        self._version(f"batch/{batch}", found.seq)
        return found

    def new(self, stream: str) -> None:
        """Say that a stream begins with this command."""
        self._version(stream, 0)

    def at(self, stream: str, seq: int) -> None:
        """Say which version of another stream the command has read."""
        self._version(stream, seq)

    def _version(self, stream: str, seq: int) -> None:
        self.versions.setdefault(stream, seq)

    def add(self, stream: str, event: Event, *, signed: bool = False, by_site: bool = False) -> None:
        """Append this event to that stream, if the command succeeds; signed by the actor, or in the site's name."""
        self.planned.append(Planned(stream, event, "person" if signed else "site" if by_site else ""))

    def claim(self, claim: Claim) -> None:
        """Take or give back a claim with the append."""
        self.claims.append(claim)

    def effect(self, effect: Effect) -> None:
        """Do this to the world once the append is durable."""
        self.effects.append(effect)

    def refuse(self, error: OnelotError) -> None:
        """Append what was added so far, and then refuse: what was tried stays on the record."""
        self.refusal = error

    def seal(self, patient: str, value: Value, label: str) -> Sealed:
        """Seal a health value; its ciphertext goes with the append."""
        sealed, payload = self.vault.seal(patient, value, label)
        self.payloads.append(payload)
        return sealed

    def seal_fact(self, patient: str, fact: OpenFact, label: str) -> Fact:
        """A fact as it stands in an event.

        The time of a fact that has no validity stays in its source: an infant's diagnosis is dated at birth.
        """
        return Fact(
            name=fact.name,
            value=self.seal(patient, fact.value, f"{label}/{fact.name}"),
            unit=fact.unit,
            observed_at=fact.observed_at if fact.valid_until else None,
            valid_until=fact.valid_until,
            source=fact.source,
            place=fact.place,
            synthetic=fact.synthetic,
        )

    def open(self, sealed: Sealed) -> Value:
        """The value behind a seal."""
        return self.vault.open(sealed, self.journal.payload(sealed.commitment))

    def open_facts(self, therapy: Therapy) -> dict[str, OpenFact]:
        """The therapy's current facts in the clear."""
        return {name: self.open_fact(known.fact) for name, known in therapy.facts.items()}

    def open_fact(self, fact: Fact) -> OpenFact:
        """One fact in the clear."""
        return OpenFact(
            name=fact.name,
            value=self.open(fact.value),
            unit=fact.unit,
            observed_at=fact.observed_at,
            valid_until=fact.valid_until,
            source=fact.source,
            place=fact.place,
            synthetic=fact.synthetic,
        )

    def open_parameters(self, therapy: Therapy) -> dict[str, OpenParameter]:
        """The tailored parameters in the clear; empty before tailoring."""
        if therapy.tailoring is None:
            return {}
        return {
            name: OpenParameter(
                name=name,
                value=self.open(found.value),
                unit=found.unit,
                basis=found.basis,
                formula=found.formula,
                rule=found.rule,
                rule_source=found.rule_source,
                inputs=tuple(given.name for given in found.inputs),
            )
            for name, found in therapy.tailoring.parameters.items()
        }


def mode_of(journal: Reading) -> str:
    """`simulation` or `production`, as the first event of the journal says."""
    first = journal.read("journal")
    if not first:
        raise NotAllowed(
            "the journal was never opened",
            rule="the first event of every journal says whether it is production or simulation",
            remedy="run `onelot init`",
        )
    mode: str = first[0].envelope["data"]["mode"]
    return mode


def unknown(kind: str, name: str) -> NotAllowed:
    """The refusal for what does not exist or is not the actor's to see; the two look alike on purpose."""
    return NotAllowed(
        f"there is no {kind} {name} for you",
        rule="deny by default: people see the records of their sites only",
        remedy="check the number; if it is right, ask the user administrator for the site",
    )
