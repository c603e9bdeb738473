"""Rules that are documents of their own: guideline tables and dose rules; which is in effect, whose work is due anew.

A tailoring is *issued* once a batch was planned by it; from then on its values never change. Until then it is for
review as soon as a document it went by, or would go by now, is another: tailored and weighed again, or confirmed
by a person.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import orjson

from onelot.app.context import Context
from onelot.record.recipe import MasterRecipe
from onelot.record.subjects import Therapy
from onelot.record.terms.values import Cite
from onelot.tailor.dose_rules import DoseRules, document_name, read_dose_rules
from onelot.tailor.guideline import Guideline, read_guideline

GUIDELINE, DOSE_RULES = "guideline", "dose-rules"
MARK_REVIEWS = "mark_reviews"
KINDS = frozenset({GUIDELINE, DOSE_RULES})


@dataclass(frozen=True)
class Review:
    """A document a tailoring went by (None: by none) that is no longer the one in effect (None: none is)."""

    name: str
    used: Cite | None
    now: Cite | None


def in_effect(context: Context, name: str) -> Cite | None:
    """The registration of the newest approved version of a document that is in effect; None where there is none."""
    prefix, at = f"{name}/", context.now.isoformat()
    found = [
        (row["effective_from"], row["version"], key)
        for key, row in context.documents().items()
        if key.startswith(prefix) and row["state"] == "approved" and row["effective_from"] <= at
    ]
    return context.reader.document(max(found)[2]).cite if found else None


def guideline_name(drug: str) -> str:
    """The document that holds the guideline of a drug."""
    return f"{GUIDELINE}/{drug.strip().lower().replace(' ', '-')}"


def guideline_at(context: Context, cite: Cite) -> Guideline:
    """The guideline that stands, whole, in the cited registration."""
    return read_guideline(_text(context, cite), place=f"{cite.stream}#{cite.seq}")


def dose_rules_of(context: Context, recipe: MasterRecipe) -> tuple[Cite, DoseRules] | None:
    """The dose rules in effect for a recipe's product; None where it has none."""
    cite = in_effect(context, document_name(recipe.product))
    return (cite, read_dose_rules(_text(context, cite), place=f"{cite.stream}#{cite.seq}")) if cite else None


def _text(context: Context, cite: Cite) -> object:
    entry = context.journal.read(cite.stream, cite.seq - 1)[0]
    return orjson.loads(entry.envelope["data"]["text"])


def name_of(cite: Cite) -> str:
    """A document's name without its version."""
    return cite.stream.removeprefix("document/").rpartition("/")[0]


def issued(context: Context, therapy: Therapy) -> bool:
    """Whether a batch was planned by the therapy's present tailoring."""
    if therapy.tailoring is None:
        return False
    row = context.journal.rows("therapies", [therapy.coi]).get(therapy.coi, {})
    return any(context.reader.batch(each).tailoring == therapy.tailoring.cite for each in row.get("batches", []))


def reviews(context: Context, therapy: Therapy) -> tuple[Review, ...]:
    """The documents for which an unissued tailoring is due to be looked at again; empty once it is issued."""
    if therapy.tailoring is None or therapy.recipe is None or therapy.ended or issued(context, therapy):
        return ()
    confirmed = {(made.about, made.documents) for made in therapy.decisions if made.about.startswith("review/")}
    found = []
    for name, used in _gone_by(context, therapy):
        now = in_effect(context, name)
        if now == used:
            continue
        documents = tuple(each for each in (used, now) if each is not None)
        if (f"review/{name}", documents) not in confirmed:
            found.append(Review(name, used, now))
    return tuple(found)


def _gone_by(context: Context, therapy: Therapy) -> Iterator[tuple[str, Cite | None]]:
    """Every document the tailoring went by or would go by, with the version it used."""
    if therapy.tailoring is not None and therapy.recipe is not None:
        product = document_name(context.reader.recipe(therapy.recipe).product)
        used = {name_of(cite): cite for cite in therapy.tailoring.rules}
        yield from ({product: None} | used).items()
    for drug, advice in therapy.advice.items():
        yield guideline_name(drug), advice.guideline
