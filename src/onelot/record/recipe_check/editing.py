"""What a product made for one patient must have: its own lot, its sequence in the product, a whole evidence file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from onelot.record.recipe import MasterRecipe
from onelot.record.recipe_check.finding import Finding, error
from onelot.record.recipe_editing import Editing, EvidenceNeed


def editing_findings(recipe: MasterRecipe) -> Iterator[Finding]:
    """Findings about the patient's own part of a recipe."""
    editing = recipe.editing
    own = [charge.item for phase in recipe.phases for charge in phase.charges if charge.own]
    sequences = [test for test in recipe.specification if test.sequence]
    if own and recipe.kind != "individual":
        yield error("/procedure", f"{', '.join(own)} is made for one patient in a recipe that is not", "mend the kind")
    for test in sequences:
        path = f"/specification/{test.name}"
        if editing is None or test.sequence != editing.parameter:
            yield error(path, f"compared with {test.sequence}, which is no tailored sequence", "name the guide")
        if test.equals != "match" or not test.identity:
            yield error(path, "a compared sequence that is no identity test", 'give `equals` "match" and `identity`')
    if editing is None:
        return
    if recipe.kind != "individual":
        yield error("/editing", "a guide of the patient's own in a recipe that is made for many", "mend the kind")
    if not own:
        yield error("/editing", "no lot is made for the patient", "mark the guide's charge with `own`")
    if not sequences:
        yield error("/specification", "the guide's sequence is not tested in the product", "add a test with `sequence`")
    yield from _names(recipe, editing)
    yield from _evidence(editing)


def _names(recipe: MasterRecipe, editing: Editing) -> Iterator[Finding]:
    fact = next((need for need in recipe.facts if need.name == editing.fact), None)
    if fact is None or fact.kind != "text" or not fact.required:
        yield error("/editing/fact", f"{editing.fact} is no required fact of kind text", "declare it among the facts")
    taken = {need.name for need in recipe.facts} | {each.name for each in recipe.parameters}
    if editing.parameter in taken:
        yield error("/editing/parameter", f"the name {editing.parameter} stands for two things", "choose another")
    if not editing.editors:
        yield error("/editing/editors", "no editor of the platform is named", "name entries of the editor table")


def _evidence(editing: Editing) -> Iterator[Finding]:
    for name, times in Counter(need.name for need in editing.evidence).items():
        if times > 1:
            yield error("/editing/evidence", f"{name} stands there {times} times", "give each need a name of its own")
    for concern, what in (("patient", "the patient"), ("guide", "the guide"), ("toxicology_lot", "a toxicology lot")):
        if not any(need.concerns == concern for need in editing.evidence):
            yield error("/editing/evidence", f"nothing is asked about {what}", "say what must be shown")
    for need in editing.evidence:
        yield from _need(f"/editing/evidence/{need.name}", need)


def _need(path: str, need: EvidenceNeed) -> Iterator[Finding]:
    if not need.asks.strip():
        yield error(path, "it does not say what the document must show", "say it in a sentence")
    if (need.low is not None or need.high is not None) != bool(need.unit):
        yield error(path, "a number decides with unit and limits, or neither", "give both, or none")
    for limit in (need.low, need.high):
        if limit is not None and limit.unit != need.unit:
            yield error(path, f"a limit in {limit.unit} for a value in {need.unit}", "give both in one unit")
