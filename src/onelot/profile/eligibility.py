"""May this patient go on, for this product, now? Every gate is closed until a known, valid fact opens it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

from onelot.profile.facts import missing, outdated
from onelot.profile.read_fhir import NEVER, searched
from onelot.record.errors import OnelotError
from onelot.record.recipe import FactNeed, MasterRecipe, Rule
from onelot.record.terms.opened import OpenFact, Value
from onelot.record.terms.values import Finding

Evaluate = Callable[[str, Mapping[str, Value]], bool | Decimal]

NEVER_D = Decimal(36525)  # a drug never taken was stopped a century ago
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
) -> tuple[Finding, ...]:
    """Every reason for which this patient may not go on; empty means eligible.

    Args:
        recipe: its consent scopes, facts, markers and eligibility rules are the gates.
        facts: known facts by name, valid or not; markers: infection markers by name.
        consent: scopes the patient agreed to; consent_until: when the consent ends, None for never.
        evaluate: (formula, values by name) -> yes/no; a date is handed over as days until now.
        gathered: findings of `gather`: they say more about a missing fact than is known here.
    """
    found = list(_consent(recipe, consent, consent_until, now))
    closer = {finding.fact: finding for finding in gathered}
    blocked: set[str] = set()
    for need, known in [(n, facts) for n in recipe.facts] + [(n, markers) for n in recipe.markers]:
        finding = _unknown(need, known.get(need.name), now)
        if finding is not None:
            blocked.add(need.name)
        if finding is None or need.required:
            finding = closer.get(need.name, finding)
        else:
            finding = None
        if finding is not None:
            blocked.add(need.name)
            found.append(finding)
    needs = {need.name: need for need in (*recipe.facts, *recipe.markers)}
    values = {name: formula_value(fact, needs.get(name), now) for name, fact in {**facts, **markers}.items()}
    for rule in recipe.eligibility:
        found += _rule(rule, recipe, values, blocked, needs, {one.fact for one in found}, evaluate)
    return tuple(found)


def formula_value(fact: OpenFact, need: FactNeed | None, now: datetime) -> Value:
    """A fact as formulas see it: a date becomes the whole days from it until now, `never` 36525."""
    if need is None or need.kind != "date":
        return fact.value
    if fact.value == NEVER:
        return NEVER_D
    return Decimal((now.date() - date.fromisoformat(str(fact.value))).days)


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
    values: Mapping[str, Value],
    blocked: set[str],
    needs: Mapping[str, FactNeed],
    named: set[str],
    evaluate: Evaluate,
) -> list[Finding]:
    cited = f"recipe {recipe.identifier} rule {rule.name} ({rule.source.shown})"
    unknown = [name for name in rule.uses if name not in rule.constants and (name in blocked or name not in values)]
    if unknown:
        # A fact already named as missing need not be named again by every rule that uses it.
        return [
            Finding(cited, name, _place(needs, name), f"{rule.title}: {name} is not known", rule.remedy)
            for name in unknown
            if name not in named
        ]
    constants = {name: quantity.value for name, quantity in rule.constants.items()}
    used = {name: values[name] for name in rule.uses if name in values}
    place = " and ".join(_place(needs, name) for name in rule.uses if name in needs)
    fact = ", ".join(name for name in rule.uses if name in needs)
    try:
        verdict = evaluate(rule.formula, {**used, **constants})
    except OnelotError as cause:
        return [Finding(cited, fact, place, f"{rule.title}: cannot be judged: {cause.what}", cause.remedy)]
    if verdict is True:
        return []
    return [Finding(cited, fact, place, rule.otherwise, rule.remedy)]


def _place(needs: Mapping[str, FactNeed], name: str) -> str:
    return searched(needs[name]) if name in needs else name
