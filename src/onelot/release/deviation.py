"""Deviations: opened by whoever sees one, assessed by quality while open, closed by it with cause and impact.

Nobody assesses or closes a deviation in work of their own, nor the one they opened. An open critical or major deviation
blocks every disposition but rejection; a minor one is shown as unusual.
"""

from __future__ import annotations

from onelot.record.errors import BadInput, Held, NotAllowed
from onelot.record.events.batch import DeviationAssessed, DeviationClosed, DeviationOpened
from onelot.record.subjects.batch import Batch
from onelot.record.subjects.departures import SEVERITIES, Deviation, graver
from onelot.record.subjects.therapy import Therapy


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


def assess_deviation(
    batch: Batch | Therapy, *, deviation: str, severity: str, impact: str, meanwhile: str, by: str
) -> DeviationAssessed:
    """Quality says how grave an open deviation is, what it touches, and what is decided until it is closed.

    Raises:
        BadInput: there is no such open deviation, or no such class. Held: the class would be lowered, or nothing is
            said of impact and decision. NotAllowed: own work or own deviation.
    """
    place, found = _open(batch, deviation)
    if severity not in SEVERITIES:
        raise BadInput(
            f"{severity!r} is no class of deviation",
            rule=f"a deviation is {', '.join(SEVERITIES)}",
            remedy="choose its class",
            place=place,
        )
    if graver(severity, found.severity) != severity:
        raise Held(
            f"{deviation} is {found.severity}, and stays so until it is closed",
            rule="an assessment can make a deviation graver; what blocks is lifted by its closure alone",
            remedy="keep its class, and write into the impact why it is lighter; close it when the cause is known",
            place=place,
        )
    if not impact.strip() or not meanwhile.strip():
        raise Held(
            f"{deviation} cannot be assessed without impact and decision",
            rule="an assessment says what is touched and what is done until the deviation is closed",
            remedy="write both, as far as they are known",
            place=place,
        )
    _independent(batch, found, by, place)
    return DeviationAssessed(deviation, severity, impact, meanwhile)


def _open(batch: Batch | Therapy, deviation: str) -> tuple[str, Deviation]:
    place = batch.batch if isinstance(batch, Batch) else batch.coi
    found = batch.deviations.get(deviation)
    if found is None or found.closed_by:
        raise BadInput(
            f"{deviation!r} is {'closed already' if found else 'unknown'} in {place}",
            rule="an open deviation is closed once",
            remedy="look at the record's open deviations",
            place=place,
        )
    return place, found


def _independent(batch: Batch | Therapy, found: Deviation, by: str, place: str) -> None:
    workers = batch.workers if isinstance(batch, Batch) else batch.collectors
    if not by.startswith("person/") or by in workers or by == found.opened_by:
        raise NotAllowed(
            f"{by or 'nobody'} cannot judge {found.deviation}",
            rule="nobody approves their own work: who judges neither worked on the batch nor opened the deviation",
            remedy="ask another person of quality",
            place=place,
        )


def close_deviation(batch: Batch | Therapy, *, deviation: str, cause: str, impact: str, by: str) -> DeviationClosed:
    """Quality closes an open deviation of a batch, or of a therapy's collection. `by`: who signs, `person/...`.

    Raises:
        BadInput: there is no such open deviation. Held: cause or impact missing. NotAllowed: own work or own deviation.
    """
    place, found = _open(batch, deviation)
    if not cause.strip() or not impact.strip():
        raise Held(
            f"{deviation} cannot be closed without cause and impact",
            rule="21 CFR 211.192: an investigation has conclusions and follow-up",
            remedy="write the cause and the impact on this batch and on others",
            place=place,
        )
    _independent(batch, found, by, place)
    return DeviationClosed(deviation, cause, impact)
