"""Deviations: opened by whoever sees one, closed by quality with cause and impact.

Nobody closes a deviation in work of their own, nor the one they opened. An open critical or major deviation blocks
every disposition but rejection; a minor one is shown as unusual.
"""

from __future__ import annotations

from onelot.record.errors import BadInput, Held, NotAllowed
from onelot.record.events.batch import DeviationClosed, DeviationOpened
from onelot.record.subjects.batch import Batch
from onelot.record.subjects.therapy import Therapy

SEVERITIES = ("minor", "major", "critical")


def open_deviation(batch: Batch, *, deviation: str, severity: str, what: str, rule: str) -> DeviationOpened:
    """A departure from instruction or standard.

    Args:
        deviation: its number, new in this batch.
        severity: minor, major or critical.
        what: what happened, one sentence.
        rule: the instruction or standard departed from.

    Raises:
        BadInput: unknown class, empty text, or a number already in use.
    """
    problem = ""
    if severity not in SEVERITIES:
        problem = f"{severity!r} is no class of deviation"
    elif not what.strip() or not rule.strip():
        problem = "a deviation says what happened and which rule it departs from"
    elif not deviation or deviation in batch.deviations:
        problem = f"the number {deviation!r} is empty or already taken in {batch.batch}"
    if problem:
        raise BadInput(
            problem,
            rule=f"a deviation has a new number, a class ({', '.join(SEVERITIES)}), a fact and a rule",
            remedy="correct the entry and send it again",
            place=batch.batch,
        )
    return DeviationOpened(deviation, severity, what, rule)


def close_deviation(batch: Batch | Therapy, *, deviation: str, cause: str, impact: str, by: str) -> DeviationClosed:
    """Quality closes an open deviation of a batch, or of a therapy's collection. `by`: who signs, `person/...`.

    Raises:
        BadInput: there is no such open deviation. Held: cause or impact missing. NotAllowed: own work or own deviation.
    """
    place = batch.batch if isinstance(batch, Batch) else batch.coi
    workers = batch.workers if isinstance(batch, Batch) else batch.collectors
    found = batch.deviations.get(deviation)
    if found is None or found.closed_by:
        raise BadInput(
            f"{deviation!r} is {'closed already' if found else 'unknown'} in {place}",
            rule="an open deviation is closed once",
            remedy="look at the record's open deviations",
            place=place,
        )
    if not cause.strip() or not impact.strip():
        raise Held(
            f"{deviation} cannot be closed without cause and impact",
            rule="21 CFR 211.192: an investigation has conclusions and follow-up",
            remedy="write the cause and the impact on this batch and on others",
            place=place,
        )
    if not by.startswith("person/") or by in workers or by == found.opened_by:
        raise NotAllowed(
            f"{by or 'nobody'} cannot close {deviation}",
            rule="nobody approves their own work: the closer neither worked on the batch nor opened the deviation",
            remedy="ask another person of quality",
            place=place,
        )
    return DeviationClosed(deviation, cause, impact)
