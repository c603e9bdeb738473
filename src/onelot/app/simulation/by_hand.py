"""What a visitor of the tour enters at each stop: what a simulated person would, said instead of done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from onelot.adapters.fhir.requests import SCOPES
from onelot.app import advice
from onelot.app.commands.gate import Work, open_work
from onelot.app.commands.make import expected_scans
from onelot.app.commands.material import held_in
from onelot.app.simulation.case import Case, Stage
from onelot.app.simulation.clinic import COLLECTION_HOURS
from onelot.app.simulation.site import PLANT, login_of
from onelot.make import next_step
from onelot.make.engine import Continue, Start
from onelot.record.recipe import Test
from onelot.record.subjects import Batch, Therapy
from onelot.release import assess
from onelot.release.disposition import CONDITIONAL, REJECTED, RELEASED

# Decisions as the release page words them, the best first.
_DECISIONS = ((RELEASED, "release"), (CONDITIONAL, "conditional"), (REJECTED, "reject"))
_THAWED_BEFORE = timedelta(minutes=10)


@dataclass(frozen=True)
class Entry:
    """What goes into one field.

    field: its name in the form. label: where its word stands in the language files (`order.name`), or the word itself.
    value: what is typed, chosen or ticked (with "," between). said: where the value's word stands, "words" for the
    names' own, "" where the value is shown as it is. how: type, choose, tick, file. ask: the step's question that it
    answers.
    """

    field: str
    label: str
    value: str
    said: str = ""
    how: str = "type"
    ask: str = ""


@dataclass(frozen=True)
class Stand:
    """Where the visitor's patient stands."""

    stage: Stage
    case: Case
    therapy: Therapy
    batch: Batch


def entries_of(stop: str, at: Stand) -> tuple[Entry, ...]:
    """What is entered at a stop of the tour as it stands; nothing where nothing but buttons is pressed."""
    found = _ENTRIES.get(stop)
    return found(at) if found else ()


def missing(at: Stand) -> tuple[Test, ...]:
    """The tests of the specification without a result."""
    return tuple(test for test in at.case.recipe.specification if at.batch.result(test.name) is None)


def test_of(at: Stand) -> Test | None:
    """The first of them that is measured: it takes no days of waiting for what might grow."""
    return next((test for test in missing(at) if not test.equals and not test.sequence), None)


def held_drug(at: Stand) -> str:
    """The first drug that the gate holds, as a decision names it; "" where none is held."""
    return next((each.fact for each in at.therapy.holds.get(advice.STEP, ())), "")


def _order(at: Stand) -> tuple[Entry, ...]:
    who, recipe = at.case.identity, at.case.recipe
    issuer, _, number = who.identifiers[0].rpartition("|")
    return (
        Entry("recipe", "order.recipe", recipe.identifier, recipe.title, "choose"),
        Entry("name", "order.name", who.name),
        Entry("birth_date", "order.birth_date", who.birth_date),
        Entry("number", "order.number", number),
        Entry("issuer", "order.issuer", issuer),
    )


def _consent(at: Stand) -> tuple[Entry, ...]:
    return (
        Entry("what", "intake.what", "record", "intake.record", "choose"),
        Entry("scopes", "intake.scopes", ",".join(SCOPES), "words", "tick"),
        Entry("where", "intake.where_consent", f"{at.case.hospital}, patient file, form of today"),
    )


def _files(at: Stand) -> tuple[Entry, ...]:
    return (Entry("files", "intake.choose_files", "/screen/tour/patient.json", "tour.json", "file"),)


def _drugs(at: Stand) -> tuple[Entry, ...]:
    drug = held_drug(at).removeprefix(advice.DRUG)
    return (
        Entry("choice", "tailoring.choice", f"{drug} under closer watch"),
        Entry("reason", "tailoring.reason", "the genotype is not known; simulated decision"),
    )


def _slot(at: Stand) -> tuple[Entry, ...]:
    return _booking("collection", "apheresis", at.case.hospital, COLLECTION_HOURS)


def _suite(at: Stand) -> tuple[Entry, ...]:
    return _booking("manufacture", "suite", PLANT, at.stage.suite_hours(at.case.recipe))


def _booking(purpose: str, equipment_class: str, site: str, hours: int) -> tuple[Entry, ...]:
    return (
        Entry("purpose", "slots.purpose", purpose, "words", "choose"),
        Entry("equipment_class", "slots.resource", equipment_class, "words", "choose"),
        Entry("site", "therapies.site", site, "", "choose"),
        Entry("hours", "slots.hours", str(hours)),
    )


def _collection(at: Stand) -> tuple[Entry, ...]:
    number, coi, recipe = len(at.therapy.collections) + 1, at.therapy.coi, at.case.recipe
    needs = recipe.intake.counts if recipe.intake else ()
    counts = at.stage.world.collect(at.case.key, [need.name for need in needs], at.stage.weight(at.therapy), number)
    return (
        Entry("scan", "collection.scan_wristband", coi),
        Entry("scan", "collection.scan_paperwork", coi),
        Entry("scan", "collection.scan_bag", f"(21){coi}-{number}-A(91){coi}"),
        *(Entry("count", need.title, str(counts[need.name].quantize(Decimal(1)))) for need in needs),
        *_second(at, "collection", at.case.hospital),
    )


def _receipt(at: Stand) -> tuple[Entry, ...]:
    there = {found.container.identifier for found in at.batch.received}
    bags = [bag.identifier for each in at.therapy.collections for bag in each.containers if bag.identifier not in there]
    return (
        Entry("scan", "step.ask_container", bags[0] if bags else "", ask="container"),
        Entry("scan", "step.ask_patient", at.therapy.coi, ask="patient"),
        Entry("scan", "step.ask_condition", "intact, in range", ask="condition"),
        *_second(at, "operator", PLANT),
    )


def _step(at: Stand) -> tuple[Entry, ...]:
    """The step in hand, as far as it needs hands; a phase that fills or waits is the simulated operators'."""
    stage, batch = at.stage, at.batch
    work = open_work(stage.context(), batch.batch)
    step = next_step(work.recipe, batch, work.parameters, stage.now)
    if isinstance(step, Start) and step.phase.equipment_class:
        unit = stage.free_equipment(step.phase.equipment_class, batch)
        return (Entry("scan", "step.ask_equipment", unit, ask="equipment"),)
    if not isinstance(step, Continue):
        return ()
    return _need(at, work, step)


def _need(at: Stand, work: Work, step: Continue) -> tuple[Entry, ...]:
    need, second = step.needs[0], _second(at, "operator", PLANT)
    match need.kind:
        case "scan":
            asked = expected_scans(work).items()
            return (*(Entry("scan", f"step.ask_{name}", text, ask=name) for name, text in asked), *second)
        case "measure":
            at.stage.begin(at.batch, at.therapy, at.case)
            value = at.stage.measure(
                at.batch.batch, next(each for each in step.phase.measures if each.name == need.name)
            )
            return (Entry("scan", "step.ask_value", f"{value:f}", ask="value"),)
        case "charge":
            own = any(each.item == need.name and each.own for each in step.phase.charges)
            lot, _ = at.stage.lot_for(need.name, need.amount or Decimal(0), at.therapy.coi if own else "")
            return (Entry("scan", "step.ask_lot", lot, ask="lot"), *(second if step.phase.second_person else ()))
        case "complete" if step.phase.second_person:
            return second
    return ()


def _qc(at: Stand) -> tuple[Entry, ...]:
    test = test_of(at)
    if test is None:
        return ()
    at.stage.begin(at.batch, at.therapy, at.case)
    value = at.stage.test(at.batch.batch, test, at.batch.completed_at or at.stage.now)
    return (Entry("value", "qc.result", value), *_second(at, "qc", PLANT))


def _release(at: Stand) -> tuple[Entry, ...]:
    possible = assess(at.case.recipe, at.batch, at.therapy, at.stage.now).possible
    word = next((word for state, word in _DECISIONS if state in possible), "")
    return (Entry("decision", "release.decision", word, f"release.{word}", "choose"),) if word else ()


def _dispatch(at: Stand) -> tuple[Entry, ...]:
    return (Entry("shipper", "courier.scan_shipper", f"SHIPPER-{at.batch.batch}"),)


def _courier(at: Stand) -> tuple[Entry, ...]:
    return (Entry("scan", "courier.scan_shipper", _shipper(at)),)


def _arrival(at: Stand) -> tuple[Entry, ...]:
    sent = at.batch.dispatched
    trip = at.stage.world.travel(sent.shipment, at.case.key, sent.lane) if sent else None
    warmest = Entry("warmest", "bedside.warmest", f"{trip.warmest_cel:f}" if trip else "")
    return (Entry("scan", "bedside.scan_shipper", _shipper(at)), warmest)


def _shipper(at: Stand) -> str:
    return at.batch.dispatched.shipper if at.batch.dispatched else ""


def _compare(at: Stand) -> tuple[Entry, ...]:
    coi, bags = at.therapy.coi, at.batch.dispatched.containers if at.batch.dispatched else ()
    return (
        *_second(at, "bedside_nurse", at.case.hospital),
        Entry("where", "bedside.where", "ward 3, bed 2"),
        Entry("scan", "collection.scan_wristband", coi),
        Entry("scan", "collection.scan_paperwork", coi),
        *(Entry("scan", "collection.scan_bag", f"(21){bag}(10){at.batch.batch}(91){coi}") for bag in bags),
    )


def _bedside(at: Stand) -> tuple[Entry, ...]:
    found, _ = held_in(at.stage.context(), at.batch, [each.identifier for each in at.batch.containers])
    thawed = (at.stage.now - _THAWED_BEFORE).strftime("%Y-%m-%dT%H:%M")
    thaw = (Entry("thawed_at", "tour.thawed", thawed),) if at.case.recipe.logistics.use_after_thaw else ()
    return (Entry("dose", "tour.dose", f"{found:f}"), *thaw, *_second(at, "bedside_nurse", at.case.hospital))


def _second(at: Stand, role: str, site: str) -> tuple[Entry, ...]:
    """The second person's name, and the password this simulation gave them."""
    login = login_of(role, site, 2)
    password = Entry("verifier_password", "sign_box.second_password", at.stage.site.password_of(login))
    return (Entry("verified_by", "sign_box.second", login), password)


_ENTRIES: dict[str, Callable[[Stand], tuple[Entry, ...]]] = {
    "order": _order, "consent": _consent, "profile": _files, "drugs": _drugs, "slot": _slot, "collection": _collection,
    "suite": _suite, "receipt": _receipt, "step": _step, "qc": _qc, "release": _release, "dispatch": _dispatch,
    "courier": _courier, "arrival": _arrival, "compare": _compare, "bedside": _bedside,
}  # fmt: skip
