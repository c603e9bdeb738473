"""A fold may stop anywhere and go on; a corrected fact makes exactly what used it stale."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from onelot.record.subjects import fold_batch, fold_therapy
from onelot.record.terms.values import Sealed
from tests.record.cohort import driven

SOME = settings(max_examples=60, deadline=None, derandomize=True)


@SOME
@given(st.data())
def test_a_fold_goes_on_where_it_stopped(data: st.DataObject) -> None:
    journal = driven().house.journal
    names = [name for name in journal.heads() if name.startswith(("batch/", "therapy/"))]
    name = data.draw(st.sampled_from(names))
    entries = journal.read(name)
    at = data.draw(st.integers(0, len(entries)))
    if name.startswith("batch/"):
        assert fold_batch(entries[at:], fold_batch(entries[:at])) == fold_batch(entries)
    else:
        assert fold_therapy(entries[at:], fold_therapy(entries[:at])) == fold_therapy(entries)


@SOME
@given(st.data())
def test_exactly_the_dependent_parameters_are_stale(data: st.DataObject) -> None:
    journal = driven().house.journal
    name = data.draw(st.sampled_from(sorted(journal.heads("therapy/"))))
    therapy = fold_therapy(journal.read(name))
    assert therapy.tailoring is not None
    assert not therapy.stale
    wrong = data.draw(st.sets(st.sampled_from(sorted(therapy.facts))))
    facts = {
        fact: replace(known, fact=replace(known.fact, value=Sealed("ff" * 32, therapy.patient)))
        if fact in wrong
        else known
        for fact, known in therapy.facts.items()
    }
    expected = {
        parameter.name
        for parameter in therapy.tailoring.parameters.values()
        if wrong & {given_fact.name for given_fact in parameter.inputs}
    }
    assert replace(therapy, facts=facts).stale == expected


@SOME
@given(st.data())
def test_exactly_the_advice_that_asks_for_a_gene_is_stale(data: st.DataObject) -> None:
    """A gene corrected, called for the first time, or taken away: whatever drug asks for it, and no other."""
    journal = driven().house.journal
    name = data.draw(st.sampled_from(sorted(journal.heads("therapy/"))))
    therapy = fold_therapy(journal.read(name))
    assert therapy.advice and not therapy.stale_advice
    asked = sorted({gene for each in therapy.advice.values() for gene in each.genes} | {"TPMT", "F5"})
    changed = data.draw(st.sets(st.sampled_from(asked)))
    some = next(iter(therapy.facts.values()))
    facts = dict(therapy.facts)
    for gene in changed:
        known = facts.get(f"pgx_{gene}", some)
        value = Sealed("ee" * 32, therapy.patient)
        facts[f"pgx_{gene}"] = replace(known, fact=replace(known.fact, name=f"pgx_{gene}", value=value))
    other = data.draw(st.sampled_from(sorted(set(facts) - {f"pgx_{gene}" for gene in asked})))
    facts[other] = replace(facts[other], fact=replace(facts[other].fact, value=Sealed("dd" * 32, therapy.patient)))
    expected = {drug for drug, each in therapy.advice.items() if changed & set(each.genes)}
    assert replace(therapy, facts=facts).stale_advice == expected
