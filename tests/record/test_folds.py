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
