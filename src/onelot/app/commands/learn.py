"""What became of it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from onelot.app.commands import Command, handles
from onelot.app.context import Context
from onelot.learn import outcome
from onelot.record.errors import Held
from onelot.record.events import therapy as ev
from onelot.record.subjects import Therapy
from onelot.record.terms.opened import numbers_of


@dataclass(frozen=True)
class RecordOutcome(Command):
    """Record response and toxicity; dose hit and turnaround follow from the record."""

    coi: str
    response: str
    toxicity: str


@handles(RecordOutcome)
def _record_outcome(context: Context, command: RecordOutcome) -> None:
    therapy = context.therapy(command.coi)
    if therapy.recipe is None or therapy.dose_given_at is None:
        raise Held("nothing was given yet", rule="an outcome follows a dose", remedy="wait for the dose")
    recipe = context.reader.recipe(therapy.recipe)
    dose, unit = _dose_given(context, therapy)
    reached = outcome(
        recipe,
        numbers_of(context.open_parameters(therapy)),
        dose_given=dose,
        unit=unit,
        started_at=min((each.collected_at for each in therapy.collections), default=therapy.ordered_at)
        or therapy.dose_given_at,
        given_at=therapy.dose_given_at,
    )
    label = f"therapy/{therapy.coi}/{therapy.seq}"
    context.add(
        f"therapy/{therapy.coi}",
        ev.OutcomeRecorded(
            dose_hit=reached.dose_hit,
            vein_to_vein_days=reached.vein_to_vein_days,
            response=context.seal(therapy.patient, command.response, f"{label}/response"),
            toxicity=context.seal(therapy.patient, command.toxicity, f"{label}/toxicity"),
        ),
    )


def _dose_given(context: Context, therapy: Therapy) -> tuple[Decimal, str]:
    for entry in reversed(context.journal.read(f"therapy/{therapy.coi}")):
        if isinstance(entry.event, ev.DoseGiven):
            value = context.open(entry.event.dose)
            if isinstance(value, Decimal):
                return value, entry.event.unit
    raise Held("the dose is not on the record", rule="an outcome follows a dose", remedy="record the administration")
