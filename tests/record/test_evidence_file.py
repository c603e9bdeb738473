"""Leaving evidence out only ever adds gaps; nothing but the whole file leaves none."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from onelot.adapters.recipes import shipped
from onelot.record.events import editing as ev
from onelot.record.evidence_file import evidence_gaps, guide_gaps
from onelot.record.subjects.therapy import Design, Evidence, Guide, KnownFact, Therapy
from onelot.record.terms.values import Cite, Fact, Input, Sealed

RECIPE = shipped()["lnp-base-editor"]
NOW = datetime(2026, 10, 1, tzinfo=UTC)
assert RECIPE.editing is not None
NEEDS = {need.name: need for need in RECIPE.editing.evidence}


def sealed(name: str) -> Sealed:
    return Sealed(name.ljust(64, "0"), "p-1")


def cite(seq: int) -> Cite:
    return Cite("therapy/X", seq, str(seq) * 64)


VARIANT = Input("causal_variant", sealed("variant").commitment, cite(1))
CHOICE = ev.GuideChosen(cite(2), sealed("guide"), sealed("about"), sealed("reason"))
WHOLE = Therapy(
    coi="X",
    facts={"causal_variant": KnownFact(Fact("causal_variant", sealed("variant"), "", None, None, "s", "p"), cite(1))},
    design=Design(
        ev.GuidesDesigned(VARIANT, "r", "v", "g", "e", "t", 4, 1, 1, sealed("d"), sealed("s")), cite(2), "person/a"
    ),
    guide=Guide(CHOICE, cite(3), "person/a", "person/b", cite(4)),
    evidence={
        name: Evidence(
            ev.EvidenceRecorded(
                name, "0" * 64, "supports", sealed(name), NOW - timedelta(days=1),
                about="" if need.concerns == "patient" else sealed("guide").commitment,
                lot="T-1" if need.concerns == "toxicology_lot" else "",
            ),
            cite(5),
            "person/a",
        )
        for name, need in NEEDS.items()
    },
)  # fmt: skip


def gaps(therapy: Therapy, before: str = "release", now: datetime = NOW) -> set[str]:
    return {gap.fact for gap in evidence_gaps(RECIPE, therapy, now, before)}  # type: ignore[arg-type]


def test_the_whole_file_leaves_no_gap() -> None:
    assert gaps(WHOLE) == set()
    assert gaps(Therapy(coi="X")) == {"guide", *NEEDS}


@given(st.sets(st.sampled_from(sorted(NEEDS))))
def test_exactly_what_is_left_out_is_named(left_out: set[str]) -> None:
    thinner = replace(WHOLE, evidence={name: one for name, one in WHOLE.evidence.items() if name not in left_out})
    assert gaps(thinner) == left_out
    early = {name for name in left_out if NEEDS[name].before == "clinical_lot"}
    assert gaps(thinner, "clinical_lot") == early


DAMAGE = {
    "against": lambda event: replace(event, conclusion="against"),
    "unheard of": lambda event: replace(event, conclusion="perhaps"),
    "ran out": lambda event: replace(event, valid_until=NOW),
}


@given(st.sampled_from(sorted(NEEDS)), st.sampled_from(sorted(DAMAGE)))
def test_a_damaged_document_is_a_gap(name: str, damage: str) -> None:
    bad = replace(WHOLE.evidence[name], event=DAMAGE[damage](WHOLE.evidence[name].event))
    assert gaps(replace(WHOLE, evidence={**WHOLE.evidence, name: bad})) == {name}


@given(st.text(max_size=70))
def test_another_guide_voids_what_was_shown_for_this_one(commitment: str) -> None:
    other = replace(CHOICE, guide=Sealed(commitment, "p-1"))
    changed = replace(WHOLE, guide=Guide(other, cite(6), "person/a", "person/b", cite(7)))
    own = {name for name, need in NEEDS.items() if need.concerns != "patient"}
    assert gaps(changed) == (set() if commitment == CHOICE.guide.commitment else own)


def test_a_guide_counts_once_two_have_signed_on_the_newest_design_of_the_recorded_variant() -> None:
    alone = replace(WHOLE, guide=Guide(CHOICE, cite(3), "person/a"))
    assert "not confirmed" in guide_gaps(RECIPE, alone)[0].what
    assert WHOLE.design is not None
    again = replace(WHOLE, design=replace(WHOLE.design, cite=cite(8)))
    assert "earlier design" in guide_gaps(RECIPE, again)[0].what
    fact = replace(WHOLE.facts["causal_variant"].fact, value=sealed("other"))
    corrected = replace(WHOLE, facts={"causal_variant": KnownFact(fact, cite(9))})
    assert "corrected after" in guide_gaps(RECIPE, corrected)[0].what
    study = replace(WHOLE.evidence["toxicology"].event, lot="")
    nameless = replace(WHOLE.evidence["toxicology"], event=study)
    assert gaps(replace(WHOLE, evidence={**WHOLE.evidence, "toxicology": nameless})) == {"toxicology"}
