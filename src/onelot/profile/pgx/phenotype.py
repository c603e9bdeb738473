"""From allele functions to a phenotype, by the table of the gene."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from onelot.record.errors import BadInput

UNASSIGNED = "n/a"


@dataclass(frozen=True, slots=True)
class Phenotype:
    """What a table says of a diplotype.

    Attributes:
        name: e.g. "Poor Metabolizer"; "n/a" where the table does not know an allele.
        score: activity score as the table writes it; None where the gene has none.
        key: what guidance is looked up by: the score for scored genes, else the name.
    """

    name: str
    score: str | None
    key: str


NOT_ASSIGNED = Phenotype(UNASSIGNED, None, UNASSIGNED)


@dataclass(frozen=True)
class PhenotypeTable:
    """Function of each allele, phenotype of each unordered pair of functions.

    Attributes:
        source, version: where the table comes from.
        scored: functions are activity values and phenotypes have scores.
        functions: allele -> function or activity value; words: allele -> function in words, for scored genes.
        pairs: "f1|f2" sorted (or "f" for one copy) -> phenotype.
    """

    gene: str
    source: str
    version: str
    scored: bool
    functions: Mapping[str, str]
    words: Mapping[str, str]
    pairs: Mapping[str, Phenotype]

    @classmethod
    def from_plain(cls, gene: str, plain: Mapping[str, Any]) -> PhenotypeTable:
        """Build from the entry of phenotypes.json.

        Raises:
            BadInput: a field is missing or of another form.
        """
        try:
            pairs = {key: Phenotype(name, score, look) for key, (name, score, look) in plain["pairs"].items()}
            source, version, scored = plain["source"], plain["version"], bool(plain["scored"])
            return cls(gene, source, version, scored, plain["functions"], plain["words"], pairs)
        except (KeyError, TypeError, ValueError) as error:
            raise BadInput(
                f"The phenotype table of {gene} cannot be read: {error}.",
                rule="phenotypes.json as scripts/build_pgx_knowledge.py writes it",
                remedy="Build the file again, or compare yours with the one shipped.",
                place=f"phenotypes.json/genes/{gene}",
            ) from error

    def of(self, first: str, second: str | None) -> Phenotype:
        """The phenotype of a diplotype, or of one copy; "n/a" where the table does not know it."""
        return self.of_functions([self.functions.get(name) for name in (first, second) if name is not None])

    def of_functions(self, functions: Sequence[str | None]) -> Phenotype:
        """The phenotype of one or two functions; None is a function the table does not give."""
        known = [f for f in functions if f is not None]
        if len(known) != len(functions) or not known:
            return NOT_ASSIGNED
        return self.pairs.get("|".join(sorted(known)), NOT_ASSIGNED)

    def all(self) -> frozenset[Phenotype]:
        """Every phenotype the table knows, "n/a" included: what stays possible when nothing is known."""
        return frozenset((*self.pairs.values(), NOT_ASSIGNED))
