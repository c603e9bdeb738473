"""What quality does next: results, deviations, certificate, disposition; and what comes late."""

from __future__ import annotations

from datetime import datetime, timedelta

from onelot.app.commands import release as commands
from onelot.app.simulation.act import Act
from onelot.app.simulation.case import Case, Stage
from onelot.app.simulation.plant import close_deviation
from onelot.app.simulation.site import PLANT, person
from onelot.record.durations import span
from onelot.record.recipe import MasterRecipe, Test
from onelot.record.subjects import Batch, Therapy
from onelot.release import assess
from onelot.release.disposition import CONDITIONAL, EXCEPTIONAL, RELEASED

SHORT = timedelta(hours=2)
OVER = ("terminated", "returned")
DECIDED = ("conditionally_released", "released", "exceptional_supply", "in_transit", "at_site", "administered")


def next_act(
    stage: Stage, case: Case | None, batch: Batch, therapy: Therapy | None, recipe: MasterRecipe
) -> Act | None:
    """Quality's next act for a batch, or None when it waits for others."""
    if batch.state != "quarantine" and batch.state not in DECIDED:
        return None
    last = stage.last_event(f"batch/{batch.batch}")
    for found in batch.open_deviations:
        return close_deviation(stage, batch, found.deviation, last)
    waiting = _next_result(stage, batch, recipe)
    if batch.state == "quarantine":
        # Results that come before any release come first; the disposition does not wait for those that may follow.
        if waiting and (waiting[0] <= last + SHORT or not _may_decide(stage, batch, therapy, recipe)):
            return _result_act(stage, case, batch, therapy, waiting, last)
        return _decide(stage, case, batch, therapy, recipe, last)
    final = _final(stage, batch, therapy, recipe, last)
    if final:
        return final
    return _result_act(stage, case, batch, therapy, waiting, last) if waiting else None


def _next_result(stage: Stage, batch: Batch, recipe: MasterRecipe) -> tuple[datetime, Test] | None:
    """The next result due: when, and which test."""
    if batch.completed_at is None:
        return None
    due: list[tuple[datetime, str, Test]] = []
    for test in recipe.specification:
        had = batch.result(test.name)
        final_at = batch.completed_at + (span(test.result_after) if test.result_after else timedelta(hours=8))
        if had is None:
            early = test.to_date and test.stage == "final"
            first = batch.completed_at + timedelta(days=1) if early else final_at
            due.append((first, test.name, test))
        elif had.result.verdict == "negative_to_date":
            due.append((max(final_at, had.at + timedelta(hours=1)), test.name, test))
    if not due:
        return None
    when, _, test = min(due, key=lambda each: (each[0], each[1]))
    return when, test


def _result_act(
    stage: Stage,
    case: Case | None,
    batch: Batch,
    therapy: Therapy | None,
    waiting: tuple[datetime, Test],
    last: datetime,
) -> Act:
    when, test = waiting

    def do() -> None:
        stage.begin(batch, therapy, case)
        sampled = batch.completed_at or stage.now
        if test.sequence:
            value = stage.sequence_read(batch, therapy, test.sequence)
        else:
            value = stage.test(batch.batch, test, sampled)
        command = commands.RecordResult(batch.batch, test.name, value, test.unit, sampled, person("qc", PLANT, 2))
        stage.site.give(command, "qc", PLANT)

    return Act(max(when, last + timedelta(minutes=5)), f"result {test.name}", do)


def _may_decide(stage: Stage, batch: Batch, therapy: Therapy | None, recipe: MasterRecipe) -> bool:
    found = assess(recipe, batch, therapy, stage.now)
    return bool(found.possible & {RELEASED, CONDITIONAL}) or (
        bool(found.out_of_specification) and all(batch.result(test.name) for test in recipe.specification)
    )


def _covered(batch: Batch) -> bool:
    return batch.certificate is not None and all(found.cite.seq < batch.certificate.seq for found in batch.results)


def _certificate(stage: Stage, batch: Batch, last: datetime) -> Act:
    return Act(
        last + SHORT,
        "certificate",
        lambda: stage.site.give(commands.IssueCertificate(batch.batch), "qa_reviewer", PLANT),
    )


def _decide(
    stage: Stage,
    case: Case | None,
    batch: Batch,
    therapy: Therapy | None,
    recipe: MasterRecipe,
    last: datetime,
) -> Act | None:
    """The disposition out of quarantine."""
    found = assess(recipe, batch, therapy, stage.now)
    give = stage.site.give
    if found.possible & {RELEASED, CONDITIONAL, EXCEPTIONAL} and not _covered(batch):
        return _certificate(stage, batch, last)
    if RELEASED in found.possible:
        return Act(last + SHORT, "release", lambda: give(commands.ReleaseBatch(batch.batch), "qp", PLANT))
    if CONDITIONAL in found.possible:
        command = commands.ReleaseConditionally(batch.batch)
        return Act(last + SHORT, "conditional release", lambda: give(command, "qp", PLANT))
    if EXCEPTIONAL in found.possible and case is not None and stage.asks_exceptionally(case):
        supply = commands.SupplyExceptionally(
            batch.batch,
            request=f"{person('prescriber', case.hospital)}: no other treatment in time (simulated)",
            risk_evaluation="simulated risk evaluation: benefit outweighs the deviation from specification",
            acceptance=f"{person('prescriber', case.hospital)} accepts the risk, evaluation read (simulated)",
            authority="supervisory authority notified within 48 h (simulated)",
        )
        return Act(last + SHORT, "exceptional supply", lambda: give(supply, "qp", PLANT))
    if found.out_of_specification and batch.state == "quarantine":
        reason = f"out of specification: {', '.join(found.out_of_specification)}"
        return Act(
            last + SHORT, "reject", lambda: give(commands.RejectBatch(batch.batch, reason), "qp", PLANT) and None
        )
    return None


def _final(stage: Stage, batch: Batch, therapy: Therapy | None, recipe: MasterRecipe, last: datetime) -> Act | None:
    """After a conditional release: certify when all is in; reject what failed late and was not given."""
    give = stage.site.give
    if batch.late_failures and batch.state not in ("administered", *OVER):
        reason = "a result after conditional release failed"
        return Act(
            last + SHORT,
            "reject after late failure",
            lambda: give(commands.RejectBatch(batch.batch, reason), "qp", PLANT),
        )
    if batch.disposition != "conditionally_released" or batch.late_failures:
        return None
    found = assess(recipe, batch, therapy, stage.now)
    if found.outstanding or found.out_of_specification or RELEASED not in found.possible:
        return None
    if not _covered(batch):
        return _certificate(stage, batch, last)
    return Act(last + SHORT, "final release", lambda: give(commands.ReleaseBatch(batch.batch), "qp", PLANT))
