"""The drugs around the product, weighed: which advice stands, what a person decided on it, and what still holds.

What was weighed is sealed in the record; here it is opened, and put together with the decisions that stand for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import orjson

from onelot.app.context import Context
from onelot.app.rules import guideline_at, guideline_name, in_effect
from onelot.profile.genotype import read_genotype
from onelot.record.errors import Held
from onelot.record.recipe import MasterRecipe
from onelot.record.subjects import Therapy
from onelot.record.terms.opened import OpenFact
from onelot.record.terms.values import Advice, Cite, Finding, Input
from onelot.tailor.guideline import guidance_of
from onelot.tailor.pharmacogenomics import GenePossibility, Verdict, weigh

STEP = "pharmacogenomics"
PGX, DRUG = "pgx_", "drug/"
RULE = "the gate on drugs around the product: what is unknown, or asks for a change, holds the plan until it is decided"


@dataclass(frozen=True)
class Standing:
    """The advice on one drug as it stands.

    state: advice, indeterminate, none, or unlisted (no approved guideline); weighed: gene -> keys still possible;
    lines: of the guideline, as plain values; choice, reason, by: of the decision that stands for it, else "";
    stale: a gene was called or corrected since.
    """

    drug: str
    state: str
    actionable: bool
    told: str
    weighed: tuple[tuple[str, tuple[str, ...]], ...]
    lines: tuple[Mapping[str, Any], ...]
    guideline: Cite | None
    genes: tuple[str, ...]
    stale: bool
    choice: str = ""
    reason: str = ""
    by: str = ""

    @property
    def needs_decision(self) -> bool:
        """Whether a qualified person has to decide, or had to."""
        return self.state in ("indeterminate", "unlisted") or self.actionable

    @property
    def holds(self) -> bool:
        """Whether it holds the plan."""
        return self.stale or (self.needs_decision and not self.choice)


@dataclass(frozen=True)
class Made:
    """A decision as it stands or is about to: on which matter and documents, its content in the clear, by whom."""

    about: str
    documents: tuple[Cite, ...]
    content: Mapping[str, Any]
    by: str


Weighed = tuple[Advice, Mapping[str, Any]]


def weigh_regimen(context: Context, therapy: Therapy, recipe: MasterRecipe) -> tuple[Weighed, ...]:
    """Weigh every drug of a recipe by the guidelines in effect and the facts known: sealed, and in the clear."""
    facts = context.open_facts(therapy)
    genes = possibilities(facts)
    return tuple(_advice(context, therapy, drug, genes) for drug in recipe.drugs)


def possibilities(facts: Mapping[str, OpenFact]) -> dict[str, GenePossibility]:
    """What the facts leave possible for each gene that was called; what does not act is unknown to the gate."""
    found = {}
    for name, fact in facts.items():
        if name.startswith(PGX):
            told = read_genotype(str(fact.value))
            gene = name.removeprefix(PGX)
            found[gene] = GenePossibility(gene, told.keys, told.phenotypes, (fact.place,), told.outside)
    return found


def _advice(context: Context, therapy: Therapy, drug: str, genes: Mapping[str, GenePossibility]) -> Weighed:
    cite = in_effect(context, guideline_name(drug))
    asked: tuple[str, ...] = ()
    if cite is None:
        value = _plain(Verdict(drug, "none", (), (), True, f"No guideline on {drug} is approved here."), "unlisted")
    else:
        guideline = guideline_at(context, cite)
        asked = guideline.genes
        value = _plain(weigh(drug, genes, guidance_of([guideline])), "")
    known = [therapy.facts[f"{PGX}{gene}"] for gene in asked if f"{PGX}{gene}" in therapy.facts]
    inputs = tuple(Input(each.fact.name, each.fact.value.commitment, each.cite) for each in known)
    label = f"therapy/{therapy.coi}/{therapy.seq}/advice/{drug}"
    text = orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
    return Advice(drug, asked, inputs, cite, context.seal(therapy.patient, text, label)), value


def _plain(verdict: Verdict, state: str) -> dict[str, Any]:
    return {
        "state": state or verdict.state,
        "actionable": verdict.actionable,
        "told": verdict.reason,
        "weighed": [[gene, list(keys)] for gene, keys in verdict.weighed],
        "lines": [asdict(line) for line in verdict.lines],
    }


def standing(context: Context, therapy: Therapy) -> tuple[Standing, ...]:
    """The advice on every drug as it was last weighed, what holds first.

    Raises:
        Erased: the patient's health key is gone.
    """
    opened = [(each, orjson.loads(str(context.open(each.verdict)))) for each in therapy.advice.values()]
    return stand(therapy, opened, decisions_on(context, therapy, DRUG))


def stand(therapy: Therapy, found: Iterable[Weighed], decisions: Iterable[Made]) -> tuple[Standing, ...]:
    """What was weighed together with the decisions that stand for exactly that, what holds first."""
    made = tuple(decisions)
    each = (_standing(therapy, advice, value, made) for advice, value in found)
    return tuple(sorted(each, key=lambda one: not one.holds))


def _standing(therapy: Therapy, advice: Advice, value: Mapping[str, Any], decisions: Iterable[Made]) -> Standing:
    weighed = tuple((gene, tuple(keys)) for gene, keys in value["weighed"])
    documents = (advice.guideline,) if advice.guideline else ()
    choice = reason = by = ""
    for made in decisions:
        same = made.documents == documents and made.content["weighed"] == value["weighed"]
        if made.about == f"{DRUG}{advice.drug}" and same:
            choice, reason, by = made.content["choice"], made.content["reason"], made.by
    recorded = therapy.advice.get(advice.drug) is advice
    return Standing(
        advice.drug,
        value["state"],
        bool(value["actionable"]),
        value["told"],
        weighed,
        tuple(value["lines"]),
        advice.guideline,
        advice.genes,
        recorded and advice.drug in therapy.stale_advice,
        choice,
        reason,
        by,
    )


def decisions_on(context: Context, therapy: Therapy, about: str) -> Iterator[Made]:
    """The decisions on matters that begin like this, oldest first, with their content opened."""
    for made in therapy.decisions:
        if made.about.startswith(about):
            yield Made(made.about, made.documents, orjson.loads(str(context.open(made.content))), made.by)


def check_advice(context: Context, therapy: Therapy) -> None:
    """Refuse while a drug is not weighed, its advice is stale, or nobody has decided on what needs a decision.

    Raises:
        Held: naming the drugs and what to do now; never what was found.
    """
    recipe = context.reader.recipe(therapy.recipe) if therapy.recipe else None
    wanted = recipe.drugs if recipe else ()
    unweighed = [drug for drug in wanted if drug not in therapy.advice]
    if unweighed:
        raise Held(
            f"not weighed: {', '.join(unweighed)}",
            rule=RULE,
            remedy="weigh the drugs (WeighDrugs), or tailor again",
        )
    stale = sorted(therapy.stale_advice)
    if stale:
        raise Held(
            f"the advice on {', '.join(stale)} rests on a genotype that was called or corrected since",
            rule=RULE,
            remedy="weigh the drugs again (WeighDrugs)",
        )
    open_ones = [each.drug for each in standing(context, therapy) if each.holds]
    if open_ones:
        raise Held(
            f"{', '.join(open_ones)}: a qualified person has to decide",
            rule=RULE,
            remedy="the prescriber records a signed decision (Decide) on each, with the reason",
            place=f"therapy/{therapy.coi}",
        )


def findings(held: tuple[Standing, ...]) -> tuple[Finding, ...]:
    """What holds, for the record: rule, drug and remedy; never what was found in the genes."""
    return tuple(
        Finding(
            RULE,
            f"drug/{each.drug}",
            each.guideline.stream.removeprefix("document/") if each.guideline else "no approved guideline",
            f"{each.drug}: a qualified person has to decide",
            "the prescriber records a signed decision (Decide), with the reason",
        )
        for each in held
        if each.holds
    )
