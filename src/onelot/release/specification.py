"""One result against one test of the specification.

A verdict is `pass`, `out_of_specification` or `negative_to_date`; what cannot be judged is refused, never passed.

    numeric    the result's unit equals the limit's, converts to it, or becomes it by dividing by the limit's basis
    text       the result reads as the test's `equals`
    to date    an interim "negative to date" counts only where the test allows it
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation

from onelot.record.errors import BadInput, Held
from onelot.record.events.batch import Tested
from onelot.record.recipe import Quantity, Test
from onelot.record.subjects.batch import Batch, Result
from onelot.record.units import same_dimension

PASS = "pass"
OUT = "out_of_specification"
TO_DATE = "negative_to_date"
CORRECTED = "corrected"
MISSING = "missing"

_TO_DATE_TEXTS = frozenset({"negative to date", "no growth to date", "not detected to date"})

Convert = Callable[[Decimal, str, str], Decimal]


@dataclass(frozen=True, slots=True)
class Basis:
    """How much of a basis there is, to divide by: 68 kg body weight, 250 mL of product."""

    amount: Decimal
    unit: str


def verdict(test: Test, value: str, unit: str, bases: Mapping[str, Basis], *, convert: Convert | None = None) -> str:
    """Judge one result.

    Args:
        test: the test with its limits, or `equals` for a text result.
        value: the result as reported: a decimal number, or a text.
        unit: UCUM unit of a numeric result; "" or the test's for a text.
        bases: limit basis (as the recipe words it) -> its amount, for limits per something (per kg body weight).
        convert: value, unit, wanted unit -> value in the wanted unit; raises when the dimensions differ.

    Returns:
        `pass`, `out_of_specification` or `negative_to_date`.

    Raises:
        Held: no criterion, a unit or basis that is not known, or an interim result the test does not allow.
        BadInput: a numeric test with a result that is no finite number.
    """
    if _is_to_date(value):
        if test.stage == "final" and test.to_date:
            return TO_DATE
        raise Held(
            f"{test.title}: an interim result is no evidence for this test",
            rule=f"specification, test {test.name}: no negative-to-date result is foreseen",
            remedy="wait for the end of the test and report its result",
        )
    if test.equals:
        return PASS if _plain(value) == _plain(test.equals) else OUT
    if test.low is None and test.high is None:
        raise Held(
            f"{test.title} has no acceptance criterion",
            rule="21 CFR 211.165(d): acceptance criteria; deny unless proven",
            remedy="give the test a limit in the recipe's specification and have it approved",
        )
    number = _number(test, value)
    if test.low is not None and _on_limit(test, test.low, number, unit, bases, convert) < test.low.value:
        return OUT
    if test.high is not None and _on_limit(test, test.high, number, unit, bases, convert) > test.high.value:
        return OUT
    return PASS


def judge(
    test: Test,
    value: str,
    unit: str,
    bases: Mapping[str, Basis],
    *,
    sampled_at: datetime,
    verified_by: str = "",
    convert: Convert | None = None,
) -> Tested:
    """The event for one result: method and limit are the specification's, the verdict follows from the value."""
    found = verdict(test, value, unit, bases, convert=convert)
    return Tested(test.name, value, unit, test.method, found, sampled_at, limit_shown(test), verified_by)


def judge_again(
    test: Test, corrected: Result, bases: Mapping[str, Basis], *, verified_by: str = "", convert: Convert | None = None
) -> Tested:
    """The event that judges a corrected result anew: same sample, the right value."""
    was = corrected.result
    return judge(test, was.value, was.unit, bases, sampled_at=was.sampled_at, verified_by=verified_by, convert=convert)


def limit_shown(test: Test) -> str:
    """The acceptance criterion as people read it: limits with unit and basis."""
    if test.equals:
        return test.equals
    parts = []
    if test.low is not None:
        parts.append(f"≥ {test.low.value:f} {_spoken(test.low)}")
    if test.high is not None:
        parts.append(f"≤ {test.high.value:f} {_spoken(test.high)}")
    return " and ".join(parts) or "none"


def standing(test: Test, batch: Batch, now: datetime) -> tuple[str, Result | None]:
    """What the batch's results prove about a test, whatever their order: state and the result it rests on.

    Any result out of specification counts until it is corrected with a reason; a corrected result counts as unproven
    until the same sample is judged anew; otherwise one pass suffices, else a negative-to-date result.
    """
    found = [each for each in batch.results if each.result.test == test.name]
    for each in found:
        if each.result.verdict == OUT or _contradicts(test, each):
            return OUT, each
    for each in found:
        if each.result.verdict not in (PASS, TO_DATE) and not any(_same_sample(each, other) for other in found):
            return CORRECTED, each
    valid = [each for each in found if _is_evidence(test, each, now)]
    for wanted in (PASS, TO_DATE):
        for each in reversed(valid):
            if each.result.verdict == wanted and (wanted == PASS or test.to_date):
                return wanted, each
    return MISSING, None


def _same_sample(corrected: Result, other: Result) -> bool:
    return (
        other.result.verdict in (PASS, TO_DATE)
        and other.result.value == corrected.result.value
        and other.result.sampled_at == corrected.result.sampled_at
        and other.cite.seq > corrected.cite.seq
    )


def _is_evidence(test: Test, found: Result, now: datetime) -> bool:
    """By the specification's method, sampled in the past, against today's limit, not verified by its own tester."""
    result = found.result
    return (
        result.method == test.method
        and result.sampled_at <= now
        and result.limit == limit_shown(test)
        and result.verified_by != found.by
    )


def _contradicts(test: Test, found: Result) -> bool:
    """Whether a recorded pass plainly fails today's limit; what needs a basis was judged when it was recorded."""
    if found.result.verdict != PASS:
        return False
    try:
        return verdict(test, found.result.value, found.result.unit, {}) == OUT
    except (Held, BadInput):
        return False


def _is_to_date(value: str) -> bool:
    return _plain(value) in _TO_DATE_TEXTS


def _plain(text: str) -> str:
    return " ".join(text.replace("_", " ").split()).casefold()


def _number(test: Test, value: str) -> Decimal:
    try:
        number = Decimal(value.strip())
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise BadInput(
            f"{test.title}: {value!r} is not a number",
            rule=f"specification, test {test.name}: a number in {test.unit}",
            remedy="report the number with its unit; write a correction if it was mistyped",
        )
    return number


def _on_limit(
    test: Test, limit: Quantity, number: Decimal, unit: str, bases: Mapping[str, Basis], convert: Convert | None
) -> Decimal:
    """The result in the limit's unit, divided by the limit's basis where the limit is per something."""
    if unit == limit.unit:
        return number
    basis = bases.get(limit.basis)
    if basis is not None and basis.amount > 0:
        per = f"{unit}/{basis.unit}"
        if per == limit.unit:
            return number / basis.amount
        if convert is not None and same_dimension(per, limit.unit):
            return convert(number / basis.amount, per, limit.unit)
    if convert is not None and same_dimension(unit, limit.unit):
        return convert(number, unit, limit.unit)
    raise Held(
        f"{test.title}: a result in {unit or 'no unit'} cannot be held against {limit.value:f} {_spoken(limit)}",
        rule="every quantity has a unit and every limit a basis; what cannot be compared does not pass",
        remedy=f"report the result in {limit.unit}, or give the amount of the basis",
    )


def _spoken(limit: Quantity) -> str:
    unit = "" if limit.unit == "1" else limit.unit
    return " ".join(part for part in (unit, limit.basis) if part)
