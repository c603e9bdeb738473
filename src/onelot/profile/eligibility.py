"""May this patient go on, for this product, now? Every gate is closed until a known, valid fact opens it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from onelot.profile.facts import missing, outdated
from onelot.profile.read_fhir import NEVER, searched
from onelot.record.durations import span
from onelot.record.errors import BadInput, OnelotError
from onelot.record.recipe import FactNeed, MasterRecipe, Rule, Washout
from onelot.record.terms.opened import OpenFact, Value
from onelot.record.terms.values import Finding

FormulaValue = Value | datetime
Evaluate = Callable[[str, Mapping[str, FormulaValue]], bool | Decimal]

NEVER_AT = datetime(1900, 1, 1, tzinfo=UTC)  # a drug never taken was stopped before anybody's treatment began
CONSENT_PLACE = "Consent.where(status='active').provision.code"


def judge(
    recipe: MasterRecipe,
    facts: Mapping[str, OpenFact],
    *,
    consent: frozenset[str],
    consent_until: datetime | None,
    markers: Mapping[str, OpenFact],
    now: datetime,
    evaluate: Evaluate,
    gathered: Sequence[Finding] = (),
    decided: frozenset[str] = frozenset(),
) -> tuple[Finding, ...]:
    """Every reason for which this patient may not go on; empty means eligible.

    Args:
        recipe: its consent scopes, facts, markers and eligibility rules are the gates.
        facts: known facts by name, valid or not; markers: infection markers by name.
        consent: scopes the patient agreed to; consent_until: when the consent ends, None for never.
        evaluate: (formula, values by name) -> yes/no; dates are moments with zone, and `now` is always among them.
        gathered: findings of `gather`: they say more about a missing fact than is known here.
        decided: washouts on which a qualified person has decided, for the facts as they are.
    """
    found = list(_consent(recipe, consent, consent_until, now))
    closer = {finding.fact: finding for finding in gathered}
    blocked: set[str] = set()
    for need, known in [(n, facts) for n in recipe.facts] + [(n, markers) for n in recipe.markers]:
        finding = _unknown(need, known.get(need.name), now)
        finding = closer.get(need.name, finding)
        if finding is None:
            continue
        # An optional fact holds nobody by itself; a rule that uses it stays closed all the same.
        blocked.add(need.name)
        if need.required:
            found.append(finding)
    needs = {need.name: need for need in (*recipe.facts, *recipe.markers)}
    everything = {**facts, **markers}
    values: dict[str, FormulaValue] = {"now": now}
    for name, fact in everything.items():
        try:
            values[name] = formula_value(fact, needs.get(name))
        except BadInput as cause:
            blocked.add(name)
            found.append(Finding(cause.rule, name, _place(needs[name], fact), cause.what, cause.remedy))
    places = {name: _place(need, everything.get(name)) for name, need in needs.items()}
    for rule in recipe.eligibility:
        found += _rule(rule, recipe, values, blocked, places, {one.fact for one in found}, evaluate)
    for washout in recipe.washouts:
        found += _washout(washout, recipe, facts, needs, blocked, {one.fact for one in found}, decided, now)
    return tuple(found)


def over_at(washout: Washout, fact: OpenFact) -> datetime:
    """When a washout is over, for this fact about a drug or treatment.

    Raises:
        BadInput: the fact is no day.
    """
    return _day(fact) + span(washout.at_least)


def waits(recipe: MasterRecipe, facts: Mapping[str, OpenFact], now: datetime) -> dict[str, datetime]:
    """The washouts that are not over, by name, and when each will be; what is left to a person is no wait."""
    ends = {
        washout.name: over_at(washout, facts[washout.fact])
        for washout in recipe.washouts
        if washout.fact in facts and not washout.decided and _is_day(facts[washout.fact])
    }
    return {name: end for name, end in ends.items() if end > now}


def _washout(
    washout: Washout,
    recipe: MasterRecipe,
    facts: Mapping[str, OpenFact],
    needs: Mapping[str, FactNeed],
    blocked: set[str],
    named: set[str],
    decided: frozenset[str],
    now: datetime,
) -> list[Finding]:
    rule = f"recipe {recipe.identifier} washout {washout.name}: {washout.at_least.value:f} {washout.at_least.unit}"
    rule += f" {washout.at_least.basis} ({washout.at_least.source.shown})"
    need, fact = needs.get(washout.fact), facts.get(washout.fact)
    place = _place(need, fact) if need else washout.fact
    if fact is None or washout.fact in blocked:
        # Nobody passes because nobody said whether the drug was ever given.
        what = f"{washout.title}: {washout.fact} is not known"
        return [] if washout.fact in named else [Finding(rule, washout.fact, place, what, washout.remedy)]
    if over_at(washout, fact) <= now or washout.name in decided:
        return []
    return [Finding(rule, washout.fact, place, washout.otherwise, washout.remedy)]


def formula_value(fact: OpenFact, need: FactNeed | None) -> FormulaValue:
    """A fact as formulas see it: a date becomes the end of that day in UTC, `never` the year 1900."""
    if need is None or need.kind != "date":
        return fact.value
    return _day(fact)


def _is_day(fact: OpenFact) -> bool:
    try:
        return bool(_day(fact))
    except BadInput:
        return False


def _day(fact: OpenFact) -> datetime:
    """The end of the fact's day, in UTC."""
    if fact.value == NEVER:
        return NEVER_AT
    try:
        day = date.fromisoformat(str(fact.value))
    except ValueError as cause:
        raise BadInput(
            f"{fact.name} is no day",
            rule="a date is a day (YYYY-MM-DD) or `never`",
            remedy="correct the fact at its source",
            place=fact.place,
        ) from cause
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)


def _consent(recipe: MasterRecipe, scopes: frozenset[str], until: datetime | None, now: datetime) -> list[Finding]:
    rule = f"recipe {recipe.identifier}: consent to {', '.join(recipe.consent)}"
    if scopes and until is not None and now > until:
        return [
            Finding(
                rule,
                "consent",
                "Consent.provision.period",
                f"the consent ended on {until:%Y-%m-%d}",
                "ask the patient again and record the new consent",
            )
        ]
    return [
        Finding(
            rule,
            f"consent:{scope}",
            CONSENT_PLACE,
            f"the patient has not consented to {scope.replace('_', ' ')}",
            "ask the patient and record the consent, or end the therapy",
        )
        for scope in recipe.consent
        if scope not in scopes
    ]


def _unknown(need: FactNeed, fact: OpenFact | None, now: datetime) -> Finding | None:
    if fact is None:
        return missing(need)
    return outdated(need, fact, now)


def _rule(
    rule: Rule,
    recipe: MasterRecipe,
    values: Mapping[str, FormulaValue],
    blocked: set[str],
    places: Mapping[str, str],
    named: set[str],
    evaluate: Evaluate,
) -> list[Finding]:
    cited = f"recipe {recipe.identifier} rule {rule.name} ({rule.source.shown})"
    unknown = [name for name in rule.uses if name not in rule.constants and (name in blocked or name not in values)]
    if unknown:
        # A fact already named as missing need not be named again by every rule that uses it.
        return [
            Finding(cited, name, places.get(name, name), f"{rule.title}: {name} is not known", rule.remedy)
            for name in unknown
            if name not in named
        ]
    constants = {name: quantity.value for name, quantity in rule.constants.items()}
    used = {name: values[name] for name in (*rule.uses, "now") if name in values}
    place = " and ".join(places[name] for name in rule.uses if name in places)
    fact = ", ".join(name for name in rule.uses if name in places)
    try:
        verdict = evaluate(rule.formula, {**used, **constants})
    except OnelotError as cause:
        return [Finding(cited, fact, place, f"{rule.title}: cannot be judged: {cause.what}", cause.remedy)]
    if verdict is True:
        return []
    return [Finding(cited, fact, place, rule.otherwise, rule.remedy)]


def _place(need: FactNeed, fact: OpenFact | None) -> str:
    return f"{searched(need)} at {fact.place}" if fact else searched(need)
