"""Order and consent: what opens a therapy, and what closes its doors again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from onelot.adapters.vault import Identity
from onelot.app.commands import Command, handles
from onelot.app.context import Context
from onelot.record.errors import Held, NotAllowed
from onelot.record.events import batch as batch_events
from onelot.record.events import therapy as ev
from onelot.record.identity import ALPHABET, LENGTH, make_identifier
from onelot.record.journal import Effect, TakeName
from onelot.record.subjects import Batch, Document

FINAL_BATCH = {"administered", "rejected", "returned", "terminated"}


@dataclass(frozen=True)
class OrderTherapy(Command):
    """Order a product for a patient. `recipe`: an approved recipe, `name/version`; gives the chain of identity."""

    meaning: ClassVar[str] = "orders this therapy"
    identity: Identity
    recipe: str
    site: str
    source: str
    place: str
    aliases: tuple[str, ...] = ()
    synthetic: bool = False


@handles(OrderTherapy)
def _order_therapy(context: Context, command: OrderTherapy) -> None:
    document = context.reader.document(f"recipe/{command.recipe}")
    usable(document, command.recipe, context.now)
    if not context.actor.may_see(command.site):
        raise NotAllowed(
            f"{command.site} is not one of your sites",
            rule="people order for their own sites",
            remedy="ask the user administrator for the site",
        )
    patient = _patient(context, command)
    number = int.from_bytes(context.entropy(f"coi/{patient}/{command.source}/{command.recipe}", 16), "big")
    coi = make_identifier(number % (len(ALPHABET) - 1) ** LENGTH)
    if document.cite is None:
        raise NotAllowed("the recipe has no text", rule="a recipe is a document", remedy="register the recipe")
    stream = f"therapy/{coi}"
    context.new(stream)
    context.claim(TakeName(f"coi/{coi}"))
    context.claim(TakeName(f"order/{command.source}/{command.recipe}"))
    context.add(
        stream,
        ev.TherapyOrdered(
            coi=coi,
            patient=patient,
            product=context.reader.recipe(document.cite).product,
            recipe=document.cite,
            site=command.site,
            source=command.source,
            place=command.place,
            aliases=command.aliases,
            synthetic=command.synthetic,
        ),
        signed=True,
    )
    context.answer.update(coi=coi, patient=patient)


def usable(document: Document, name: str, now: datetime) -> None:
    """Refuse a recipe that is not approved, or not yet in effect."""
    if document.state != "approved" or document.effective_from is None or document.effective_from > now:
        raise Held(
            f"recipe {name} is {document.state if document.state != 'new' else 'unknown'} and cannot be used",
            rule="only an approved recipe in effect is used",
            remedy="approve it (`onelot recipe approve`), or choose one from the list",
        )


def _patient(context: Context, command: OrderTherapy) -> str:
    """The patient's pseudonym: the one these identifiers have, or a new one."""
    for identifier in command.identity.identifiers:
        found = context.vault.pseudonym_of(identifier)
        if found:
            return found
    label = "|".join(command.identity.identifiers) or command.source
    patient = "p-" + context.entropy(f"patient/{label}", 8).hex()
    # The vault comes first: a pseudonym nobody ordered for is harmless, an order nobody can trace is not.
    context.vault.admit(patient, command.identity)
    for identifier in command.identity.identifiers:
        context.vault.remember(identifier, patient)
    return patient


@dataclass(frozen=True)
class AddAlias(Command):
    """Add another party's number to a therapy."""

    coi: str
    issuer: str
    number: str


@handles(AddAlias)
def _add_alias(context: Context, command: AddAlias) -> None:
    context.therapy(command.coi)
    context.claim(TakeName(f"alias/{command.issuer}/{command.number}"))
    context.add(f"therapy/{command.coi}", ev.AliasAdded(command.issuer, command.number))


@dataclass(frozen=True)
class RecordConsent(Command):
    """Record what the patient agreed to."""

    coi: str
    scopes: tuple[str, ...]
    valid_until: datetime | None
    source: str
    place: str
    synthetic: bool = False


@handles(RecordConsent)
def _record_consent(context: Context, command: RecordConsent) -> None:
    therapy = context.therapy(command.coi)
    context.add(
        f"therapy/{therapy.coi}",
        ev.ConsentRecorded(command.scopes, command.valid_until, command.source, command.place, command.synthetic),
    )
    # What was held for a withdrawal goes on only when every withdrawn scope is agreed to again.
    if therapy.withdrawn and not therapy.withdrawn - set(command.scopes):
        lift_batch_holds(context, therapy.coi, "the patient consented again", "consent")


@dataclass(frozen=True)
class WithdrawConsent(Command):
    """Record that the patient withdrew; every descendant is held in the same append."""

    coi: str
    scopes: tuple[str, ...]
    reason: str


@handles(WithdrawConsent)
def _withdraw_consent(context: Context, command: WithdrawConsent) -> None:
    therapy = context.therapy(command.coi)
    context.add(f"therapy/{therapy.coi}", ev.ConsentWithdrawn(command.scopes, command.reason))
    hold_batches(context, therapy.coi, "the patient withdrew consent", "consent")


def hold_batches(context: Context, coi: str, reason: str, rule: str) -> None:
    """Hold every batch of a therapy that has not come to its end."""
    for number in context.journal.rows("therapies", [coi]).get(coi, {}).get("batches", []):
        batch = context.reader.batch(number)
        if _goes_on(batch) and rule not in batch.holds:
            context.at(f"batch/{number}", batch.seq)
            context.add(f"batch/{number}", batch_events.BatchHeld(reason, rule))


def _goes_on(batch: Batch) -> bool:
    """Whether a batch may still come to a patient: a decided toxicology lot never does, and what it showed stands."""
    return batch.state not in FINAL_BATCH and not (batch.for_study and batch.disposition)


def lift_batch_holds(context: Context, coi: str, reason: str, rule: str) -> None:
    """Lift this hold from every batch of a therapy."""
    for number in context.journal.rows("therapies", [coi]).get(coi, {}).get("batches", []):
        batch = context.reader.batch(number)
        if rule in batch.holds and batch.state not in FINAL_BATCH:
            context.at(f"batch/{number}", batch.seq)
            context.add(f"batch/{number}", batch_events.BatchHoldLifted(reason, rule))


@dataclass(frozen=True)
class EndTherapy(Command):
    """End a therapy without a dose."""

    coi: str
    reason: str
    rule: str


@handles(EndTherapy)
def _end_therapy(context: Context, command: EndTherapy) -> None:
    context.therapy(command.coi)
    context.add(f"therapy/{command.coi}", ev.TherapyEnded(command.reason, command.rule))


@dataclass(frozen=True)
class EraseHealthKey(Command):
    """Destroy the patient's health key: values answer "erased", every chain stays valid."""

    meaning: ClassVar[str] = "orders the erasure of this patient's health values"
    coi: str
    reason: str


@handles(EraseHealthKey)
def _erase_health_key(context: Context, command: EraseHealthKey) -> None:
    therapy = context.therapy(command.coi)
    context.add(f"therapy/{therapy.coi}", ev.HealthKeyErased(therapy.patient, command.reason), signed=True)
    # Only after the order to erase is durable is the key destroyed; a crash in between leaves the effect to be done.
    context.effect(Effect(f"erase/{therapy.patient}", "erase_health", {"patient": therapy.patient}))
