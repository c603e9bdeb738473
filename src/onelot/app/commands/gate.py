"""What every step of a batch asks first: holds, consent, and a signed tailoring with nothing stale."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from onelot.app.commands.tailor import check_tailoring
from onelot.app.context import Context
from onelot.make import effective
from onelot.record.errors import Held
from onelot.record.events.base import Event
from onelot.record.recipe import MasterRecipe
from onelot.record.subjects import Batch, Therapy
from onelot.record.terms.opened import numbers_of
from onelot.record.terms.values import Cite
from onelot.tailor import tailor


@dataclass(frozen=True)
class Work:
    """A batch that may be worked on: with its recipe, its therapy (None for stock) and its parameters in the clear."""

    batch: Batch
    recipe: MasterRecipe
    therapy: Therapy | None
    parameters: Mapping[str, Decimal]

    @property
    def stream(self) -> str:
        """The batch's stream."""
        return f"batch/{self.batch.batch}"


def open_work(context: Context, number: str, *, held_too: bool = False) -> Work:
    """The batch for a step of work, refused while anything holds it.

    held_too: for steps that look on or decide although the batch is held (results, rejection).
    """
    batch = context.batch(number)
    if batch.recipe is None:
        raise Held("the batch has no recipe", rule="a batch cites its recipe", remedy="verify the journal")
    recipe = context.reader.recipe(batch.recipe)
    if not batch.therapies:
        # Stock is tailored to nobody: its parameters follow from the recipe's constants alone.
        found = {parameter.name: parameter for parameter in tailor(recipe, {}, context.now)}
        return Work(batch, recipe, None, effective(numbers_of(found), batch))
    therapy = context.reader.therapy(batch.therapies[0])
    if not held_too:
        _refuse_held(batch, therapy)
    opened = context.open_parameters(therapy)
    return Work(batch, recipe, therapy, effective(numbers_of(opened), batch))


def _refuse_held(batch: Batch, therapy: Therapy) -> None:
    if batch.holds:
        raise Held(
            f"the batch is held: {'; '.join(batch.holds.values())}",
            rule=", ".join(sorted(batch.holds)),
            remedy="clear the reason of the hold first",
        )
    if therapy.withdrawn:
        raise Held(
            f"the patient withdrew consent ({', '.join(sorted(therapy.withdrawn))})",
            rule="consent gates every descendant",
            remedy="end the therapy, or record a new consent",
        )
    if check_tailoring(therapy) != batch.tailoring:
        raise Held(
            "the batch goes by an older tailoring",
            rule="a batch goes by its therapy's newest signed tailoring",
            remedy="let the batch adopt it",
        )


def check_scope(therapy: Therapy, scope: str, now: datetime) -> None:
    """Refuse when there is no consent to this scope, any consent was withdrawn, or it has run out."""
    ended = therapy.consent_until is not None and therapy.consent_until <= now
    if scope not in therapy.consent or therapy.withdrawn or ended:
        raise Held(
            f"consent to {scope} has run out" if ended else f"there is no consent to {scope}",
            rule="consent gates collection, manufacture and genome use",
            remedy="record the consent, or end the therapy",
        )


def add_all(context: Context, work: Work, events: tuple[Event, ...]) -> None:
    """Append these events to the batch, if the command succeeds."""
    for event in events:
        context.add(work.stream, event)


def next_deviation(batch: Batch) -> str:
    """The number of the next deviation of a batch."""
    return f"DEV-{batch.batch}-{len(batch.deviations) + 1}"


def head_cite(context: Context, stream: str, seq: int) -> Cite:
    """The pointer to event `seq` of a stream."""
    return context.journal.read(stream, seq - 1)[0].cite
