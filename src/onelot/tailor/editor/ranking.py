"""The order of candidates: terms compared one after the other, smaller first, each shown beside the candidate.

No weights are invented. An editor's efficiency is not known from sequence and is no term.
"""

from __future__ import annotations

from collections.abc import Sequence

from onelot.tailor.editor.base_editing import Candidate

#: Name and meaning of every term, in the order they are compared.
TERMS = {
    "changing_bystanders": "bystander edits that change a protein, or may; without an annotation every one counts",
    "bystanders": "editable bases in the window beside the target",
    "off_centre": "distance of the target from the middle of the window, in bases",
    "flags": "flags: GC outside 40 to 80 % (our assumption), TTTT in the spacer",
    "other_allele": "1 if the other allele has the PAM and an editable base in the window",
    "unverified_editor": "1 if the editor's entry in the table is not checked",
}


def terms(candidate: Candidate, annotated: bool) -> dict[str, float]:
    """The terms of one candidate, in order."""
    first, last = candidate.editor.window
    changing = sum(b.changing for b in candidate.bystanders) if annotated else len(candidate.bystanders)
    return {
        "changing_bystanders": changing,
        "bystanders": len(candidate.bystanders),
        "off_centre": abs(candidate.target_position - (first + last) / 2),
        "flags": len(candidate.flags),
        "other_allele": int(candidate.other_allele.may_be_edited),
        "unverified_editor": int(candidate.editor.status != "checked"),
    }


def ranked(candidates: Sequence[Candidate], annotated: bool) -> tuple[tuple[Candidate, dict[str, float]], ...]:
    """Candidates with their terms, best first; ties keep the order of the table."""
    rows = [(candidate, terms(candidate, annotated)) for candidate in candidates]
    return tuple(sorted(rows, key=lambda row: tuple(row[1].values())))
