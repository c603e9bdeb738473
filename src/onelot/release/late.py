"""A result that comes after a conditional release.

A pass needs nothing but the final certification. A failure is written down, blocks whatever has not happened yet, and
the physician is told within the recipe's limit.
"""

from __future__ import annotations

from onelot.record.errors import BadInput
from onelot.record.events.base import Event
from onelot.record.events.batch import LateResultFailed
from onelot.record.events.therapy import NoticeSent
from onelot.record.recipe import MasterRecipe
from onelot.record.subjects.batch import Batch, Result
from onelot.record.subjects.therapy import Therapy
from onelot.release.specification import OUT, limit_shown

# Where the product is by the batch's state, and what a failure stops there.
_BLOCKED = {
    "conditionally_released": ("at the manufacturing site", "it is not dispatched"),
    "released": ("at the manufacturing site", "it is not dispatched"),
    "in_transit": ("in transit", "conditioning is not cleared and nothing is given"),
    "at_site": ("at the place of treatment", "conditioning does not start and nothing is given"),
    "administered": ("in the patient", "nothing can be stopped; treat and follow the patient accordingly"),
}


def late_result(recipe: MasterRecipe, batch: Batch, therapy: Therapy | None, tested: Result) -> tuple[Event, ...]:
    """What follows from a result that came after the batch left quarantine; nothing when it passes.

    Args:
        tested: the result as it stands in the batch, with its citation.

    Returns:
        LateResultFailed (batch) and NoticeSent (therapy), to be appended to their streams; or nothing.

    Raises:
        BadInput: the test is not in the specification, or the result not in the batch.
    """
    test = next((each for each in recipe.specification if each.name == tested.result.test), None)
    if test is None or tested not in batch.results:
        raise BadInput(
            f"{tested.result.test!r} is no result of {batch.batch} under {recipe.identifier}",
            rule="a late result is recorded in the batch, against its specification",
            remedy="record the result first, then judge it",
            place=batch.batch,
        )
    known = any(each.test == tested.cite for each in batch.late_failures)
    if tested.result.verdict != OUT or batch.state not in _BLOCKED or known:
        return ()
    where, blocked = _BLOCKED[batch.state]
    failed = LateResultFailed(tested.cite, where)
    if therapy is None:
        return (failed,)
    limit = recipe.notify_within
    what = (
        f"{test.title} of {batch.batch}: {tested.result.value} {tested.result.unit}".rstrip()
        + f", criterion {limit_shown(test)}; the product is {where}, so {blocked}. "
        f"To be told within {limit.value:f} {limit.unit} of {tested.at.isoformat(timespec='minutes')}."
    )
    return failed, NoticeSent(therapy.ordered_by or "treating physician", f"late failure of {test.name}", what)
