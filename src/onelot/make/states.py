"""The states of a phase (ISA-88) as one literal table, and what each event of the record means in it.

A row reads: in this state, these commands are obeyed, and lead to that state. Acting states (Pausing, Holding,
Restarting, Stopping, Aborting) end by themselves: their one entry is `done`. The record writes down where a phase
came to rest, so one event may stand for a command and its `done`; EVENTS names the state it rests in.
"""

from __future__ import annotations

from collections.abc import Mapping

from onelot.record.errors import OutOfOrder

PHASE: Mapping[str, Mapping[str, str]] = {
    "Idle": {"start": "Running"},
    "Running": {
        "done": "Complete",
        "pause": "Pausing",
        "hold": "Holding",
        "stop": "Stopping",
        "abort": "Aborting",
    },
    "Pausing": {"done": "Paused", "hold": "Holding", "stop": "Stopping", "abort": "Aborting"},
    "Paused": {"resume": "Running", "hold": "Holding", "stop": "Stopping", "abort": "Aborting"},
    "Holding": {"done": "Held", "stop": "Stopping", "abort": "Aborting"},
    "Held": {"restart": "Restarting", "stop": "Stopping", "abort": "Aborting"},
    "Restarting": {"done": "Running", "hold": "Holding", "stop": "Stopping", "abort": "Aborting"},
    "Stopping": {"done": "Stopped", "abort": "Aborting"},
    "Aborting": {"done": "Aborted"},
    "Complete": {"reset": "Idle"},
    "Stopped": {"reset": "Idle", "abort": "Aborting"},
    "Aborted": {"reset": "Idle"},
}

# A phase that runs again is reset first, so a start from Complete is a reset and a start.
EVENTS: Mapping[str, tuple[tuple[str, ...], str]] = {
    "PhaseStarted": (("start",), "Running"),
    "PhaseHeld": (("hold", "done"), "Held"),
    "PhaseRestarted": (("restart", "done"), "Running"),
    "PhaseCompleted": (("done",), "Complete"),
    "BatchTerminated": (("abort", "done"), "Aborted"),
}


def after(state: str, event: str) -> str:
    """The state a phase comes to rest in after `event` of the record.

    Raises:
        OutOfOrder: ISA-88 knows no such step from this state.
    """
    commands, rests = EVENTS[event]
    found: str | None = state
    if event == "PhaseStarted" and state == "Complete":
        found = PHASE[state]["reset"]
    for command in commands:
        found = PHASE[found].get(command) if found else None
    # `done` of an acting state ends that act, not the phase.
    if found != rests:
        raise OutOfOrder(
            f"{event} cannot happen to a phase that is {state}",
            rule=f"ISA-88 phase states: in {state} there may follow {', '.join(sorted(PHASE[state]))}",
            remedy="look at the batch's thread for what has to come first",
        )
    return found
