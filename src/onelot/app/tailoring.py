"""What a person sees of a tailoring: facts, what follows from them, which rests on which, and what is blocked.

Opened values, for people who may see them. Pure reading: it computes what would be set now, and records nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from onelot.app import advice, rules
from onelot.app.commands.profile import GENOMIC
from onelot.app.commands.tailor import guide_for
from onelot.app.context import Context
from onelot.profile.eligibility import waits
from onelot.profile.genotype import for_people
from onelot.record.errors import OnelotError
from onelot.record.recipe import FactNeed, MasterRecipe
from onelot.record.subjects import Therapy
from onelot.record.subjects.therapy import KnownFact
from onelot.record.terms.opened import OpenFact, OpenParameter, Value
from onelot.tailor import facts_used, tailor
from onelot.tailor.dose_rules import within_rules

# Characters that fit beside a title.
LONG, DECIMALS = 48, 3
PARAMETER, DRUG = "parameter/", advice.DRUG


@dataclass(frozen=True)
class FactRow:
    """A fact as it stands. before: what it replaced, newest first; state: known, outdated or unknown.

    recorded_at: on this record; age_d: days since it was observed, or recorded where its time stays in the source;
    acts: `computes` (a parameter or advice rests on it), `gates` (a rule of eligibility or a washout asks for it), or
    "" (it is shown and does nothing).
    """

    name: str
    title: str
    value: str
    unit: str
    observed_at: datetime | None
    recorded_at: datetime | None
    age_d: int | None
    valid_until: datetime | None
    place: str
    source: str
    synthetic: bool
    state: str
    before: tuple[str, ...]
    acts: str

    @property
    def long(self) -> bool:
        """Whether the value needs a line of its own."""
        return len(self.value) + len(self.unit) + len(self.title) > LONG


@dataclass(frozen=True)
class ResultRow:
    """A parameter or the advice on a drug.

    key: `parameter/NAME` or `drug/NAME`; value: as tailored, or what the gate found; after: what it would be now, where
    that differs; state: set, open (not tailored yet), stale, held, decided, usual or none; inputs: names of facts.
    """

    key: str
    title: str
    value: str
    unit: str
    basis: str
    how: str
    source: str
    state: str
    after: str
    inputs: tuple[str, ...]
    decision: str = ""


@dataclass(frozen=True)
class Blocked:
    """One thing that is in the way: what, by which rule, what to do now; decide: what a decision would be about;
    until: when a washout is over by itself."""

    what: str
    rule: str
    remedy: str
    decide: str = ""
    until: datetime | None = None


@dataclass(frozen=True)
class Tailored:
    """The whole page. approved_by: who signed the parameters, "" for nobody."""

    therapy: Therapy
    recipe: MasterRecipe
    facts: tuple[FactRow, ...]
    results: tuple[ResultRow, ...]
    blocked: tuple[Blocked, ...]
    standing: tuple[advice.Standing, ...]
    approved_by: str
    issued: bool

    def facts_that(self, acts: str) -> tuple[FactRow, ...]:
        """The facts that compute, gate or do nothing, in the order of what rests on them."""
        return tuple(each for each in self.facts if each.acts == acts)

    @property
    def may_sign(self) -> bool:
        """Whether nothing is in the way of a signature that is still missing."""
        return self.therapy.tailoring is not None and not self.approved_by and not self.blocked


def tailored(context: Context, therapy: Therapy) -> Tailored:
    """Everything about a therapy's tailoring, as it stands now.

    Raises:
        Erased: the patient's health key is gone.
    """
    if therapy.recipe is None:
        raise LookupError(therapy.coi)
    recipe = context.reader.recipe(therapy.recipe)
    facts = context.open_facts(therapy)
    standing = advice.standing(context, therapy)
    results = (*_parameters(context, therapy, recipe, facts), *_drugs(context, therapy, recipe, standing, facts))
    used = {name: None for row in results for name in row.inputs}
    tailoring = therapy.tailoring
    return Tailored(
        therapy,
        recipe,
        tuple(_facts(context, therapy, recipe, facts, list(used))),
        results,
        tuple(_blocked(context, therapy, recipe, standing, waits(recipe, facts, context.now))),
        standing,
        tailoring.approved_by if tailoring and tailoring.approved else "",
        rules.issued(context, therapy),
    )


def number(value: Value) -> str:
    """A value as people read it: digits of large numbers in groups of three."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        plain = f"{value:,f}".replace(",", "\u202f")
        return plain.rstrip("0").rstrip(".") if "." in plain else plain
    return for_people(value)


def brief(text: str) -> str:
    """A number with more decimals than anybody reads, rounded and marked so; anything else as it is."""
    whole, dot, decimals = text.partition(".")
    if not dot or len(decimals) <= DECIMALS or not decimals.isdigit():
        return text
    return f"≈ {number(round(Decimal(text.replace(chr(0x202F), '')), DECIMALS))}"


def unit_of(code: str) -> str:
    """A UCUM code as people read it: an annotation is its word, the unit 1 is nothing."""
    return "" if code == "1" else code.replace("{", "").replace("}", "")


def _parameters(
    context: Context, therapy: Therapy, recipe: MasterRecipe, facts: Mapping[str, OpenFact]
) -> Iterator[ResultRow]:
    known, titles = context.open_parameters(therapy), {each.name: each for each in recipe.parameters}
    stale, now = therapy.stale, _as_now(context, therapy, recipe, facts) if therapy.stale else {}
    for name, rule in titles.items():
        found = known.get(name)
        if found is None:
            how = rule.formula or f"band {rule.band}"
            yield ResultRow(
                f"{PARAMETER}{name}", rule.title, "", unit_of(rule.unit), rule.basis, how, rule.source.shown, "open",
                "", facts_used(recipe, name),
            )  # fmt: skip
            continue
        after = now.get(name)
        yield ResultRow(
            f"{PARAMETER}{name}", rule.title, number(found.value), unit_of(found.unit), found.basis, found.formula,
            found.rule_source, "stale" if name in stale else "set",
            number(after.value) if after and after.value != found.value else "", found.inputs,
        )  # fmt: skip
    yield from _guide(known, therapy, recipe)


def _guide(known: Mapping[str, OpenParameter], therapy: Therapy, recipe: MasterRecipe) -> Iterator[ResultRow]:
    """The patient's own guide, beside the numbers; the choice behind it is read on the page of the guide."""
    editing = recipe.editing
    if editing is None:
        return
    found = known.get(editing.parameter)
    state = "open" if found is None else "stale" if editing.parameter in therapy.stale else "set"
    yield ResultRow(
        f"{PARAMETER}{editing.parameter}", editing.title, found.shown if found else "", "",
        found.basis if found else "",
        found.formula if found else "", editing.source.shown, state, "", (editing.fact,),
    )  # fmt: skip


def _as_now(
    context: Context, therapy: Therapy, recipe: MasterRecipe, facts: Mapping[str, OpenFact]
) -> dict[str, OpenParameter]:
    """What tailoring would set now; nothing where it would be refused."""
    try:
        found = tailor(recipe, facts, context.now, guide_for(context, recipe, therapy))
        ruled = rules.dose_rules_of(context, recipe)
        if ruled:
            found = within_rules(ruled[1], recipe, facts, found, context.now)
    except OnelotError:
        return {}
    return {each.name: each for each in found}


def _drugs(
    context: Context,
    therapy: Therapy,
    recipe: MasterRecipe,
    standing: tuple[advice.Standing, ...],
    facts: Mapping[str, OpenFact],
) -> Iterator[ResultRow]:
    found = {each.drug: each for each in standing}
    now = {each.drug: value for each, value in _weighed_now(context, therapy, recipe, standing)}
    for drug in recipe.drugs:
        each = found.get(drug)
        if each is None:
            yield ResultRow(f"{DRUG}{drug}", drug, "", "", "", "", "", "open", "", ())
            continue
        state = "none" if each.state == "none" else "decided" if each.choice else "usual"
        state = "stale" if each.stale else "held" if each.holds else state
        after = str(now[drug]["told"]) if each.stale and drug in now else ""
        table = each.guideline.stream.removeprefix("document/") if each.guideline else ""
        yield ResultRow(
            f"{DRUG}{drug}", drug, each.told, "", "", "", table, state, after,
            tuple(f"{advice.PGX}{gene}" for gene in each.genes), each.choice,
        )  # fmt: skip


def _weighed_now(
    context: Context, therapy: Therapy, recipe: MasterRecipe, standing: tuple[advice.Standing, ...]
) -> tuple[advice.Weighed, ...]:
    return advice.weigh_regimen(context, therapy, recipe) if any(each.stale for each in standing) else ()


def _facts(
    context: Context, therapy: Therapy, recipe: MasterRecipe, facts: Mapping[str, OpenFact], used: list[str]
) -> Iterator[FactRow]:
    needs = {need.name: need for need in (*recipe.facts, *recipe.markers)}
    rules_read = {name for rule in recipe.eligibility for name in rule.uses} | {each.fact for each in recipe.washouts}
    older: dict[str, list[KnownFact]] = {}
    for known in therapy.superseded:
        older.setdefault(known.fact.name, []).insert(0, known)
    order = [*used, *(name for name in facts if name not in used)]
    for name in order:
        fact, need = facts.get(name), needs.get(name)
        before = tuple(
            f"{number(context.open(each.fact.value))} {unit_of(each.fact.unit)}".strip() for each in older.get(name, ())
        )
        acts = "computes" if name in used else "gates" if name in rules_read else ""
        cite = therapy.facts[name].cite if name in therapy.facts else None
        recorded = context.journal.read(cite.stream, cite.seq - 1)[0].at if cite else None
        yield _row(context, name, need, fact, before, acts, recorded)


def _row(
    context: Context,
    name: str,
    need: FactNeed | None,
    fact: OpenFact | None,
    before: tuple[str, ...],
    acts: str,
    recorded: datetime | None,
) -> FactRow:
    title = need.title if need else name.removeprefix(advice.PGX) if name.startswith(GENOMIC) else name
    if fact is None:
        return FactRow(name, title, "", "", None, None, None, None, "", "", False, "unknown", before, acts)
    late = fact.valid_until is not None and fact.valid_until < context.now
    since = fact.observed_at or recorded
    age = (context.now - since).days if since else None
    return FactRow(
        name, title, number(fact.value), unit_of(fact.unit), fact.observed_at, recorded, age, fact.valid_until,
        fact.place, fact.source, fact.synthetic, "outdated" if late else "known", before, acts,
    )  # fmt: skip


def _blocked(
    context: Context,
    therapy: Therapy,
    recipe: MasterRecipe,
    standing: tuple[advice.Standing, ...],
    over: Mapping[str, datetime],
) -> Iterator[Blocked]:
    until = {each.fact: over.get(each.name) for each in recipe.washouts}
    left = {each.fact: f"rule/{each.name}" for each in recipe.washouts if each.decided}
    for step, findings in therapy.holds.items():
        if step not in (advice.STEP, "rule review"):
            for one in findings:
                yield Blocked(one.what, one.rule, one.remedy, left.get(one.fact, ""), until.get(one.fact))
    for each in standing:
        if each.stale:
            yield Blocked(each.drug, advice.RULE, "weigh")
        elif each.holds:
            yield Blocked(each.told, advice.RULE, "decide", f"{DRUG}{each.drug}")
    if therapy.stale:
        names = ", ".join(sorted(therapy.stale))
        yield Blocked(names, "a parameter whose source fact was corrected blocks the next step", "tailor")
    for due in rules.reviews(context, therapy):
        yield Blocked(due.name, "an unissued tailoring goes by the rules in effect", "review", f"review/{due.name}")
