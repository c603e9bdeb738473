"""The whole design for one variant: both classes of editor, ranked, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from onelot.tailor.editor import STATEMENT
from onelot.tailor.editor.allele import (
    Allele,
    Background,
    Correction,
    Variant,
    allele_with,
    correction_of,
    reference_bases,
)
from onelot.tailor.editor.base_editing import Candidate, candidates, placements
from onelot.tailor.editor.consequence import Consequence, consequences
from onelot.tailor.editor.prime import LARGEST, PrimeDesign, prime_designs
from onelot.tailor.editor.ranking import TERMS, ranked
from onelot.tailor.editor.table import CONVERSIONS, Editor
from onelot.tailor.genes import Genes
from onelot.tailor.reference import Reference


@dataclass(frozen=True)
class Design:
    """Everything found for one variant. `reason` says why there is no base editor, and is empty when there is one."""

    variant: Variant
    correction: Correction
    effect: tuple[Consequence, ...]
    candidates: tuple[tuple[Candidate, dict[str, float]], ...]
    prime: tuple[PrimeDesign, ...]
    reason: str
    notes: tuple[str, ...]
    wanted: Allele


def design(
    reference: Reference,
    variant: Variant,
    to: str,
    editors: Sequence[Editor],
    genes: Genes | None = None,
    background: Background | None = None,
) -> Design:
    """Design editors that turn the patient's allele of a variant into the wanted one.

    Args:
        reference: the genome.
        variant: the causal variant, as in VCF.
        to: "REF", "ALT" or the letters of the allele wanted.
        editors: the table.
        genes: an annotation; without one no consequence is told and every bystander counts as changing.
        background: the patient's other variants nearby.

    Raises:
        BadInput: the variant does not fit the reference, or `to` is none of its alleles.
    """
    near = background or Background()
    correction = correction_of(reference, variant, to)
    wanted = allele_with(reference, variant, correction, correction.before, near.wanted)
    after = allele_with(reference, variant, correction, correction.after, near.wanted)
    there = correction.before if near.both_alleles else correction.after
    other = allele_with(reference, variant, correction, there, near.other)
    annotation = genes or Genes(())
    found = candidates(editors, correction, wanted, other, annotation) if correction.is_single else ()
    effect: tuple[Consequence, ...] = ()
    if correction.is_single:
        effect = consequences(after.base, {correction.start: correction.before}, correction.chrom, annotation)
    return Design(
        variant,
        correction,
        effect,
        ranked(found, genes is not None),
        prime_designs(correction, wanted, after, reference_bases(correction)),
        "" if found else _reason(correction, editors),
        near.notes,
        wanted,
    )


def _reason(correction: Correction, editors: Sequence[Editor]) -> str:
    change = f"{correction.before or '-'}>{correction.after or '-'}"
    if not correction.is_single:
        return f"a base editor changes one base, the correction {change} is an insertion, deletion or longer change"
    tried = {editor.name: len(list(placements(editor, correction))) for editor in editors}
    if not any(tried.values()):
        known = ", ".join(f"{a}>{b} ({kind})" for kind, (a, b) in CONVERSIONS.items())
        return f"no editor of the table makes {change} on either strand: they make {known}"
    total = sum(tried.values())
    return (
        f"{total} placements of {sum(n > 0 for n in tried.values())} editors put the target base in the window, "
        "but none of them has the editor's PAM beside an unambiguous protospacer"
    )


def _told(found: tuple[Consequence, ...]) -> list[dict[str, str]]:
    return [{"gene": c.gene, "transcript": c.transcript, "effect": c.effect, "protein": c.protein} for c in found]


def as_dict(found: Design) -> dict[str, Any]:
    """The design as plain values for JSON."""
    return {
        "statement": STATEMENT,
        "variant": str(found.variant),
        "correction": {
            "chrom": found.correction.chrom,
            "start": found.correction.start,
            "before": found.correction.before,
            "after": found.correction.after,
        },
        "allele": {"start": found.wanted.start, "text": found.wanted.text},
        "effect_of_variant": _told(found.effect),
        "ranking_terms": TERMS,
        "candidates": [_candidate(rank, c, t) for rank, (c, t) in enumerate(found.candidates, start=1)],
        "no_candidate": found.reason or None,
        "prime": [_prime(p) for p in found.prime],
        "no_prime": None if found.prime else f"no NGG nick site within reach, or a change of more than {LARGEST} bases",
        "notes": list(found.notes),
    }


def _candidate(rank: int, found: Candidate, terms: dict[str, float]) -> dict[str, Any]:
    editor, other = found.editor, found.other_allele
    return {
        "rank": rank,
        "terms": terms,
        "editor": editor.name,
        "kind": editor.kind,
        "editor_reference": editor.reference,
        "editor_status": editor.status,
        "strand": found.strand,
        "start": found.start,
        "end": found.end,
        "spacer": found.spacer,
        "pam": found.pam,
        "pam_pattern": editor.pam.pattern,
        "pam_side": editor.pam.side,
        "window": list(editor.window),
        "target_position": found.target_position,
        "bystanders": [
            {
                "window_position": b.window_position, "pos": b.pos, "before": b.before, "after": b.after,
                "changing": b.changing, "consequences": _told(b.consequences),
            }
            for b in found.bystanders
        ],
        "all_edited": _told(found.all_edited),
        "gc": round(found.gc, 3),
        "flags": list(found.flags),
        "other_allele": {
            "mismatches": other.mismatches, "pam_present": other.pam_present,
            "editable_in_window": other.editable_in_window, "may_be_edited": other.may_be_edited,
        },
    }  # fmt: skip


def _prime(found: PrimeDesign) -> dict[str, Any]:
    return {
        "strand": found.strand, "spacer": found.spacer, "pam": found.pam, "nick": found.nick, "to_edit": found.to_edit,
        "pbs": found.pbs, "template": found.template, "extension": found.extension,
        "site_destroyed": found.site_destroyed, "flags": list(found.flags),
    }  # fmt: skip
