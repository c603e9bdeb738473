"""Commands to devices: recorded before they are sent, and what their answers mean.

The key follows from batch, phase, run and attempt, so a command asked for again after a crash has the same key.
"""

from __future__ import annotations

from typing import Literal

from onelot.make.engine import in_process, phase_of, running_phase
from onelot.make.equipment import MOVE, Answer
from onelot.make.needs import command_of, unmet
from onelot.record.errors import NotAllowed, OutOfOrder
from onelot.record.events.base import Event
from onelot.record.events.batch import CommandAnswered, CommandRecorded, PhaseHeld, PhaseRestarted
from onelot.record.recipe import MasterRecipe
from onelot.record.subjects.batch import Batch, Command


def record_command(recipe: MasterRecipe, batch: Batch, name: str) -> tuple[Event, ...]:
    """Write the phase's command down; the loop sends it once this is durable.

    Empty when it already stands on the record and may only be sent again under its key.

    Raises:
        OutOfOrder: the phase is not running, or needs no command now.
    """
    phase, run = running_phase(recipe, batch, name)
    needed = [need for need in unmet(batch, phase, run, {}) if need.kind == "command"]
    if not needed:
        raise OutOfOrder(
            f"{name} needs no command now",
            rule="a command is recorded once, and sent again only under its key",
            remedy="ask the device by the key that stands on the record",
        )
    key = needed[0].name
    if key in batch.commands:
        return ()
    return (CommandRecorded(key, name, run.equipment, MOVE, phase.target),)


def _open_command(batch: Batch, key: str) -> Command:
    in_process(batch)
    found = batch.commands.get(key)
    if found is None or found.answer not in ("", "unknown"):
        raise OutOfOrder(
            f"no command with the key {key} waits for an answer",
            rule="an answer belongs to a command on the record",
            remedy="look at the batch's commands",
        )
    return found


def record_answer(recipe: MasterRecipe, batch: Batch, key: str, answer: Answer) -> tuple[Event, ...]:
    """What the device said. Anything but `done` holds the phase until a person decides.

    An answer is a fact: it is written down even when the phase or the batch was held meanwhile.
    """
    command = _open_command(batch, key)
    phase_of(recipe, command.phase)
    said = CommandAnswered(key, answer.result, answer.detail)
    run = batch.running
    if answer.result == "done" or run is None or run.phase != command.phase or run.state != "Running":
        return (said,)
    why = f"{command.equipment}: {command.verb} {command.target} {answer.result}"
    return (said, PhaseHeld(command.phase, f"{why}: {answer.detail}" if answer.detail else why))


def decide_command(
    recipe: MasterRecipe, batch: Batch, key: str, decision: Literal["it_is_done", "send_again"], reason: str, *, by: str
) -> tuple[Event, ...]:
    """A person looked at the device after `unknown`: it is there, or the same command is sent again under its key.

    Raises:
        OutOfOrder: the command's answer is not unknown, or its phase is not held.
        NotAllowed: not a person, or no reason.
    """
    command = _open_command(batch, key)
    phase_of(recipe, command.phase)
    run = batch.running
    if run is None or run.phase != command.phase or run.state != "Held" or command_of(batch, run) != command:
        raise OutOfOrder(
            f"{key} is not a command a held phase waits for",
            rule="a decision needs a Held phase and an unknown answer",
            remedy="look at the batch's thread",
        )
    if not by.startswith("person/") or not reason.strip():
        raise NotAllowed(
            "only a person may decide what an unknown answer means, with a reason",
            rule="unknown means Held, and a person decides",
            remedy="go to the device, look, sign in and write down what was seen",
        )
    restarted = PhaseRestarted(command.phase, reason)
    if decision == "send_again":
        return (restarted,)
    return (CommandAnswered(key, "done", f"seen by {by}: {reason}"), restarted)
