"""The gate on conditioning and supportive drugs: which guidance stands, and whether it can be told at all.

It weighs every phenotype that is still possible, not the likeliest one. Where they differ, or one has no meaning in the
table, the verdict is indeterminate; where a standing line asks for other than the usual dose it is actionable.
Both hold the plan until a qualified person records a decision on exactly what was weighed. Where no guidance exists the
verdict says so; none is invented.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

State = Literal["advice", "indeterminate", "none"]
# Answers of a table that settle nothing.
UNSETTLED = frozenset({"n/a", "Indeterminate", "No Result"})
NO_RESULT = "No Result"


@dataclass(frozen=True, slots=True)
class GenePossibility:
    """What is possible for one gene of the patient.

    Attributes:
        keys: what guidance is looked up by (a phenotype, or an activity score), one per possibility; () is unknown.
            A key may hold several findings that are true together, joined by "; " (HLA).
        phenotypes: the names, for people.
        places: where the genotypes were read.
        outside: the call came from outside the variant file.
    """

    gene: str
    keys: tuple[str, ...]
    phenotypes: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    outside: bool = False


@dataclass(frozen=True, slots=True)
class GuidanceLine:
    """One recommendation: when it applies (gene -> key), for whom, how strong, what it says, and its table.

    as_usual: it changes nothing against the label. Whatever is not known to be so is taken to ask for something.
    """

    drug: str
    when: Mapping[str, str]
    population: str | None
    strength: str | None
    text: str
    implications: tuple[str, ...]
    table: str
    version: str
    as_usual: bool = False


@dataclass(frozen=True, slots=True)
class Guidance:
    """All guidance known.

    Attributes:
        drugs: drug -> its lines. none: drug -> what to do instead, for drugs known to have no genetic guidance.
    """

    drugs: Mapping[str, tuple[GuidanceLine, ...]]
    none: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Decision:
    """A qualified person's decision on an indeterminate drug; it stands only for what was weighed then."""

    drug: str
    weighed: tuple[tuple[str, tuple[str, ...]], ...]
    by: str
    place: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """The gate's answer for one drug.

    Attributes:
        state: "advice": the lines stand. "indeterminate": more than one answer is possible; the lines of each are
            given. "none": no guidance exists.
        lines: in the order of the table; every population the table tells apart.
        weighed: gene -> keys still possible, sorted; what a decision is bound to.
        holds: True while a person has to decide.
        actionable: a standing line asks for something other than the usual dose.
        reason: one sentence for people.
    """

    drug: str
    state: State
    lines: tuple[GuidanceLine, ...]
    weighed: tuple[tuple[str, tuple[str, ...]], ...]
    holds: bool
    reason: str
    decision: Decision | None = None
    actionable: bool = False


def weigh(
    drug: str,
    genes: Mapping[str, GenePossibility],
    guidance: Guidance,
    decisions: Iterable[Decision] = (),
) -> Verdict:
    """Weigh one drug against all that is possible for the patient's genes.

    Args:
        drug: generic name, any case.
        genes: by gene symbol; a gene left out is unknown.
        guidance: the tables in use.
        decisions: recorded decisions; one for this drug counts if it weighed the same possibilities.
    """
    name = drug.strip().lower()
    lines = guidance.drugs.get(name, ())
    if not lines:
        instead = guidance.none.get(name)
        if instead is not None:
            return Verdict(drug, "none", (), (), False, f"No pharmacogenomic guidance exists for {drug}: {instead}.")
        return Verdict(drug, "none", (), (), False, f"The tables in use hold no guidance for {drug}.")
    wanted = sorted({gene for line in lines for gene in line.when})
    weighed = tuple((gene, tuple(sorted(genes[gene].keys)) if gene in genes else ()) for gene in wanted)
    standing = tuple(line for line in lines if _applies(line, dict(weighed)))
    open_genes = [f"{gene} ({' or '.join(keys) or 'unknown'})" for gene, keys in weighed if not _settled(keys)]
    state: State = "advice" if standing and not open_genes else "indeterminate"
    acts = any(not line.as_usual for line in standing)
    if state == "advice":
        why = ", ".join(f"{gene} {keys[0]}" for gene, keys in weighed)
        why += "; the guidance asks for other than the usual dose" if acts else ""
    else:
        why = f"open: {', '.join(open_genes)}" if open_genes else "the table holds no line for this combination"
    if state == "advice" and not acts:
        return Verdict(drug, state, standing, weighed, False, f"{drug}: {why}.")
    # The last decision counts: a person may change their mind, and the record keeps both.
    made = [each for each in decisions if each.drug.lower() == name and each.weighed == weighed]
    decision = made[-1] if made else None
    told = f" Decided by {decision.by}." if decision else " A qualified person has to decide."
    return Verdict(drug, state, standing, weighed, decision is None, f"{drug}: {why}.{told}", decision, acts)


def weigh_all(
    drugs: Iterable[str],
    genes: Mapping[str, GenePossibility],
    guidance: Guidance,
    decisions: Iterable[Decision] = (),
) -> list[Verdict]:
    """Weigh every drug a regimen names, those that hold the plan first."""
    taken = tuple(decisions)
    verdicts = [weigh(drug, genes, guidance, taken) for drug in drugs]
    return sorted(verdicts, key=lambda verdict: not verdict.holds)


def _settled(keys: tuple[str, ...]) -> bool:
    return len(keys) == 1 and not UNSETTLED.intersection(keys)


def _applies(line: GuidanceLine, possible: Mapping[str, tuple[str, ...]]) -> bool:
    """True if the line's keys are all among what is possible; "No Result" stands for an unknown gene only."""
    for gene, key in line.when.items():
        parts = {part for joined in possible[gene] for part in joined.split("; ")}
        if key not in parts and not (key == NO_RESULT and not parts):
            return False
    return True
