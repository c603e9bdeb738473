"""What the plant does next: from the booked suite to quarantine, step by step as the engine asks."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from onelot.app.commands import make as commands
from onelot.app.commands import material, plan, release, stock
from onelot.app.commands.gate import Work, open_work
from onelot.app.commands.make import expected_scans
from onelot.app.simulation.act import Act
from onelot.app.simulation.case import Case, Stage
from onelot.app.simulation.filling import contents
from onelot.app.simulation.own_lot import own_lot
from onelot.app.simulation.site import PLANT, person
from onelot.make import next_step
from onelot.make.engine import Continue, Finished, HeldFor, Need, Start, WaitUntil
from onelot.record.recipe import MasterRecipe, Phase
from onelot.record.subjects import Batch, Therapy

SHORT = timedelta(minutes=10)
INBOUND = timedelta(hours=20)


def plan_batch(stage: Stage, case: Case | None, therapy: Therapy | None, recipe: MasterRecipe, last: datetime) -> Act:
    """Book the suite and plan the batch."""
    if therapy is not None and case is not None and not any(s.purpose.startswith("manufacture") for s in therapy.slots):

        def book() -> None:
            command = plan.BookSlots(
                therapy.coi, "manufacture", "suite", PLANT, stage.now + INBOUND, stage.suite_hours(recipe)
            )
            stage.site.give(command, "planner", PLANT)

        return Act(last + SHORT, "suite booked", book)

    def do() -> None:
        if therapy is not None:
            number = f"B-{therapy.coi}"
            stage.site.give(plan.PlanBatch(number, PLANT, coi=therapy.coi), "planner", PLANT)
        else:
            number = f"S-{recipe.name}-{recipe.version}"
            stage.site.give(stock.PlanStock(number, PLANT, recipe.identifier), "planner", PLANT)

    return Act(last + SHORT, "batch planned", do)


def next_act(
    stage: Stage, case: Case | None, batch: Batch, therapy: Therapy | None, recipe: MasterRecipe
) -> Act | None:
    """The plant's next act for a batch, or None when it is not the plant's turn."""
    if batch.state not in ("planned", "received", "in_process"):
        return None
    last = stage.last_event(f"batch/{batch.batch}")
    if batch.holds:
        return None
    waiting = _to_receive(batch, therapy) if recipe.kind == "autologous" else ()
    if waiting and batch.state != "in_process":
        slot = next((s for s in therapy.slots if s.purpose.startswith("manufacture")), None) if therapy else None
        due = max(last + SHORT, slot.starts_at if slot else last)
        return Act(due, "material received", lambda: _receive(stage, batch, therapy, waiting[0]))
    own = own_lot(stage, therapy, batch, recipe)
    if own is not None:
        return own
    deviation = _closable(batch)
    if deviation and batch.running and batch.running.state == "Held":
        return close_deviation(stage, batch, deviation, last)
    context = stage.context()
    work = open_work(context, batch.batch)
    step = next_step(recipe, batch, work.parameters, max(stage.now, last))
    match step:
        case Start(phase):
            return Act(last + SHORT, f"start {phase.name}", lambda: _start(stage, batch, phase))
        case WaitUntil(phase, _, when):
            return Act(max(when, last), f"go on with {phase.name}", lambda: None)
        case Continue(phase, _, needs):
            need = needs[0]
            return Act(last + SHORT, f"{need.kind} {need.name}", lambda: _do(stage, case, work, phase, need))
        case HeldFor(held, reason) if held is not None:
            return Act(last + timedelta(hours=1), f"decide {held.name}", lambda: _decide(stage, batch, held, reason))
        case Finished():
            return Act(last + SHORT, "manufacture complete", lambda: _complete(stage, batch))
    return None


def _to_receive(batch: Batch, therapy: Therapy | None) -> tuple[str, ...]:
    if therapy is None:
        return ()
    there = {found.container.identifier for found in batch.received}
    return tuple(
        container.identifier
        for collected in therapy.collections
        for container in collected.containers
        if container.identifier not in there
    )


def _receive(stage: Stage, batch: Batch, therapy: Therapy | None, container: str) -> None:
    command = material.ReceiveMaterial(
        batch.batch,
        container,
        "intact, in range",
        {"container": container, "patient": therapy.coi if therapy else ""},
        person("operator", PLANT, 2),
    )
    stage.site.give(command, "operator", PLANT)


def _start(stage: Stage, batch: Batch, phase: Phase) -> None:
    equipment = stage.free_equipment(phase.equipment_class, batch) if phase.equipment_class else ""
    stage.site.give(commands.StartPhase(batch.batch, phase.name, equipment), "operator", PLANT)


def _do(stage: Stage, case: Case | None, work: Work, phase: Phase, need: Need) -> None:
    batch = work.batch
    second = person("operator", PLANT, 2)
    match need.kind:
        case "charge":
            own = any(each.item == need.name and each.own for each in phase.charges)
            coi = work.therapy.coi if own and work.therapy else ""
            lot, amount = stage.lot_for(need.name, need.amount or Decimal(0), coi)
            command = material.ChargeMaterial(batch.batch, phase.name, lot, amount, second)
            stage.site.give(command, "operator", PLANT)
        case "command":
            stage.site.give(commands.CommandDevice(batch.batch, phase.name), "operator", PLANT)
        case "ask":
            stage.site.house.run_effects()
        case "measure":
            stage.begin(batch, work.therapy, case)
            value = stage.measure(batch.batch, next(each for each in phase.measures if each.name == need.name))
            command_m = commands.RecordMeasurement(batch.batch, phase.name, need.name, value, need.unit, stage.now)
            stage.site.give(command_m, "operator", PLANT)
        case "fill":
            _fill(stage, case, work, phase)
        case "scan":
            stage.site.give(
                commands.CompletePhase(batch.batch, phase.name, second, expected_scans(work)), "operator", PLANT
            )
        case "complete":
            stage.site.give(commands.CompletePhase(batch.batch, phase.name, second), "operator", PLANT)


def _fill(stage: Stage, case: Case | None, work: Work, phase: Phase) -> None:
    stage.begin(work.batch, work.therapy, case)
    containers, kinds, unit = contents(work, stage.fill(work.batch, work.therapy, stage.now))
    command = material.FillContainers(
        work.batch.batch,
        phase.name,
        containers,
        kinds,
        unit,
        len(containers) + 1,
        1,
        stage.now + stage.shelf_life(work.recipe),
        person("operator", PLANT, 2),
    )
    stage.site.give(command, "operator", PLANT)


def _complete(stage: Stage, batch: Batch) -> None:
    # The yield is counted in containers: how much a patient's bag holds is a health value, and sealed.
    command = commands.CompleteManufacture(batch.batch, Decimal(len(batch.containers)), "1")
    stage.site.give(command, "operator", PLANT)


def _decide(stage: Stage, batch: Batch, phase: Phase, reason: str) -> None:
    """A supervisor looks: an unknown answer is sent again by its key; a held value goes on, with its reason."""
    unknown = next((key for key, found in batch.commands.items() if found.answer == "unknown"), None)
    if unknown is not None:
        command = commands.DecideCommand(batch.batch, unknown, "send_again", "the display shows no run; sent again")
        stage.site.give(command, "supervisor", PLANT)
        return
    command_r = commands.RestartPhase(batch.batch, phase.name, f"reviewed: {reason}")
    stage.site.give(command_r, "supervisor", PLANT)


def _closable(batch: Batch) -> str:
    """The first open deviation that is not minor."""
    return next((found.deviation for found in batch.open_deviations if found.severity != "minor"), "")


def close_deviation(stage: Stage, batch: Batch, deviation: str, last: datetime) -> Act:
    """Quality closes a deviation the next working day."""

    def do() -> None:
        command = release.CloseDeviation(
            batch.batch, deviation, "simulated investigation: cause found", "no impact on other batches"
        )
        stage.site.give(command, "qa_reviewer", PLANT)

    return Act(last + timedelta(hours=6), f"close {deviation}", do)
