"""What is mine now: the batches that wait for one of this person's roles, at their site."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from onelot.app.authority import roles_for
from onelot.app.commands.gate import open_work
from onelot.app.context import Actor
from onelot.app.web import reading, stepping
from onelot.app.web.rooms import evidence
from onelot.app.web.screen import Screen
from onelot.record.errors import OnelotError
from onelot.release import assess
from onelot.release.disposition import CONDITIONAL, RELEASED

WORK = "/screen/work"
NAV = (("work", WORK),)
# Steps are asked of each batch's record; more than this on one page nobody reads.
MOST = 50
_DISPATCH = ("dispatch", "DispatchBatch", "dispatch")
# Where the plant's work on a batch stands: what comes next, by which command, on which page.
_NEXT = {
    "planned": ("step", "ReceiveMaterial", "step"),
    "received": ("step", "StartPhase", "step"),
    "in_process": ("step", "CompletePhase", "step"),
    "quarantine": ("results", "RecordResult", "qc"),
    "conditionally_released": ("results", "RecordResult", "qc"),
    "released": _DISPATCH,
    "exceptional_supply": _DISPATCH,
    "in_transit": ("receive", "ReceiveShipment", ""),
    "at_site": ("give", "Administer", ""),
}


def next_of(row: dict[str, Any]) -> tuple[str, tuple[str, ...], str]:
    """What comes next for a row of the board, for which roles, and the end of its address.

    "" where nothing does; no address where it is done on a page that is not the batch's own.
    """
    if row["deviations"]:
        return "deviation", tuple(sorted(roles_for("CloseDeviation"))), "deviations"
    if row["holds"] or not row["open"] or row["state"] not in _NEXT:
        return "", (), ""
    if _NEXT[row["state"]] is _DISPATCH and not row["therapies"]:
        # Stock goes into lots, and to no patient by itself.
        return "", (), ""
    word, command, page = _NEXT[row["state"]]
    return word, tuple(sorted(roles_for(command))), page


def routes(router: APIRouter, screen: Screen) -> None:
    """The list."""

    @router.get("/work")
    def work(request: Request) -> Response:
        actor = screen.enter(request, "work")
        now = screen.house.clock()
        rows = [row for row in reading.board(screen.house, actor, "", "", now) if row["open"]]
        if roles_for("CloseDeviation") & actor.roles:
            rows = _with_collections(screen, rows)
        mine = [found for row in rows if (found := _mine(screen, actor, row))]
        shown = [{**reading.weighed(row, now), **_ready(screen, actor, row)} for row in mine[:MOST]]
        # What can be decided now stands before what still lacks evidence; else the soonest stays first.
        shown.sort(key=lambda row: row["ready"] == "missing")
        return screen.render(
            "work.html", request, actor, rows=shown, more=max(0, len(mine) - MOST),
            files=evidence.waiting(screen, actor)[:MOST],
        )  # fmt: skip


def _ready(screen: Screen, actor: Actor, row: dict[str, Any]) -> dict[str, Any]:
    """What a quality decision could be now. ready: release, conditional or missing, "" for other work; lacks: how much
    evidence is missing."""
    found = reading.open_batch(screen.house, actor, row["batch"]) if row["what"] == "decision" else None
    if found is None or found.recipe is None:
        return {"ready": "", "lacks": 0}
    judged = assess(found.recipe, found.batch, found.therapy, screen.house.clock())
    for word, disposition in (("release", RELEASED), ("conditional", CONDITIONAL)):
        if disposition in judged.possible:
            return {"ready": word, "lacks": len(judged.outstanding)}
    return {"ready": "missing", "lacks": len(judged.missing)}


def _with_collections(screen: Screen, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows with the open deviations of the collections they are made from."""
    therapies = screen.house.journal.rows("therapies")
    found = []
    for row in rows:
        collected = [each for coi in row["therapies"] for each in therapies.get(coi, {}).get("deviations", ())]
        found.append({**row, "deviations": [*row["deviations"], *collected]} if collected else row)
    return found


def _mine(screen: Screen, actor: Actor, row: dict[str, Any]) -> dict[str, Any] | None:
    word, roles, page = next_of(row)
    decides = bool(roles_for("ReleaseBatch") & actor.roles) and row["state"] in ("quarantine", "conditionally_released")
    certifies = bool(roles_for("IssueCertificate") & actor.roles) and row["state"] == "quarantine"
    making = row["state"] in ("planned", "received", "in_process")
    found = {**row, "what": word, "page": page, "phase_title": "", "until": None}
    if word == "deviation" and not set(roles) & actor.roles:
        # An open deviation does not stop the making; whoever makes goes on.
        word, roles, page = next_of({**row, "deviations": []})
        found |= {"what": word, "page": page}
    if making and roles_for("CompletePhase") & actor.roles and found["what"] != "deviation":
        return _step(screen, actor, found)
    if set(roles) & actor.roles and word:
        return found
    if row["state"] == "conditionally_released" and roles_for("DispatchBatch") & actor.roles and word == "results":
        # Final results may follow while it is on its way.
        return {**found, "what": "dispatch", "page": "dispatch"}
    if certifies:
        return {**found, "what": "certificate", "page": "certificate"}
    return {**found, "what": "decision", "page": "release"} if decides else None


def _step(screen: Screen, actor: Actor, found: dict[str, Any]) -> dict[str, Any] | None:
    """The row with its step in hand, when this person may do it or wait for it."""
    try:
        work = open_work(screen.context(actor), found["batch"], held_too=True)
    except OnelotError:
        # Its page says why it cannot be opened.
        return {**found, "what": "step", "page": "step"}
    doing = stepping.doing_of(work, screen.house.clock(), {})
    if doing.command and not roles_for(doing.command) & actor.roles:
        return None
    title = doing.phase.title if doing.phase else ""
    return {**found, "what": f"do_{doing.kind}", "page": "step", "phase_title": title, "until": doing.until}
