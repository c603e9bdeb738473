"""Whether what was scanned is what goes here, and what it was instead; see record/near_miss.py for what is kept.

A text is a label's numbers with a blank between: container, batch, chain of identity; or one number alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from onelot import make
from onelot.app.admission import LONGEST_NAME, SAFE
from onelot.app.commands.gate import Work, next_deviation
from onelot.app.context import Context
from onelot.make.needs import charges_left
from onelot.record.errors import BadInput, Held, Mismatch, OnelotError
from onelot.record.identity import LENGTH, check_character
from onelot.record.identity import own_mark as mark_of
from onelot.record.near_miss import Wrong, noted, written
from onelot.record.subjects import Therapy

KINDS = ("start", "charge", "fill", "receive", "shipper")
# Stands in for the second person while a lot is tried out; the command itself asks for a real one.
_SOMEBODY = "person/-"
_NUMBER = re.compile(rf"(?<![0-9A-Z*])[0-9A-Z]{{{LENGTH}}}[0-9A-Z*](?![0-9A-Z*])")
_CUSTODY = "chain of identity: what comes in was collected under the same therapy"


def readable(text: str) -> str:
    """The text of a scan of a container, lot or device.

    Raises:
        BadInput: it is no number at all, so that nothing was compared.
    """
    if not text or any(len(each) > LONGEST_NAME or not SAFE.fullmatch(each) for each in text.split(" ")):
        raise BadInput(
            "this is not the label of anything here" if text else "nothing was scanned",
            rule="a label's number has letters, digits and . _ @ + * : -",
            remedy="scan the label again; if it cannot be read, put the thing aside and call the supervisor",
        )
    return text


def plain_number(text: str) -> str:
    """The number of a lot, a device or a container in a text."""
    return text.split(" ")[0].removeprefix("equipment/").removeprefix("lot/")


def judge(
    context: Context, work: Work, kind: str, phase: str, thing: str, text: str, before: tuple[str, ...] = ()
) -> tuple[Wrong, OnelotError] | None:
    """What is wrong with a thing scanned for a step, and the room's own words for it; None when it is right.

    Args:
        kind: one of KINDS. phase: the phase, "" for a receipt. thing: what was asked for. text: what was read.
        before: the containers scanned before it, where each is scanned once.

    Raises:
        BadInput: nothing was compared, since it could not be read. OutOfOrder: the step is not what comes next.
    """
    try:
        _JUDGES[kind](context, work, phase, thing.split(" ")[0], text, before)
    except (Mismatch, Held) as error:
        where = f"phase {phase}" if phase else {"receive": "receipt", "shipper": "arrival"}.get(kind, kind)
        return describe(context, work, where, thing.split(" ")[0], text, _expected(work, kind, phase, thing), error), (
            error
        )
    return None


def describe(
    context: Context, work: Work | Therapy, where: str, thing: str, text: str, expected: str, error: OnelotError
) -> Wrong:
    """The wrong thing in words that name nobody."""
    seen, number = _what_is(context, work, text)
    return Wrong(where, thing, expected, seen, number, error.rule, error.remedy)


def record_step(context: Context, work: Work, wrong: Wrong, text: str) -> None:
    """Write it into the batch's record; where it is critical with its deviation."""
    for event in written(wrong, salted(context, work.stream, text), next_deviation(work.batch)):
        context.add(work.stream, event)


def record_beside(context: Context, work: Work, wrong: Wrong, text: str, deviation: str) -> None:
    """Write it beside the critical deviation that its room opens."""
    context.add(work.stream, noted(wrong, salted(context, work.stream, text), deviation, "critical"))


def salted(context: Context, stream: str, text: str) -> str:
    """The keyed mark of what was read: the same label in another record has another."""
    return context.vault.mark(f"scan\0{stream}\0{text}".encode())


def _expected(work: Work, kind: str, phase: str, thing: str) -> str:
    coi = work.therapy.coi if work.therapy else ""
    if kind == "receive":
        return coi if thing == "patient" else "a container of this collection"
    if kind == "shipper":
        sent = work.batch.dispatched
        return sent.shipper if sent else "nothing"
    if kind == "fill":
        return work.batch.batch
    found = next((each for each in work.recipe.phases if each.name == phase), None)
    if kind == "start":
        return found.equipment_class if found else ""
    run = next((each.run for each in reversed(work.batch.runs) if each.phase == phase), 1)
    left = charges_left(work.batch, found, run, work.parameters) if found else []
    return left[0][0].item if left else ""


def _what_is(context: Context, work: Work | Therapy, text: str) -> tuple[str, str]:
    """A word for what was read, and its number where that names no other patient."""
    therapy = work if isinstance(work, Therapy) else work.therapy
    batch = None if isinstance(work, Therapy) else work.batch
    coi, site = therapy.coi if therapy else "", batch.site if batch else ""
    words = [each.removeprefix("lot/").removeprefix("equipment/") for each in text.split(" ")]
    for name in words:
        if not SAFE.fullmatch(name):
            continue
        lot, unit = context.reader.lot(name), context.reader.equipment(name)
        if lot.state != "new":
            foreign = lot.made_for and lot.made_for != mark_of(coi)
            return ("another_therapy", "") if foreign else ("lot", name)
        if unit.state != "new" and unit.site == site:
            return "equipment", name
    if any(_is_number(each) and each != coi for each in _NUMBER.findall(text.upper().replace("-", " "))):
        return "another_therapy", ""
    if any(_is_number(each) and each != coi for each in _NUMBER.findall(text.upper().replace("-", ""))):
        return "another_therapy", ""
    for name in words:
        if not SAFE.fullmatch(name):
            continue
        found = context.reader.batch(name)
        if found.state != "new" and (batch is None or name != batch.batch):
            mine = not found.therapies or coi in found.therapies
            return ("another_batch", name) if mine else ("another_therapy", "")
    own = {each.identifier for done in (therapy.collections if therapy else ()) for each in done.containers}
    own |= {each.identifier for each in batch.containers} if batch else set()
    again = next((name for name in words if name in own), "")
    return ("again", again) if again else ("unknown", "")


def _is_number(text: str) -> bool:
    return check_character(text[:-1]) == text[-1]


def _put_down(what: str, rule: str) -> Mismatch:
    return Mismatch(what, rule=rule, remedy="put it down; scan the right one")


def _start(context: Context, work: Work, phase: str, thing: str, text: str, before: tuple[str, ...]) -> None:
    name = plain_number(readable(text))
    equipment = context.reader.equipment(name)
    make.start_phase(
        work.recipe, work.batch, phase, context.now, parameters=work.parameters, equipment_name=name,
        equipment=equipment if equipment.state != "new" else None,
    )  # fmt: skip


def _charge(context: Context, work: Work, phase: str, thing: str, text: str, before: tuple[str, ...]) -> None:
    """Try the lot with as much as it can give, so that a wrong one is said at the scan and not at the end."""
    name = plain_number(readable(text))
    lot = context.reader.lot(name)
    wanted = _expected(work, "charge", phase, thing)
    if lot.state == "new":
        raise _put_down(
            f"{name} was scanned, {wanted} was expected", f"charging takes a lot on the record, of {wanted}"
        )
    left = context.journal.available(f"lot/{name}")
    found = next((each for each in work.recipe.phases if each.name == phase), None)
    run = next((each.run for each in reversed(work.batch.runs) if each.phase == phase), 1)
    due = charges_left(work.batch, found, run, work.parameters) if found else []
    amount = min(left, due[0][1]) if due and left > 0 else due[0][1] if due else left
    make.charge(
        work.recipe, work.batch, phase, lot, amount, left, context.now, parameters=work.parameters,
        by=context.actor.id, verified_by=_SOMEBODY,
    )  # fmt: skip


def _fill(context: Context, work: Work, phase: str, thing: str, text: str, before: tuple[str, ...]) -> None:
    name, *label = readable(text).split(" ")
    coi = work.therapy.coi if work.therapy and not work.batch.for_study else ""
    if label and label != [each for each in (work.batch.batch, coi) if each]:
        raise _put_down(
            f"a label of {' · '.join(label)} was scanned, batch {work.batch.batch}, {coi or 'stock'} was expected",
            "every container belongs to one patient or to stock, and its label says so",
        )
    if name in before:
        rule = "every container has an identity of its own, scanned once"
        raise _put_down(f"{name} was scanned, another container was expected", rule)
    seen, _ = _what_is(context, work, name)
    if seen in ("another_therapy", "again", "lot", "equipment"):
        raise _put_down(f"{name} was scanned, a container of {work.batch.batch} was expected", _CUSTODY)


def _receive(context: Context, work: Work, phase: str, thing: str, text: str, before: tuple[str, ...]) -> None:
    therapy = work.therapy
    coi = therapy.coi if therapy else ""
    words = (text if thing == "patient" else readable(text)).split(" ")
    if thing == "patient":
        if coi not in words or any(_is_number(each) and each != coi for each in _NUMBER.findall(text)):
            raise _put_down(f"{text} was scanned, {coi} was expected", _CUSTODY)
        return
    there = {found.container.identifier for found in work.batch.received}
    own = {each.identifier for done in (therapy.collections if therapy else ()) for each in done.containers}
    foreign = len(words) > 1 and words[-1] != coi and _NUMBER.fullmatch(words[-1]) is not None
    if words[0] not in own - there or foreign:
        waits = ", ".join(sorted(own - there)) or "nothing"
        raise _put_down(f"{words[0]} was scanned, {waits} was expected", _CUSTODY)


def _shipper(context: Context, work: Work, phase: str, thing: str, text: str, before: tuple[str, ...]) -> None:
    sent = work.batch.dispatched
    if sent is None or text not in (sent.shipment, sent.shipper):
        raise Mismatch(
            f"{text[:80]} was scanned, {sent.shipper if sent else 'nothing'} was expected",
            rule="chain of custody: the shipper at hand is the one that was sent",
            remedy="put it down, do not open it; scan its label again, or call the plant",
            place=work.batch.batch,
        )


_JUDGES: dict[str, Callable[[Context, Work, str, str, str, tuple[str, ...]], None]] = {
    "start": _start, "charge": _charge, "fill": _fill, "receive": _receive, "shipper": _shipper,
}  # fmt: skip
