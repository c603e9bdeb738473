"""The step in hand of a batch, as the operator's page shows it: what is asked for, one thing after the other.

What comes next is the engine's to say (`make.next_step`); here it becomes a list of things to scan or type, and from
the answers a command. A command follows from the form alone, so that the same form sent twice is the same command.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from onelot.app.commands import Command, make, material
from onelot.app.commands.gate import Work
from onelot.app.commands.make import expected_scans
from onelot.make import next_step
from onelot.make.engine import Continue, Finished, HeldFor, Need, Start, Step, Stopped, WaitUntil
from onelot.make.needs import command_of
from onelot.record.durations import span
from onelot.record.errors import BadInput
from onelot.record.recipe import Measure, Phase
from onelot.record.subjects import Therapy

_NUMBER = re.compile(r"[+-]?\d{1,40}(\.\d{1,40})?([eE][+-]?\d{1,2})?")
_KINDS = {"autologous": "bag", "individual": "vial"}
COMMANDS: Mapping[str, str] = {
    "start": "StartPhase",
    "charge": "ChargeMaterial",
    "command": "CommandDevice",
    "ask": "CommandDevice",
    "measure": "RecordMeasurement",
    "scan": "CompletePhase",
    "complete": "CompletePhase",
    "fill": "FillContainers",
    "receive": "ReceiveMaterial",
    "finish": "CompleteManufacture",
    "held": "RestartPhase",
    "unknown": "DecideCommand",
}


@dataclass(frozen=True)
class Ask:
    """One thing for the box. kind: scan, number, whole, text, time, confirm. expected: what it must read as, or be of,
    "" when that is not known beforehand; offered: what Enter on the empty box means; more: an empty box ends a list."""

    name: str
    kind: str
    expected: str = ""
    offered: str = ""
    unit: str = ""
    more: bool = False


@dataclass(frozen=True)
class Doing:
    """What is to be done now. kind: a key of COMMANDS, or wait, stopped; name: item, value or command key."""

    kind: str
    phase: Phase | None = None
    run: int = 1
    name: str = ""
    title: str = ""
    asks: tuple[Ask, ...] = ()
    second: bool = False
    amount: Decimal | None = None
    unit: str = ""
    measure: Measure | None = None
    until: datetime | None = None
    reason: str = ""

    @property
    def command(self) -> str:
        """The command it ends in, "" for none."""
        return COMMANDS.get(self.kind, "")


def plain(value: Decimal) -> str:
    """A number without an exponent and without trailing noughts."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def waiting_material(work: Work) -> tuple[str, ...]:
    """The collected containers that have not been received, in the order collected."""
    therapy: Therapy | None = work.therapy
    if therapy is None or work.recipe.kind != "autologous" or work.batch.state not in ("planned", "received"):
        return ()
    there = {found.container.identifier for found in work.batch.received}
    names = [container.identifier for collected in therapy.collections for container in collected.containers]
    return tuple(name for name in names if name not in there)


def doing_of(work: Work, now: datetime, answers: Mapping[str, str]) -> Doing:
    """What is to be done now for this batch; answers: what this form has collected (a list of containers grows)."""
    waiting = waiting_material(work)
    if waiting and not work.batch.holds and work.therapy is not None:
        asks = (
            Ask("container", "scan", waiting[0] if len(waiting) == 1 else ""),
            Ask("patient", "scan", work.therapy.coi),
            Ask("condition", "text"),
        )
        return Doing("receive", title="receiving starting material", asks=asks, second=True, reason=", ".join(waiting))
    return _of(work, next_step(work.recipe, work.batch, work.parameters, now), now, answers)


def _of(work: Work, step: Step, now: datetime, answers: Mapping[str, str]) -> Doing:
    match step:
        case Start(phase, run):
            ask = (
                Ask("equipment", "scan", phase.equipment_class) if phase.equipment_class else Ask("confirm", "confirm")
            )
            return Doing("start", phase, run, phase.name, phase.title, (ask,))
        case Continue(phase, run, needs):
            return _need(work, phase, run, needs[0], now, answers)
        case WaitUntil(phase, run, when):
            return Doing("wait", phase, run, phase.name, phase.title, until=when)
        case HeldFor(phase, reason):
            key = _unknown_key(work)
            kind = ("unknown" if key else "held") if phase and not work.batch.holds else "blocked"
            return Doing(kind, phase, 1, key or (phase.name if phase else ""), reason=reason)
        case Stopped(reason):
            return Doing("stopped", reason=reason)
        case Finished():
            if work.batch.state == "in_process":
                return Doing("finish", asks=(Ask("confirm", "confirm"),), amount=Decimal(len(work.batch.containers)))
            return Doing("made", reason=work.batch.state)


def _unknown_key(work: Work) -> str:
    run = work.batch.running
    command = command_of(work.batch, run) if run else None
    return command.key if command and command.answer == "unknown" else ""


def _need(work: Work, phase: Phase, run: int, need: Need, now: datetime, answers: Mapping[str, str]) -> Doing:
    asks: tuple[Ask, ...] = (Ask("confirm", "confirm"),)
    match need.kind:
        case "charge":
            amount = need.amount or Decimal(0)
            asks = (Ask("lot", "scan", need.name), Ask("amount", "number", offered=plain(amount), unit=need.unit))
            return Doing(
                "charge", phase, run, need.name, need.name, asks, phase.second_person, amount=amount, unit=need.unit
            )
        case "measure":
            measure = next(each for each in phase.measures if each.name == need.name)
            asks = (Ask("value", "number", unit=need.unit),)
            return Doing("measure", phase, run, need.name, need.title, asks, unit=need.unit, measure=measure)
        case "scan":
            asks = tuple(Ask(name, "scan", text) for name, text in expected_scans(work).items())
            return Doing("scan", phase, run, phase.name, phase.title, asks, phase.second_person)
        case "fill":
            return Doing("fill", phase, run, phase.name, phase.title, _fill_asks(work, now, answers), True)
        case "complete":
            asks = () if phase.second_person else asks
            return Doing("complete", phase, run, phase.name, phase.title, asks, phase.second_person)
        case kind:
            return Doing(kind, phase, run, need.name, need.title, asks)


def _fill_asks(work: Work, now: datetime, answers: Mapping[str, str]) -> tuple[Ask, ...]:
    """Containers one after the other until an empty scan ends the list; then unit, labels and expiry."""
    recipe, asks, number = work.recipe, list[Ask](), 1
    rule = next((each for each in recipe.parameters if each.name == recipe.dose_parameter), None)
    unit = rule.unit if rule and recipe.kind in _KINDS else "mL"
    asks.append(Ask("unit", "text", offered=unit))
    while True:
        asks.append(Ask(f"container {number}", "scan", more=number > 1))
        if answers.get(f"container {number}", "x") == "":
            break
        if recipe.kind not in _KINDS:
            asks.append(Ask(f"kind {number}", "text", ", ".join(recipe.stock_items)))
        asks.append(Ask(f"amount {number}", "number", unit=answers.get("unit", unit)))
        if f"container {number}" not in answers:
            break
        number += 1
    used = str(number - 1)
    expires = (now + span(recipe.logistics.shelf_life)).isoformat(timespec="minutes")
    return (
        *asks,
        Ask("labels_printed", "whole", offered=used),
        Ask("labels_destroyed", "whole", offered="0"),
        Ask("expires", "time", offered=expires),
    )


def number(text: str) -> Decimal:
    """A typed number.

    Raises:
        BadInput: a comma, blanks, or anything else that could be read in two ways.
    """
    if not _NUMBER.fullmatch(text.strip()):
        raise BadInput(
            f"{text[:40]!r} is not a number",
            rule="digits with a point, such as 1.5 or 1.36e8; a comma could mean two things",
            remedy="enter the number again",
        )
    return Decimal(text.strip())


def whole(text: str) -> int:
    """A typed count."""
    if not re.fullmatch(r"\d{1,6}", text.strip(), re.ASCII):
        raise BadInput(f"{text[:40]!r} is not a count", rule="a whole number", remedy="count and enter it again")
    return int(text)


def moment(text: str) -> datetime:
    """A typed moment with its zone."""
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError as cause:
        raise BadInput(
            f"{text[:40]!r} is not a time", rule="such as 2026-11-22T09:12+00:00", remedy="enter it again"
        ) from cause
    if found.tzinfo is None:
        raise BadInput(f"{text[:40]!r} has no zone", rule="every moment names its zone", remedy="add +00:00 for UTC")
    return found


def command(batch: str, kind: str, phase: str, name: str, answers: Mapping[str, str], verified_by: str) -> Command:
    """The command of a form that has all its answers.

    Raises:
        BadInput: an answer is missing or cannot be read.
    """
    try:
        return _command(batch, kind, phase, name, answers, verified_by)
    except KeyError as cause:
        raise BadInput(
            f"{cause.args[0]} is missing", rule="a step is entered whole", remedy="open the step again"
        ) from cause


def _command(batch: str, kind: str, phase: str, name: str, answers: Mapping[str, str], second: str) -> Command:
    match kind:
        case "start":
            return make.StartPhase(batch, phase, answers.get("equipment", ""))
        case "charge":
            return material.ChargeMaterial(batch, phase, answers["lot"], number(answers["amount"]), second)
        case "command":
            return make.CommandDevice(batch, phase)
        case "measure":
            taken = moment(answers["taken"])
            return make.RecordMeasurement(batch, phase, name, number(answers["value"]), answers["unit"], taken)
        case "scan":
            scans = {each: answers[each] for each in ("batch", "patient", "container") if each in answers}
            return make.CompletePhase(batch, phase, second, scans)
        case "complete":
            return make.CompletePhase(batch, phase, second)
        case "fill":
            return _fill(batch, phase, answers, second)
        case "receive":
            scans = {"container": answers["container"], "patient": answers["patient"]}
            return material.ReceiveMaterial(batch, answers["container"], answers["condition"], scans, second)
        case "finish":
            return make.CompleteManufacture(batch, number(answers["yield"]), "1")
    raise BadInput("there is nothing to do", rule="a step of the recipe", remedy="open the step again")


def _fill(batch: str, phase: str, answers: Mapping[str, str], second: str) -> Command:
    amounts, kinds, at = {}, {}, 1
    while answers[f"container {at}"]:
        name = answers[f"container {at}"]
        if name in amounts:
            raise BadInput(
                f"{name} was scanned twice",
                rule="every container has an identity of its own, and is scanned once",
                remedy="clear the line, open the step again and scan each container once",
            )
        amounts[name], kinds[name] = number(answers[f"amount {at}"]), answers.get(f"kind {at}", answers["of kind"])
        at += 1
    return material.FillContainers(
        batch, phase, amounts, kinds, answers["unit"], whole(answers["labels_printed"]),
        whole(answers["labels_destroyed"]), moment(answers["expires"]), second,
    )  # fmt: skip


def kind_of_container(work: Work) -> str:
    """What the product of this recipe is filled into, where the recipe names no kinds."""
    return _KINDS.get(work.recipe.kind, "vial")
